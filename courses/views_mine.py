"""How each session of a run was marked for one person: they read it, and the guardians of a child."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from courses.attendance import marks_of
from courses.completion import completion_of
from courses.models import Enrolment
from courses.views_enrolling import childs_enrolment, enrolment_of, way_back
from members.consent import first_name_and_initial


def marks_of_mine(request: HttpRequest, public_id: str) -> HttpResponse:
    """My marks in a run, or those of a child of mine."""
    it = enrolment_of(request, public_id)
    return _marks(request, it, way_back(request, it))


@login_not_required
def marks_by_link(request: HttpRequest, token: str, public_id: str) -> HttpResponse:
    """The same by the link of a consent, without an account."""
    it, _reader = childs_enrolment(request, token, public_id)
    return _marks(request, it, reverse("members:consent", args=[token]))


def _marks(request: HttpRequest, it: Enrolment, back: str) -> HttpResponse:
    if it.state != Enrolment.State.CONFIRMED:
        raise Http404
    shown = {"it": it, "name": first_name_and_initial(it.person), "lines": marks_of(it), "back": back}
    return render(request, "courses/marks_of_mine.html", shown | {"completion": completion_of(it)})
