"""The desk of signatures, rolls and addenda."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from cluster_portal.pdf import pdf_response, render_pdf
from members import actions
from members.access import cluster_coordinators_only
from members.desk.agreements import agreement_of, form_page, party_of
from members.forms.agreements import AccessionForm, CoverForm, EndCoverageForm, EndForm, PaperForm, RenewalForm
from members.models import Agreement, Coverage, Party


@cluster_coordinators_only
def paper_signature(request: HttpRequest, public_id: str, slug: str) -> HttpResponse:
    """Record that a party signed on paper."""
    party = party_of(public_id, slug)
    form = PaperForm(request.POST or None, request.FILES or None)
    if sent(request, form) and tried(request, actions.record_signature, party, **form.cleaned_data):
        said = _("The signature of %(institution)s is recorded.") % {"institution": party.institution}
        messages.success(request, said)
        return redirect("members:desk_agreement", public_id)
    title = _("Signed on paper: %(institution)s") % {"institution": party.institution}
    return form_page(request, form, title, party.agreement, files=True)


@cluster_coordinators_only
@require_POST
def remind(request: HttpRequest, public_id: str) -> HttpResponse:
    """Remind exactly those who have not signed."""
    reminded = tried(request, actions.remind_unsigned, agreement_of(public_id))
    if reminded and (count := reminded.result):
        said = ngettext("%(count)s head gets a reminder.", "%(count)s heads get a reminder.", count)
        messages.success(request, said % {"count": count})
    elif reminded:
        messages.info(request, _("Nobody was mailed: all who can be were asked today already."))
    return redirect("members:desk_agreement", public_id)


@cluster_coordinators_only
def signing_sheet(request: HttpRequest, public_id: str) -> HttpResponse:
    """All parties on one sheet of paper: who has signed and how, and a line for each who has not."""
    it = agreement_of(public_id)
    rows = it.parties.select_related("institution", "signed_by")
    content = render_pdf("members/signing_sheet", _sheet(request, it, list(rows)))
    return pdf_response(content, _("Signing sheet %(title)s.pdf") % {"title": it.title})


def _sheet(request: HttpRequest, it: Agreement, parties: list[Party]) -> dict:
    """What the sheet says, in the reader's words."""
    return {
        "title": _("Signing sheet"),
        "agreement": it.title,
        "kind": str(it.get_kind_display()),
        "facts": [
            pair
            for pair in (
                (_("Number"), it.number),
                (_("Place of signing"), it.place),
                (_("Occasion of signing"), it.occasion),
                (_("Text"), it.text.name if it.text else ""),
                ("SHA-256", it.text.sha256 if it.text else ""),
                (_("Printed on"), date_format(request.cluster.today())),
            )
            if pair[1]
        ],
        "heads": [_("Party"), _("Role"), _("Signed"), _("Signature")],
        "rows": [[party.institution.name, str(party.get_role_display()), *_signature(party)] for party in parties],
    }


def _signature(party: Party) -> tuple[str, str]:
    if party.signed_on is None:
        return "", ""
    how = party.get_how_display() or _("On paper")
    return date_format(party.signed_on), f"{how}: {party.signatory}"


@cluster_coordinators_only
def withdraw_party(request: HttpRequest, public_id: str, slug: str) -> HttpResponse:
    """A party leaves on a day."""
    party = party_of(public_id, slug)
    start = {"on": party.withdrawn_on or request.cluster.today(), "because": party.withdrawn_because}
    form = EndForm(request.POST or None, initial=start)
    if sent(request, form) and tried(request, actions.withdraw_party, party, **form.cleaned_data):
        said, day = _("%(institution)s leaves on %(day)s."), date_format(form.cleaned_data["on"])
        messages.success(request, said % {"institution": party.institution, "day": day})
        return redirect("members:desk_agreement", public_id)
    title = _("%(institution)s withdraws") % {"institution": party.institution}
    return form_page(request, form, title, party.agreement, danger=True)


@cluster_coordinators_only
def coverage(request: HttpRequest, public_id: str, slug: str) -> HttpResponse:
    """The roll of a party: whom it brings with it, and more of them."""
    party = party_of(public_id, slug)
    form = CoverForm(request.POST or None, initial={"since": request.cluster.today()})
    if sent(request, form) and tried(request, actions.cover_institutions, party, **form.cleaned_data):
        messages.success(request, _("The roll is saved."))
        return redirect("members:desk_coverage", public_id, slug)
    rows = party.coverages.select_related("institution")
    return render(request, "members/desk_agreement_roll.html", {"form": form, "party": party, "rows": rows})


@cluster_coordinators_only
def end_coverage(request: HttpRequest, public_id: str, slug: str, covered: str) -> HttpResponse:
    """Strike an institution off the roll, or take a wrong line out of a draft."""
    party = party_of(public_id, slug)
    rows = Coverage.objects.filter(party=party, institution__slug=covered).order_by("-since")
    it = get_object_or_404(rows.select_related("institution", "party__institution", "party__agreement")[:1])
    if request.POST.get("remove") == "yes":
        if tried(request, actions.remove_coverage, it):
            messages.success(request, _("The line is taken out."))
        return redirect("members:desk_coverage", public_id, slug)
    form = EndCoverageForm(request.POST or None, initial={"until": request.cluster.today()})
    if sent(request, form) and tried(request, actions.end_coverage, it, form.cleaned_data["until"]):
        messages.success(request, _("The roll is saved."))
        return redirect("members:desk_coverage", public_id, slug)
    title = _("%(institution)s is no longer covered") % {"institution": it.institution}
    return form_page(request, form, title, party.agreement, removable=party.agreement.concluded_on is None)


@cluster_coordinators_only
def accession(request: HttpRequest, public_id: str) -> HttpResponse:
    """Prepare the addendum that brings in new parties."""
    it = agreement_of(public_id)
    start = {"title": actions.title_of_accession(it)}
    form = AccessionForm(request.POST or None, request.FILES or None, initial=start)
    if sent(request, form) and (drafted := tried(request, actions.prepare_accession, it, **form.cleaned_data)):
        messages.success(request, _("The addendum is drafted. The signed text stays as it is."))
        return redirect("members:desk_agreement", drafted.result.public_id)
    return form_page(request, form, _("New parties by an addendum"), it, files=True)


@cluster_coordinators_only
def renew(request: HttpRequest, public_id: str) -> HttpResponse:
    """Prepare the addendum by which the agreement runs on."""
    it = agreement_of(public_id)
    start = {"title": actions.title_of_renewal(it)}
    form = RenewalForm(request.POST or None, request.FILES or None, initial=start)
    if sent(request, form) and (drafted := tried(request, actions.prepare_renewal, it, **form.cleaned_data)):
        messages.success(request, _("The renewal is drafted, with all who are bound as its parties."))
        return redirect("members:desk_agreement", drafted.result.public_id)
    return form_page(request, form, _("Renew by an addendum"), it, files=True)
