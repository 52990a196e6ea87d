from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from cluster_portal.buttons import outcome
from cluster_portal.links import read_link
from courses import actions
from courses.models import Enrolment
from members.consent import first_name_and_initial

LEAVE_AGE = timedelta(days=400)  # a queue may be long


@login_not_required
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link by which one leaves a queue: shows on GET, leaves on POST, needs no sign-in."""
    rows = Enrolment.objects.select_related("run__course", "run__host", "person", "pool")
    it = rows.filter(public_id=read_link("courses.leave", token, LEAVE_AGE)).first()
    if it is None or not it.person.is_active:
        return render(request, "courses/offer_bad.html", status=404)
    if request.method == "POST":
        outcome(request, actions.cancel_enrolment, it, by=it.person)
        return redirect(request.path)
    shown = {"it": it, "name": first_name_and_initial(it.person), "place": it.place_in_queue()}
    return render(request, "courses/leave.html", shown)
