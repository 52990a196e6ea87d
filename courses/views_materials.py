"""Materials: those who lead a run add them; those who take part, and the guardians of children, open them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import outcome_in, sent, tried
from cluster_portal.uploads import as_attachment
from courses import actions
from courses.actions.materials import telling_of
from courses.forms_materials import MaterialForm, NewMaterialForm
from courses.materials import seen_on_page
from courses.models import Enrolment, Run
from courses.views_attendance import led_run
from courses.views_enrolling import childs_enrolment, enrolment_of, way_back
from members.access import for_class_keepers
from members.consent import first_name_and_initial
from members.readers import readers_of


@for_class_keepers
def materials(request: HttpRequest, public_id: str) -> HttpResponse:
    """The materials of a run that I lead, a form for one more, and whom a mail about them would reach."""
    it = led_run(request, public_id)
    form = NewMaterialForm(request.POST or None, request.FILES or None, run=it)
    if sent(request, form) and outcome_in(form, "file", actions.add_material, it, by=request.user, **form.facts()):
        messages.success(request, _("The material is added. Nobody was written to."))
        return redirect("courses:materials", public_id)
    shown = set(it.materials.shown_at(now()).values_list("pk", flat=True))
    rows = [(row, row.pk in shown) for row in it.materials.for_lists()]
    return render(request, "courses/materials.html", {"it": it, "rows": rows, "form": form, **_reached(it)})


def _reached(run: Run) -> dict[str, int]:
    """How many take part, how many mails would leave now, and for how many nobody could be written to."""
    telling = telling_of(run)
    readers = readers_of([it.person for it in telling.people])
    return {
        "people": len(telling.people),
        "mails": telling.mails_to(readers),
        "unreached": sum(not one for one in readers.values()),
    }


@for_class_keepers
def material(request: HttpRequest, public_id: str, material_id: str) -> HttpResponse:
    """Correct a material."""
    it = led_run(request, public_id)
    stored = get_object_or_404(it.materials.select_related("session"), public_id=material_id)
    form = MaterialForm(request.POST or None, instance=it.materials.get(pk=stored.pk), run=it)
    if sent(request, form):
        actions.change_material(stored, by=request.user, **form.cleaned_data)
        messages.success(request, _("The material is saved."))
        return redirect("courses:materials", public_id)
    return render(request, "courses/material.html", {"it": it, "material": stored, "form": form})


@for_class_keepers
def remove_material(request: HttpRequest, public_id: str, material_id: str) -> HttpResponse:
    """Take a material away; the page says first what goes with it."""
    run = led_run(request, public_id)
    it = get_object_or_404(run.materials.select_related("upload"), public_id=material_id)
    if request.method != "POST":
        return render(request, "courses/material_remove.html", {"it": run, "material": it})
    actions.remove_material(it, by=request.user)
    messages.success(request, _("The material is removed."))
    return redirect("courses:materials", public_id)


@for_class_keepers
@require_POST
def tell_of_materials(request: HttpRequest, public_id: str) -> HttpResponse:
    """Write to those who take part that materials are there; the page has said how many mails that are."""
    it = led_run(request, public_id)
    if done := tried(request, actions.tell_of_materials, it):
        said = ngettext("%(count)s mail is on its way.", "%(count)s mails are on their way.", done.result)
        messages.success(request, said % {"count": done.result})
    return redirect("courses:materials", public_id)


def materials_of_mine(request: HttpRequest, public_id: str) -> HttpResponse:
    """The materials of what I, or a child of mine, take part in."""
    it = enrolment_of(request, public_id)
    return _list(request, it, way_back(request, it), "courses:material_of_mine", [public_id])


def material_of_mine(request: HttpRequest, public_id: str, material_id: str) -> HttpResponse:
    """A file among them."""
    return _file(enrolment_of(request, public_id), material_id)


@login_not_required
def materials_by_link(request: HttpRequest, token: str, public_id: str) -> HttpResponse:
    """The same by the link of a consent, without an account."""
    it, _reader = childs_enrolment(request, token, public_id)
    return _list(request, it, reverse("members:consent", args=[token]), "courses:material_by_link", [token, public_id])


@login_not_required
def material_by_link(request: HttpRequest, token: str, public_id: str, material_id: str) -> HttpResponse:
    """A file among those."""
    it, _reader = childs_enrolment(request, token, public_id)
    return _file(it, material_id)


def _list(request: HttpRequest, it: Enrolment, back: str, name: str, arguments: list[str]) -> HttpResponse:
    """What this person sees; a file has an address of the page, so that who came by a link can open it."""
    rows = seen_on_page(it.run, it.person)
    for row in rows:
        row.address = row.url or reverse(name, args=[*arguments, row.public_id])
    shown = {"it": it, "materials": rows, "back": back, "name": first_name_and_initial(it.person)}
    return render(request, "courses/materials_of_mine.html", shown)


def _file(it: Enrolment, material_id: str) -> HttpResponse:
    found = next((row for row in seen_on_page(it.run, it.person) if row.public_id == material_id and row.upload), None)
    if found is None or found.upload is None:
        raise Http404
    return as_attachment(found.upload)
