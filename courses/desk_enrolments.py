"""The desk of approval: a coordinator lets people take part in a run, or says why not."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cluster_portal.buttons import outcome_in, sent, tried
from courses import actions
from courses.models import Enrolment, Run
from members.access import coordinators_only
from members.actions import note_children
from members.consent import conceal_names, name_shown_to

PER_PAGE = 50


class RefusalForm(forms.Form):
    """Why somebody is not admitted."""

    words = forms.CharField(
        label=gettext_lazy("Why not"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "The person reads it in the mail and on the page of the run; so do guardians, and who brought the class."
        ),
    )


@coordinators_only
def approvals(request: HttpRequest) -> HttpResponse:
    """Who waits for my approval, who came first at the top."""
    rows = Enrolment.objects.awaiting_approval_of(request.user)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    note_children([it.person_id for it in page], request.user, "approvals")
    conceal_names((it.person for it in page), request.user)
    return render(request, "courses/desk_approvals.html", {"page": page})


@coordinators_only
@require_POST
def approve(request: HttpRequest, public_id: str, enrolment_id: str) -> HttpResponse:
    """Let somebody take part."""
    it = _enrolment_of(request, public_id, enrolment_id, "courses.approve_enrolment")
    if tried(request, actions.approve_enrolment, it):
        messages.success(request, _("%(name)s is approved.") % {"name": name_shown_to(request.user, it.person)})
    return redirect("courses:desk_roster", public_id)


@coordinators_only
def refuse(request: HttpRequest, public_id: str, enrolment_id: str) -> HttpResponse:
    """Say why somebody is not admitted; they are told, and the place is free for others."""
    it = _enrolment_of(request, public_id, enrolment_id, "courses.refuse_enrolment")
    form = RefusalForm(request.POST or None)
    said = {"by": request.user, **form.cleaned_data} if sent(request, form) else None
    if said and outcome_in(form, None, actions.refuse_enrolment, it, **said):
        name = name_shown_to(request.user, it.person)
        messages.success(request, _("%(name)s is told, and the place is free again.") % {"name": name})
        return redirect("courses:desk_roster", public_id)
    note_children([it.person_id], request.user, "approvals")
    conceal_names([it.person], request.user)
    return render(request, "courses/desk_refuse.html", {"it": it, "run": it.run, "form": form})


def _enrolment_of(request: HttpRequest, public_id: str, enrolment_id: str, permission: str) -> Enrolment:
    """An enrolment of a run on this person's desk: 404 for any other."""
    run = get_object_or_404(Run.objects.editable_by(request.user).select_related("course", "host"), public_id=public_id)
    it = get_object_or_404(run.enrolments.select_related("person"), public_id=enrolment_id)
    it.run = run
    if not request.user.has_perm(permission, it):
        raise PermissionDenied
    return it
