"""Mentor and teacher say how a pairing was, once it is ended."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.buttons import outcome_in, sent
from members.access import for_class_keepers
from mentorship import actions
from mentorship.channels import Access
from mentorship.feedback import closes_at, why_no_feedback
from mentorship.forms_outcomes import FeedbackForm
from mentorship.views_pairing import opened


@for_class_keepers
def feedback(request: HttpRequest, public_id: str) -> HttpResponse:
    """How much it helped, and what should be different; only coordinators read it."""
    it = opened(request, public_id, Access.PLAN).pairing
    why = why_no_feedback(it, request.user, now())
    form = FeedbackForm(request.POST or None)
    if sent(request, form) and outcome_in(form, None, actions.give_feedback, it, by=request.user, **form.cleaned_data):
        messages.success(request, _("Thank you. The coordinator reads what you said, and nobody else."))
        return redirect(it)
    shown = {"it": it, "form": None if why else form, "why": why, "closes_at": closes_at(it)}
    return render(request, "mentorship/feedback.html", shown)
