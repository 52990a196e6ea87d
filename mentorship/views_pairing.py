"""A pairing under way: what was agreed, when they meet, what they did, what they write; and how it ends."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import Outcome, act, outcome_in, sent, tried
from cluster_portal.moves import available_moves, may_move, open_moves
from members.access import for_class_keepers
from members.actions import note_views
from members.models import Person
from mentorship import actions
from mentorship.channels import ENDED, Access
from mentorship.feedback import why_no_feedback
from mentorship.forms_pairing import EndForm, FileForm, GoalsForm, LogForm, MeetingForm, MessageForm, StepForm
from mentorship.kept import taken_back_in, tell_address, with_ways
from mentorship.leaving import why_alone
from mentorship.models import LogEntry, Meeting, Milestone, Pairing, PairingFile
from mentorship.outcomes import ShownOutcome, outcomes_in
from mentorship.readers import Channel, channel_of
from mentorship.rules import coordinates_the_pairing, keeps_the_students
from mentorship.words_pairing import readers_in_words, shown_student

PER_PAGE, LAST_ENTRIES, LAST_MESSAGES = 30, 5, 3
ENDS = ("complete", "dissolve")


def opened(request: HttpRequest, public_id: str, wanted: Access = Access.RECORD) -> Channel:
    """A pairing in which the reader may do this at some time; 404 for everybody else.

    Whether they may do it now, the action says with a sentence.
    """
    rows = Pairing.objects.around(request.user).with_people()
    channel = channel_of(get_object_or_404(rows, public_id=public_id))
    needed = Access.TALK if wanted == Access.WRITE else Access.RECORD
    if not channel.may(request.user, needed) or (wanted == Access.PLAN and not keeps(channel, request.user)):
        raise Http404
    if request.method == "GET" and not _is_near(channel, request.user):
        note_views(channel.facts.minors, request.user, "pairing")
    return channel


def keeps(channel: Channel, person: Person) -> bool:
    """Whether this person is the mentor or the teacher."""
    return person.pk in {channel.facts.mentor, channel.facts.teacher}


def keeps_students(channel: Channel, person: Person) -> bool:
    """Whether this person reads the whole names of the students: no teacher who is not at the school any more."""
    is_there = person.pk != channel.facts.teacher or channel.facts.is_accompanied
    return is_there and keeps_the_students(person, channel.pairing)


def _is_near(channel: Channel, person: Person) -> bool:
    """Who is in it, and guardians: others' looks at what is a child's are written down."""
    return any(it.pk == person.pk for it in channel.members) or bool(channel.children_of(person))


def shown_in(channel: Channel, reader: Person) -> dict[str, Any]:
    """What every page of a pairing says: who is in it, who reads, what the reader may do."""
    it = channel.pairing
    return {
        "it": it,
        "channel": channel,
        "students": [shown_student(channel, one, reader) for one in channel.students],
        "readers": readers_in_words(channel),
        "keeps": keeps(channel, reader),
        "may_plan": channel.may(reader, Access.PLAN),
        "may_talk": channel.may(reader, Access.TALK),
        "may_write": channel.may(reader, Access.WRITE),
        "is_over": it.state in ENDED,
    }


def names_for(channel: Channel, rows: list[Any], reader: Person) -> list[Any]:
    """Messages, files and entries of the log, each with what this reader is told of who wrote it (`who`)."""
    for it in rows:
        it.pairing, it.who = channel.pairing, channel.name_of(it.by, reader)
        it.is_mine = it.by_id == reader.pk
    return rows


def outcomes_for(channel: Channel, reader: Person) -> list[ShownOutcome]:
    """The outcomes of a pairing, each with the file that shows it (`file`), unless it was hidden from this reader."""
    rows = outcomes_in(channel, reader)
    evidence = [it.outcome.evidence_id for it in rows if it.outcome.evidence_id]
    there = set(channel.files_for(reader).filter(pk__in=evidence).values_list("pk", flat=True))
    for it in rows:
        it.outcome.file = it.outcome.evidence if it.outcome.evidence_id in there else None
    return rows


def meetings_ahead(channel: Channel) -> list[Meeting]:
    """What is planned; nobody joins online what must not take place."""
    rows = list(channel.pairing.meetings.ahead(now()))
    for it in rows:
        if channel.must_not_meet(it.starts_at):
            it.online_link = ""
    return rows


@for_class_keepers
def pairing(request: HttpRequest, public_id: str) -> HttpResponse:
    """One pairing: the next meeting, the log with its form, goals and plan, the last messages."""
    channel = opened(request, public_id)
    it, reader = channel.pairing, request.user
    shown = shown_in(channel, reader) | {
        "meetings": meetings_ahead(channel)[:LAST_ENTRIES],
        "log": names_for(channel, list(it.log.select_related("by")[:LAST_ENTRIES]), reader),
        "steps": list(it.milestones.all()),
        "outcomes": outcomes_for(channel, reader),
        "keeps_students": keeps_students(channel, reader),
        "may_add": reader.pk == it.request.by_id,
        "may_remove": keeps(channel, reader) or coordinates_the_pairing(reader, it),
        "form": LogForm() if channel.may(reader, Access.PLAN) else None,
        "blocked": channel.why_not_meet if it.state == Pairing.State.ACTIVE else "",
        "alone": why_alone(it) if keeps(channel, reader) or coordinates_the_pairing(reader, it) else "",
        "because": it.because if keeps(channel, reader) or coordinates_the_pairing(reader, it) else "",
        "kept": taken_back_in(channel, reader),
        "stalled": it.stalled_at if reader.is_coordinator else None,
        "may_end": it.state == Pairing.State.ACTIVE and may_move(reader, it, "complete"),
    }
    shown["asked_how_it_was"] = shown["is_over"] and not why_no_feedback(it, reader, now())
    if channel.may(reader, Access.TALK):
        last = list(it.messages.shown().select_related("by").order_by("-sent_at", "-pk")[:LAST_MESSAGES])
        shown |= {
            "thread": with_ways(names_for(channel, last[::-1], reader), channel, reader, tell_address),
            "file_count": it.files.shown().count(),
        }
    return render(request, "mentorship/pairing.html", shown)


@for_class_keepers
def log(request: HttpRequest, public_id: str) -> HttpResponse:
    """The whole log; mentor and teacher write into it."""
    channel = opened(request, public_id, Access.PLAN if request.method == "POST" else Access.RECORD)
    form = LogForm(request.POST or None) if keeps(channel, request.user) else None
    if form and sent(request, form) and _does(request, form, actions.write_log, channel, **form.cleaned_data):
        messages.success(request, _("Written into the log. The hours count for the mentor."))
        return redirect(channel.pairing)
    page = Paginator(channel.pairing.log.select_related("by"), PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = names_for(channel, list(page.object_list), request.user)
    shown = shown_in(channel, request.user) | {"form": form, "page": page}
    return render(request, "mentorship/pairing_log.html", shown)


@for_class_keepers
@require_POST
def remove_log(request: HttpRequest, public_id: str, entry_id: str) -> HttpResponse:
    """Take back an entry of mine."""
    entry = _part(request, public_id, LogEntry.objects.all(), entry_id)
    if tried(request, actions.remove_log, entry):
        messages.success(request, _("The entry is taken back."))
    return redirect("mentorship:pairing_log", public_id)


@for_class_keepers
def plan(request: HttpRequest, public_id: str) -> HttpResponse:
    """Goals and milestones, for mentor and teacher to change."""
    channel = opened(request, public_id, Access.PLAN)
    it, is_step = channel.pairing, "title" in request.POST
    goals = GoalsForm(request.POST if request.method == "POST" and not is_step else None, instance=it)
    step = StepForm(request.POST if is_step else None)
    if is_step and step.is_valid():
        if outcome_in(step, None, actions.add_step, it, by=request.user, **step.cleaned_data):
            return redirect("mentorship:pairing_plan", public_id)
    elif not is_step and sent(request, goals):
        wanted = Pairing.objects.with_people().get(pk=it.pk)  # the form has written into the other
        if outcome_in(goals, None, actions.write_goals, wanted, by=request.user, **goals.cleaned_data):
            messages.success(request, _("The goals are saved."))
            return redirect(it)
    shown = shown_in(channel, request.user) | {"goals": goals, "step": step, "steps": list(it.milestones.all())}
    return render(request, "mentorship/pairing_plan.html", shown)


STEPS = {"reach": actions.reach_step, "reopen": actions.reopen_step, "remove": actions.remove_step}


@for_class_keepers
@require_POST
def act_on_step(request: HttpRequest, public_id: str, step_id: str) -> HttpResponse:
    """A milestone is reached, was not reached after all, or is needed no more."""
    it = _part(request, public_id, Milestone.objects.all(), step_id)
    action = STEPS.get(request.POST.get("act", ""))
    if action is None:
        raise Http404
    tried(request, action, it)
    return redirect("mentorship:pairing_plan", public_id)


@for_class_keepers
def plan_meeting(request: HttpRequest, public_id: str) -> HttpResponse:
    """Plan a meeting: by the clocks of one zone; everybody's calendar is told."""
    channel = opened(request, public_id, Access.PLAN)
    form = MeetingForm(request.POST or None, by=request.user)
    if sent(request, form) and _does(request, form, actions.plan_meeting, channel, **_facts(form)):
        messages.success(request, _("Planned. A mail with the date for the calendar is on its way to everybody."))
        return redirect(channel.pairing)
    return render(request, "mentorship/pairing_meeting.html", shown_in(channel, request.user) | {"form": form})


