"""What came of pairings: entered by mentor and teacher, shown to everybody without the names that are nobody's."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import outcome_in, sent, tried
from cluster_portal.moves import may_move
from members.access import for_class_keepers
from mentorship import actions
from mentorship.channels import Access
from mentorship.forms_outcomes import OutcomeFilter, OutcomeForm
from mentorship.models import Outcome
from mentorship.outcomes import public_outcomes, shown_to_everybody
from mentorship.views_pairing import opened, shown_in

PER_PAGE = 50


@login_not_required
def outcomes(request: HttpRequest) -> HttpResponse:
    """What students reached with their mentors, of all institutions or one."""
    narrow = OutcomeFilter(request.GET)
    institution = narrow.cleaned_data["institution"] if narrow.is_valid() else None
    page = Paginator(public_outcomes(institution), PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = shown_to_everybody(page.object_list)
    return render(request, "mentorship/outcomes.html", {"page": page, "narrow": narrow, "institution": institution})


@for_class_keepers
def enter_outcome(request: HttpRequest, public_id: str) -> HttpResponse:
    """Enter what students of a pairing reached; also after it is ended."""
    channel = opened(request, public_id, Access.PLAN)
    it = channel.pairing
    form = OutcomeForm(request.POST or None, pairing=it, reader=request.user)
    if sent(request, form) and outcome_in(form, None, actions.enter_outcome, it, by=request.user, **form.facts()):
        messages.success(request, _("Entered. Congratulations to all who took part."))
        return redirect(f"{it.get_absolute_url()}#outcomes")
    return render(request, "mentorship/pairing_outcome.html", shown_in(channel, request.user) | {"form": form})


@for_class_keepers
def change_outcome(request: HttpRequest, public_id: str, outcome_id: str) -> HttpResponse:
    """Correct an outcome."""
    channel = opened(request, public_id, Access.PLAN)
    it = channel.pairing
    outcome = get_object_or_404(it.outcomes, public_id=outcome_id)
    stored = Outcome.objects.get(pk=outcome.pk)  # a form writes into its instance what is only tried
    outcome.pairing = it
    form = OutcomeForm(request.POST or None, instance=stored, pairing=it, reader=request.user)
    if sent(request, form) and outcome_in(form, None, actions.change_outcome, outcome, by=request.user, **form.facts()):
        messages.success(request, _("Saved."))
        return redirect(f"{it.get_absolute_url()}#outcomes")
    shown = shown_in(channel, request.user) | {"form": form, "outcome": outcome}
    return render(request, "mentorship/pairing_outcome.html", shown)


@for_class_keepers
@require_POST
def remove_outcome(request: HttpRequest, public_id: str, outcome_id: str) -> HttpResponse:
    """Take out an outcome that was entered by mistake."""
    channel = opened(request, public_id)
    outcome = get_object_or_404(channel.pairing.outcomes, public_id=outcome_id)
    outcome.pairing = channel.pairing
    if not may_move(request.user, outcome, "remove"):
        raise Http404
    if tried(request, actions.remove_outcome, outcome):
        messages.success(request, _("The outcome is removed."))
    return redirect(f"{channel.pairing.get_absolute_url()}#outcomes")
