from datetime import timedelta
from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from cluster_portal.buttons import outcome
from cluster_portal.moves import may_move
from courses import actions
from courses.views_enrolling import enrolment_by_link
from members.consent import first_name_and_initial

LEAVE_AGE = timedelta(days=400)  # a queue may be long


@login_not_required
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link by which one leaves a queue: shows on GET, leaves on POST, needs no sign-in."""
    it, reader = enrolment_by_link("courses.leave", token, LEAVE_AGE, partial(may_move, name="cancel"))
    if it is None or reader is None:
        return render(request, "courses/offer_bad.html", status=404)
    if request.method == "POST":
        outcome(request, actions.cancel_enrolment, it, by=reader)
        return redirect(request.path)
    shown = {"it": it, "name": first_name_and_initial(it.person), "place": it.place_in_queue()}
    return render(request, "courses/leave.html", shown)