@for_class_keepers
def move_meeting(request: HttpRequest, public_id: str, meeting_id: str) -> HttpResponse:
    """Move a meeting, or say another place; or cancel it."""
    channel = opened(request, public_id, Access.PLAN)
    meeting = get_object_or_404(channel.pairing.meetings, public_id=meeting_id)
    meeting.pairing = channel.pairing
    stored = Meeting.objects.get(pk=meeting.pk)
    form = MeetingForm(request.POST or None, by=request.user, instance=stored)
    if sent(request, form):
        moved = outcome_in(form, None, actions.move_meeting, meeting, by=request.user, **_facts(form))
        if moved:
            told = _("Changed. A mail tells everybody, and their calendars.")
            messages.success(request, told if moved.result else _("Nothing was changed."))
            return redirect(channel.pairing)
    moves = available_moves(request.user, meeting)
    shown = shown_in(channel, request.user) | {"form": form, "meeting": meeting, "moves": moves}
    return render(request, "mentorship/pairing_meeting.html", shown)


@for_class_keepers
@require_POST
def act_on_meeting(request: HttpRequest, public_id: str, meeting_id: str) -> HttpResponse:
    """Cancel a meeting."""
    channel = opened(request, public_id, Access.PLAN)
    meeting = get_object_or_404(channel.pairing.meetings, public_id=meeting_id)
    meeting.pairing = channel.pairing
    act(request, meeting, actions.ACTIONS["meeting"])
    return redirect(channel.pairing)


