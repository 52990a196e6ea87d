"""The open library of lesson plans, for everybody; and what teachers say back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.files.base import ContentFile
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from cluster_portal.pdf import pdf_response
from cluster_portal.uploads import as_attachment, sent_as_attachment
from competitions import actions
from competitions.clean_files import CannotClean
from competitions.concealing import WHOLE, conceal, copy_of, left_out
from competitions.dublin_core import dublin_core_xml, plan_as_data, terms_of
from competitions.entry_words import in_words, stages_in_words
from competitions.forms_library import LibraryFilter, PickForm, UsageNoteForm
from competitions.library import LICENCE_PAGES, attribution_of, institutions_of, lineage_of, names_on
from competitions.library_licences import licences_for
from competitions.models import Competition, Plan
from competitions.plan_paper import plan_pdf, plan_zip
from members.consent import conceal_names

PER_PAGE = 24
NOTES_SHOWN = 50


@login_not_required
def library(request: HttpRequest) -> HttpResponse:
    """All plans, to be narrowed; those that coordinators recommend stand out."""
    narrow = LibraryFilter(request.GET)
    page = Paginator(narrow.plans().for_lists(), PER_PAGE).get_page(request.GET.get("page"))
    conceal((it.entry for it in page), "tools")
    for it in page:
        it.stages = stages_in_words(it.entry)
    return render(request, "competitions/library.html", {"narrow": narrow, "page": page})


@login_not_required
def plan(request: HttpRequest, slug: str) -> HttpResponse:
    """One plan, how to name its authors, what it came from, and what others say of it; 410 once it is taken out."""
    it = Plan.objects.for_page().filter(slug=slug).first()
    if it is None:
        raise Http404
    if it.state != Plan.State.PUBLISHED:
        return render(request, "competitions/plan_gone.html", status=410)
    _conceal(it)
    return _page(request, it, UsageNoteForm(), PickForm(initial={"note": it.pick.note if hasattr(it, "pick") else ""}))


def _page(request: HttpRequest, it: Plan, note_form, pick_form) -> HttpResponse:
    reader, entry = request.user, it.entry
    notes = list(it.notes.shown().select_related("person")[:NOTES_SHOWN])
    conceal_names([one.person for one in notes])
    shown = {"it": it, "entry": entry, "said": in_words(entry), "authors": names_on(entry), "notes": notes}
    shown |= {"institutions": institutions_of(entry.authors), "attribution": attribution_of(it), **lineage_of(it)}
    shown |= {"licence_page": LICENCE_PAGES.get(entry.licence, ""), "thanked": it.thanks.count()}
    shown |= {"terms": terms_of(it, request.cluster), "described": plan_as_data(it, request.cluster)}
    shown |= {"keeps": reader.is_authenticated and reader.coordinates_whole_cluster}
    shown |= {"is_own": reader.is_authenticated and any(author.person_id == reader.pk for author in entry.authors)}
    shown["adapted_for"] = Competition.objects.open_at(now()) if licences_for(entry.licence) else []
    shown["thanks_given"] = reader.is_authenticated and it.thanks.filter(person=reader).exists()
    return render(request, "competitions/plan.html", shown | {"note_form": note_form, "pick_form": pick_form})


def public_plan(slug: str) -> Plan:
    """A plan that stands in the library, with all that its papers need, as everybody may read it; 404 otherwise."""
    it = get_object_or_404(Plan.objects.public().for_page(), slug=slug)
    _conceal(it)
    return it


def _conceal(it: Plan) -> None:
    source = it.entry.adapted_from
    if source is not None:
        conceal([source.entry])
    conceal([it.entry], *WHOLE)


@login_not_required
def plan_as_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """The plan to print or keep."""
    it = public_plan(slug)
    return pdf_response(plan_pdf(it), f"{it.slug}.pdf")


@login_not_required
def plan_as_zip(request: HttpRequest, slug: str) -> HttpResponse:
    """The plan with all its files."""
    it = public_plan(slug)
    response = FileResponse(plan_zip(it), as_attachment=True, filename=f"{it.slug}.zip", content_type="application/zip")
    response.headers["Cache-Control"] = "private, no-store"
    return response


@login_not_required
def plan_as_dublin_core(request: HttpRequest, slug: str) -> HttpResponse:
    """What catalogues read of the plan."""
    it = public_plan(slug)
    return HttpResponse(dublin_core_xml(it, request.cluster), content_type="application/xml; charset=utf-8")


@login_not_required
def plan_file(request: HttpRequest, slug: str, file_id: str) -> HttpResponse | FileResponse:
    """One file of the plan; a copy that names nobody where an author may not be named."""
    it = public_plan(slug)
    file = next((one for one in it.entry.files.all() if one.public_id == file_id), None)
    if file is None:
        raise Http404
    mask = it.entry.unnamed
    if mask is None:
        return as_attachment(file.upload)
    try:
        content = copy_of(file, mask)
    except CannotClean:
        messages.warning(request, left_out(file))
        return redirect(it)
    return sent_as_attachment(ContentFile(content), file.upload.name, file.upload.content_type)


@require_POST
def thank(request: HttpRequest, slug: str) -> HttpResponse:
    """Thank the authors, or take it back."""
    it = public_plan(slug)
    if request.POST.get("back"):
        tried(request, actions.take_thanks_back, it)
    elif tried(request, actions.thank_authors, it):
        messages.success(request, _("Your thanks are counted. The authors do not learn from whom they are."))
    return redirect(it)


@require_POST
def note(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell how teaching by the plan went."""
    it, form = public_plan(slug), UsageNoteForm(request.POST)
    if sent(request, form) and tried(request, actions.write_note, it, **form.cleaned_data):
        messages.success(request, _("Thank you. Your note stands below the plan."))
        return redirect(it.get_absolute_url() + "#notes")
    return _page(request, it, form, PickForm())


@require_POST
def remove_note(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Delete one's own note; who keeps the library hides those of others."""
    it = public_plan(slug)
    one = get_object_or_404(it.notes.shown().removable_by(request.user), public_id=public_id)
    if tried(request, actions.remove_note, one):
        messages.success(request, _("The note is gone from the page."))
    return redirect(it.get_absolute_url() + "#notes")


@require_POST
def pick(request: HttpRequest, slug: str) -> HttpResponse:
    """Recommend the plan, or recommend it no more."""
    it, form = _kept_plan(request, slug), PickForm(request.POST)
    if request.POST.get("back"):
        tried(request, actions.unpick_plan, it)
        return redirect(it)
    if sent(request, form) and tried(request, actions.pick_plan, it, **form.cleaned_data):
        messages.success(request, _("The plan stands among those that are recommended."))
        return redirect(it)
    return _page(request, it, UsageNoteForm(), form)


@require_POST
def take_out(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the plan out of the library."""
    it = _kept_plan(request, slug)
    if tried(request, actions.take_out_of_library, it):
        messages.success(request, _("The plan is taken out of the library, everywhere."))
    return redirect(reverse("competitions:library"))


def _kept_plan(request: HttpRequest, slug: str) -> Plan:
    """A plan, for whoever keeps the library; 404 for everybody else."""
    if not request.user.coordinates_whole_cluster:
        raise Http404
    return public_plan(slug)
