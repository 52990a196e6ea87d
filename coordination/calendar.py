"""One's own dates in one's own calendar program: under a secret address, which one makes, copies and takes back."""

from itertools import chain

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cluster_portal.feeds import feed, feed_response, webcal_address
from cluster_portal.links import absolute
from cluster_portal.models import CalendarFeed
from competitions.feeds import deadlines_of
from coordination.actions import end_calendar_address, renew_calendar_address
from courses.feeds import dates_of
from members.models import Person
from mentorship.feeds import meetings_of


@require_safe
@never_cache
def my_calendar(request: HttpRequest) -> HttpResponse:
    """The address of my calendar, or how to get one."""
    mine = CalendarFeed.objects.filter(person=request.user).first()
    address = absolute(reverse("coordination:my_calendar_ics", args=[mine.token])) if mine else ""
    subscribe = webcal_address(reverse("coordination:my_calendar_ics", args=[mine.token])) if mine else ""
    shown = {"feed": mine, "address": address, "subscribe": subscribe}
    return render(request, "coordination/my_calendar.html", shown)


@require_POST
def change_my_calendar(request: HttpRequest) -> HttpResponse:
    """Make an address, make another one in its place, or have none."""
    match request.POST.get("what"):
        case "renew":
            renew_calendar_address(request.user, by=request.user)
            messages.success(request, _("This address works from now on. An earlier one does not work any more."))
        case "end":
            end_calendar_address(request.user, by=request.user)
            messages.success(request, _("The address does not work any more."))
        case _other:
            raise Http404
    return redirect("coordination:my_calendar")


@login_not_required
@require_safe
def my_calendar_ics(request: HttpRequest, token: str) -> HttpResponse:
    """The dates of whoever has this address, for their calendar program, which cannot sign in."""
    person = get_object_or_404(Person.objects.active(), calendar_feed__token=token)
    with translation.override(person.language):
        name = _("%(cluster)s: my dates") % {"cluster": request.cluster.name}
        text = feed(name, chain(dates_of(person), deadlines_of(person), meetings_of(person)))
    return feed_response(request, text, is_public=False)