def _facts(form: MeetingForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in form._meta.fields}


@for_class_keepers
def thread(request: HttpRequest, public_id: str) -> HttpResponse:
    """The messages of a pairing, the newest below; who writes here writes to all."""
    channel = opened(request, public_id, Access.WRITE)
    it, form = channel.pairing, MessageForm(request.POST or None)
    if sent(request, form) and _does(request, form, actions.send_message, channel, **form.cleaned_data):
        messages.success(request, _("Sent to everybody in this pairing."))
        return redirect("mentorship:pairing_thread", public_id)
    pages = Paginator(it.messages.shown().select_related("by").order_by("-sent_at", "-pk"), PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    named = names_for(channel, list(page.object_list)[::-1], request.user)
    page.object_list = with_ways(named, channel, request.user, tell_address)
    why_not = channel.why_not(request.user, Access.WRITE)
    shown = shown_in(channel, request.user) | {"form": None if why_not else form, "page": page, "why_not": why_not}
    return render(request, "mentorship/pairing_thread.html", shown)


@for_class_keepers
def files(request: HttpRequest, public_id: str) -> HttpResponse:
    """The files that those in a pairing share."""
    channel = opened(request, public_id, Access.WRITE)
    it, form = channel.pairing, FileForm(request.POST or None, request.FILES or None)
    if sent(request, form) and _does(request, form, actions.share_file, channel, file=form.cleaned_data["file"]):
        messages.success(request, _("Shared with everybody in this pairing."))
        return redirect("mentorship:pairing_files", public_id)
    named = names_for(channel, list(it.files.shown().select_related("by", "upload").order_by("-pk")), request.user)
    rows = with_ways(named, channel, request.user, tell_address)
    why_not = channel.why_not(request.user, Access.WRITE)
    shown = shown_in(channel, request.user) | {"form": None if why_not else form, "rows": rows, "why_not": why_not}
    return render(request, "mentorship/pairing_files.html", shown)


@for_class_keepers
@require_POST
def remove_file(request: HttpRequest, public_id: str, file_id: str) -> HttpResponse:
    """Take back a file of mine."""
    it = _part(request, public_id, PairingFile.objects.all(), file_id, Access.WRITE)
    if tried(request, actions.remove_shared_file, it):
        messages.success(request, _("The file is taken back. Those in the pairing cannot open it any more."))
    return redirect("mentorship:pairing_files", public_id)


@for_class_keepers
def end(request: HttpRequest, public_id: str) -> HttpResponse:
    """What ending means, and the two ways: finished, or earlier than planned. Nobody is blamed."""
    channel = opened(request, public_id)
    it, form = channel.pairing, EndForm(request.POST or None)
    if not set(ENDS) & available_moves(request.user, it).keys():
        if keeps(channel, request.user):
            return redirect(it)
        raise Http404
    name = request.POST.get("move", "")
    if sent(request, form) and name in ENDS:
        action = actions.ACTIONS["pairing"][name]
        if outcome_in(form, None, action, it, by=request.user, **form.cleaned_data):
            messages.success(request, str(it.MOVES[name].done))
            return redirect(it)
    shown = shown_in(channel, request.user) | {"form": form, "moves": open_moves(it, *ENDS)}
    return render(request, "mentorship/pairing_end.html", shown)


def _does(request: HttpRequest, form: Any, action: Callable, channel: Channel, **facts: Any) -> Outcome:
    """What came of doing something in a pairing; a refusal stands above the form."""
    return outcome_in(form, None, action, channel.pairing, by=request.user, **facts)


def _part(request: HttpRequest, public_id: str, rows: QuerySet, part_id: str, wanted: Access = Access.PLAN) -> Any:
    """Something of a pairing that the reader may change."""
    channel = opened(request, public_id, wanted)
    it = get_object_or_404(rows.filter(pairing=channel.pairing), public_id=part_id)
    it.pairing = channel.pairing
    return it
