"""What mentorship is, for everybody."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_not_required
def mentorship(request: HttpRequest) -> HttpResponse:
    """What mentorship is, and how many mentors there are by theme; nobody is named."""
    return render(request, "mentorship/mentorship.html")
