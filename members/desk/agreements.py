"""The desk of agreements: drafting, opening, concluding, and everything that ends."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from cluster_portal.moves import available_moves
from members import actions
from members.access import cluster_coordinators_only
from members.expiry import what_lapses, what_stops
from members.forms.agreements import AgreementForm, ClauseForm, EndForm, NewAgreementForm, PartiesForm, TextForm
from members.models import Agreement, Clause, Party
from members.signatures import missing_signatures
from members.views import PER_PAGE


@cluster_coordinators_only
def agreements(request: HttpRequest) -> HttpResponse:
    """All agreements: what is drafted and open first."""
    page = Paginator(Agreement.objects.for_desk(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "members/desk_agreements.html", {"page": page})


@cluster_coordinators_only
def new_agreement(request: HttpRequest) -> HttpResponse:
    """Begin an agreement."""
    form = NewAgreementForm(request.POST or None, request.FILES or None)
    if sent(request, form) and (drafted := tried(request, actions.draft_agreement, **form.cleaned_data)):
        messages.success(request, _("The draft is kept. Add its parties and clauses, then open it for signature."))
        return redirect("members:desk_agreement", drafted.result.public_id)
    return form_page(request, form, _("New agreement"), files=True)


@cluster_coordinators_only
def agreement(request: HttpRequest, public_id: str) -> HttpResponse:
    """One agreement at the desk: who has not signed, its text, parties and clauses, and what can be done."""
    rows = Agreement.objects.select_related("text", "amends").prefetch_related("clauses__agreement", "addenda")
    it = get_object_or_404(rows, public_id=public_id)
    parties = list(it.parties.for_desk())
    lapse = what_lapses(it) if it.is_concluded else None
    today = request.cluster.today()
    shown = {
        "it": it,
        "parties": parties,
        "signed": [party for party in parties if party.signed_on],
        "missing": missing_signatures(it),
        "lacks_a_lead": it.lacks_a_lead(),
        "lapse": lapse,
        "renewal": it.renewal_under_way(),
        "today": today,
        "ends_later": it.ends_later(today),
        "moves": available_moves(request.user, it),
    }
    return render(request, "members/desk_agreement.html", shown)


@cluster_coordinators_only
def edit_agreement(request: HttpRequest, public_id: str) -> HttpResponse:
    """Correct what a draft says on its title page."""
    it = agreement_of(public_id)
    form = AgreementForm(request.POST or None, instance=agreement_of(public_id))
    if sent(request, form) and tried(request, actions.change_agreement, it, **form.cleaned_data):
        messages.success(request, _("The draft is saved."))
        return redirect("members:desk_agreement", public_id)
    return form_page(request, form, _("Edit the draft"), it)


@cluster_coordinators_only
def text(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give a draft its text, or another one."""
    it = agreement_of(public_id)
    form = TextForm(request.POST or None, request.FILES or None)
    if sent(request, form) and tried(request, actions.keep_text, it, form.cleaned_data["text"]):
        messages.success(request, _("The text is kept. Compare its fingerprint with your own file."))
        return redirect("members:desk_agreement", public_id)
    return form_page(request, form, _("The text of the agreement"), it, files=True)


@cluster_coordinators_only
def parties(request: HttpRequest, public_id: str) -> HttpResponse:
    """Name parties of a draft."""
    it = agreement_of(public_id)
    form = PartiesForm(request.POST or None)
    if sent(request, form) and tried(request, actions.add_parties, it, **form.cleaned_data):
        messages.success(request, _("The parties are saved."))
        return redirect("members:desk_agreement", public_id)
    return form_page(request, form, _("Name parties"), it)


@cluster_coordinators_only
@require_POST
def remove_party(request: HttpRequest, public_id: str, slug: str) -> HttpResponse:
    """Take a party out of a draft."""
    party = party_of(public_id, slug)
    if tried(request, actions.remove_party, party):
        messages.success(request, _("%(institution)s is no party any more.") % {"institution": party.institution})
    return redirect("members:desk_agreement", public_id)


@cluster_coordinators_only
def new_clause(request: HttpRequest, public_id: str) -> HttpResponse:
    """Enter a clause of a draft."""
    return _clause_form(request, Clause(agreement=agreement_of(public_id)), _("New clause"))


@cluster_coordinators_only
def edit_clause(request: HttpRequest, public_id: str, number: str) -> HttpResponse:
    """Correct a clause of a draft, or take it out."""
    clause = get_object_or_404(agreement_of(public_id).clauses.select_related("agreement"), number=number)
    if request.POST.get("remove") == "yes":
        if tried(request, actions.remove_clause, clause):
            messages.success(request, _("The clause is taken out."))
        return redirect("members:desk_agreement", public_id)
    return _clause_form(request, clause, str(clause))


def _clause_form(request: HttpRequest, clause: Clause, title: str) -> HttpResponse:
    form = ClauseForm(request.POST or None, instance=clause)
    if sent(request, form) and tried(request, actions.keep_clause, form.instance):
        messages.success(request, _("%(clause)s is saved.") % {"clause": form.instance})
        return redirect("members:desk_agreement", clause.agreement.public_id)
    return form_page(request, form, title, clause.agreement, removable=clause.pk is not None)


@cluster_coordinators_only
@require_POST
def act_on_agreement(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make one move with an agreement; giving it up is asked twice, and termination wants a day and a reason."""
    it = agreement_of(public_id)
    move = request.POST.get("move", "")
    if move == "terminate":
        return redirect("members:desk_terminate", public_id)
    if move == "withdraw" and request.POST.get("confirmed") != "yes":
        return render(request, "members/agreement_confirm.html", {"it": it})
    act(request, it, actions.ACTIONS["agreement"])
    return redirect("members:desk_agreement", public_id)


@cluster_coordinators_only
def terminate(request: HttpRequest, public_id: str) -> HttpResponse:
    """End an agreement on a day, after a look at what stops then."""
    it = agreement_of(public_id)
    today = request.cluster.today()
    form = EndForm(request.POST or None, initial={"on": it.terminated_on or today, "because": it.terminated_because})
    stop = None
    if sent(request, form):
        on, because = form.cleaned_data["on"], form.cleaned_data["because"]
        if request.POST.get("confirmed") != "yes":
            stop = what_stops(it, on)
        elif tried(request, actions.terminate_agreement, it, on, because):
            messages.success(request, _("The agreement is terminated. The heads of its parties get a mail."))
            return redirect("members:desk_agreement", public_id)
    return render(request, "members/desk_agreement_end.html", {"form": form, "it": it, "stop": stop})


def agreement_of(public_id: str) -> Agreement:
    """An agreement, for coordinators of the cluster: they see all."""
    return get_object_or_404(Agreement.objects.select_related("amends", "text"), public_id=public_id)


def party_of(public_id: str, slug: str) -> Party:
    """A party, looked up through its agreement."""
    rows = Party.objects.select_related("agreement__amends", "agreement__text", "institution")
    return get_object_or_404(rows, agreement__public_id=public_id, institution__slug=slug)


def form_page(request: HttpRequest, form: Any, title: str, it: Agreement | None = None, **more: Any) -> HttpResponse:
    """A page with one form about an agreement."""
    return render(request, "members/desk_agreement_form.html", {"form": form, "title": title, "it": it, **more})
