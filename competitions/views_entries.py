"""Entries as their authors see them: begun, written, checked, handed in, changed again, withdrawn; their files."""

import json
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal import autosave
from cluster_portal.buttons import Outcome, act, outcome_in, sent, tried
from cluster_portal.moves import available_moves, may_move
from competitions import actions
from competitions.blind import told_authors
from competitions.chain import chain_of
from competitions.entering import deadline_in_words, entering, said_instant
from competitions.entry_check import confirmed_of, what_is_empty, what_is_missing, what_to_look_at
from competitions.entry_words import in_words, label_of, shown_value
from competitions.forms_entries import EntryParts, FilesForm, plan_at
from competitions.models import Authorship, Competition, Entry
from competitions.receipt import as_bytes


def enter(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin an entry: the page says by what right and until when; the button begins it."""
    it = get_object_or_404(Competition.objects.public().select_related("host"), slug=slug)
    source = plan_at(request.GET.get("from", ""))
    if request.method == "POST":
        begun = tried(request, actions.begin_entry, it, at=request.received_at, source=source)
        return (
            redirect("competitions:edit_entry", begun.result.public_id) if begun else redirect(request.get_full_path())
        )
    answer = entering(it, request.user, now())
    mine = Entry.objects.for_own_page(request.user).filter(competition=it)
    shown = {"it": it, "answer": answer, "mine": mine, "source": source}
    shown["links"] = chain_of(it, request.user, answer, [])
    return render(request, "competitions/enter.html", shown | {"deadline": deadline_in_words(it)})


def entry_of(request: HttpRequest, public_id: str, changing: bool = False) -> Entry:
    """An entry that the reader may see, with its parts; to be changed by its authors only."""
    it = get_object_or_404(Entry.objects.visible_to(request.user).with_parts(), public_id=public_id)
    if changing and not may_move(request.user, it, "change"):
        raise Http404
    return it


def entry(request: HttpRequest, public_id: str) -> HttpResponse:
    """One entry: what it says, who wrote it, how it stands, what its reader can do."""
    it = entry_of(request, public_id)
    own = next((one for one in it.authorships.all() if one.person_id == request.user.pk), None)
    open_now = it.competition.takes_entries_at(now())
    moves = available_moves(request.user, it)
    if not open_now:
        moves.pop("reopen", None)
    # After the check, and after what withdrawing means was read: each on a page of its own.
    moves.pop("submit", None)
    may_withdraw = moves.pop("withdraw", None) and not it.competition.is_decided
    shown = {
        "it": it,
        "own": own,
        "moves": moves,
        "may_withdraw": may_withdraw,
        "open_now": open_now,
        "deadline": deadline_in_words(it.competition),
    }
    shown["is_author"] = own is not None and own.state == Authorship.State.CONFIRMED
    shown["asked_moves"] = available_moves(request.user, own) if own and not shown["is_author"] else {}
    return render(request, "competitions/entry.html", shown | {"said": in_words(it)})


@require_POST
def act_on_entry(request: HttpRequest, public_id: str) -> HttpResponse:
    """Hand in, open again, withdraw. What counts is when the request arrived."""
    it = entry_of(request, public_id)
    at = request.received_at
    moves = actions.ACTIONS["entry"]
    mine = {name: partial(moves[name], at=at) for name in ("submit", "reopen")} | {"withdraw": moves["withdraw"]}
    act(request, it, mine)
    if it.state == Entry.State.DRAFT:
        return redirect("competitions:check_entry" if request.POST["move"] == "submit" else it, public_id)
    return redirect(it)


def withdraw_entry(request: HttpRequest, public_id: str) -> HttpResponse:
    """What withdrawing means, for good; and the button."""
    it = entry_of(request, public_id, changing=True)
    if "withdraw" not in available_moves(request.user, it):
        raise Http404
    return render(request, "competitions/entry_withdraw.html", {"it": it})


def edit_entry(request: HttpRequest, public_id: str) -> HttpResponse:
    """Write the plan. The form saves itself where there is script; the button saves it everywhere."""
    it = entry_of(request, public_id, changing=True)
    if autosave.saves_itself(request):
        return _saved_by_itself(request, it)
    if it.state != Entry.State.DRAFT or not it.competition.takes_entries_at(request.received_at):
        messages.info(request, _("This entry cannot be changed now. This page says what you can do with it."))
        return redirect(it)
    parts = EntryParts(it, request.POST or None)
    theirs: list[tuple[str, str]] = []
    if request.method == "POST" and parts.is_valid():
        press = request.POST.get("press", "")
        saving = _saved(request, it, parts, press)
        if saving and not saving.result.theirs:
            return _after_saving(request, it, press)
        if saving:
            theirs = _differences(it, saving.result.theirs)
            parts.form.data = parts.form.data.copy()
            parts.form.data["revision"] = saving.result.revision
    return _form(request, it, parts, theirs)


def _form(request: HttpRequest, it: Entry, parts: EntryParts, theirs: list[tuple[str, str]]) -> HttpResponse:
    shown = {
        "it": it,
        "parts": parts,
        "theirs": theirs,
        "missing": missing_in_words(it),
        "deadline": deadline_in_words(it.competition),
        "files": FilesForm(),
        "words": {
            "steps": label_of("steps"),
            "step": _("Step"),
            "add_step": _("Add a step"),
            "tools": label_of("tools"),
            "tool": _("AI tool"),
            "add_tool": _("Add a tool"),
        },
    }
    return render(request, "competitions/entry_edit.html", shown)


def _saved(request: HttpRequest, it: Entry, parts: EntryParts, press: str = "") -> Outcome:
    """What came of saving all that is well formed."""
    asked = {"by": request.user, "at": request.received_at, "revision": parts.revision, "base": _base_of(request, it)}
    return outcome_in(parts.form, None, actions.save_entry, it, **asked, **parts.facts(press))


def _base_of(request: HttpRequest, it: Entry) -> dict[str, Any] | None:
    """What a window that has fallen behind said when it was last in step, read as its form is."""
    if "base" not in request.POST:
        return None
    data = QueryDict(mutable=True)
    try:
        for name, value in json.loads(request.POST["base"]):
            data.appendlist(str(name), str(value))
    except (ValueError, TypeError, RecursionError):
        return None
    parts = EntryParts(it, data)
    parts.is_valid()
    return parts.facts()


def _after_saving(request: HttpRequest, it: Entry, press: str) -> HttpResponse:
    part, dash, _rest = press.partition("-")
    if press == "check":
        return redirect("competitions:check_entry", it.public_id)
    messages.success(request, _("Your draft is saved."))
    edit = reverse("competitions:edit_entry", args=[it.public_id])
    return redirect(f"{edit}#{part}" if dash and part in {"steps", "tools"} else edit)


def _saved_by_itself(request: HttpRequest, it: Entry) -> HttpResponse:
    """The answers to the script: saved, saved but for what is not well formed, saved elsewhere since, too late."""
    if request.method != "POST":
        return autosave.where_it_stands(request, it.revision)
    parts = EntryParts(it, request.POST)
    parts.is_valid()
    saving = _saved(request, it, parts)
    if not saving:
        return autosave.not_saved(" ".join(parts.form.non_field_errors()))
    if saving.result.theirs:
        return autosave.saved_elsewhere(saving.result.revision, _differences(it, saving.result.theirs))
    fresh = Entry.objects.with_parts().get(pk=it.pk)
    besides = [label_of(name) for name in saving.result.besides]
    return autosave.saved(saving.result.revision, parts.errors(), {"missing": missing_in_words(fresh)}, besides)


def _differences(it: Entry, theirs: dict[str, Any]) -> list[tuple[str, str]]:
    return [shown_value(it, name, value) for name, value in theirs.items()]


def missing_in_words(it: Entry) -> str:
    """How far a draft is from being handed in."""
    number = len(what_is_empty(it))
    if not number:
        return _("Nothing is missing in the form. Check it, then hand it in.")
    said = ngettext("%(number)s thing is still missing.", "%(number)s things are still missing.", number)
    return said % {"number": number}


def check_entry(request: HttpRequest, public_id: str) -> HttpResponse:
    """What is missing before it can be handed in, what is worth a second look; and the button that hands it in."""
    it = entry_of(request, public_id, changing=True)
    if it.state != Entry.State.DRAFT:
        return redirect(it)
    missing = what_is_missing(it, request.received_at)
    may_submit, told = may_move(request.user, it, "submit"), told_authors(it)
    shown = {"it": it, "missing": missing, "remarks": what_to_look_at(it), "may_submit": may_submit}
    shown |= {
        "open_now": it.competition.takes_entries_at(now()),
        "told": told,
        "namings": [(one, _anchor_of(one.field)) for one in told.namings],
    }
    return render(request, "competitions/entry_check.html", shown | {"deadline": deadline_in_words(it.competition)})


def _anchor_of(field: str) -> str:
    return field if field in {"steps", "tools", "files"} else f"id_{field}"


def entry_receipt(request: HttpRequest, public_id: str) -> HttpResponse:
    """The receipt, to be printed: number, moment, what was handed in, and its digest."""
    it = _handed_in(request, public_id)
    names = ", ".join(one.person.full_name for one in confirmed_of(it))
    moment = said_instant(it.competition, it.submitted_at, seconds=True)
    facts = [(_("Number"), it.public_id), (_("Arrived"), moment), (_("Authors"), names), ("SHA-256", it.sha256)]
    return render(request, "competitions/entry_receipt.html", {"it": it, "said": in_words(it), "receipt": facts})


def entry_content(request: HttpRequest, public_id: str) -> HttpResponse:
    """The bytes of which the receipt gives the digest."""
    it = _handed_in(request, public_id)
    response = HttpResponse(as_bytes(it), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{it.public_id}.json"'
    return response


def _handed_in(request: HttpRequest, public_id: str) -> Entry:
    it = entry_of(request, public_id, changing=True)
    if it.submitted_at is None or not it.sha256:
        raise Http404
    return it


@require_POST
def add_files(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add files to a draft; one that is refused does not keep out the others."""
    it = entry_of(request, public_id, changing=True)
    form = FilesForm(request.POST, request.FILES)
    if not sent(request, form):
        messages.warning(request, " ".join(error for errors in form.errors.values() for error in errors))
        return redirect(_files_of(it))
    at = request.received_at
    added = [bool(tried(request, actions.add_file, it, at=at, file=file)) for file in form.cleaned_data["files"]]
    if number := sum(added):
        said = ngettext("%(number)s file is added.", "%(number)s files are added.", number)
        messages.success(request, said % {"number": number})
    return redirect(_files_of(it))


@require_POST
def remove_file(request: HttpRequest, public_id: str, file_id: str) -> HttpResponse:
    """Take a file out of a draft."""
    it = entry_of(request, public_id, changing=True)
    file = get_object_or_404(it.files, public_id=file_id)
    if tried(request, actions.remove_file, file, at=request.received_at):
        messages.success(request, _("The file is removed."))
    return redirect(_files_of(it))


def _files_of(it: Entry) -> str:
    return reverse("competitions:edit_entry", args=[it.public_id]) + "#files"
