"""What an entry lacks before it can be handed in, each with the field that helps; and what is worth a second look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from competitions.entering import right_to_enter
from competitions.library_licences import may_adapt
from competitions.models import Authorship, Entry
from members.consent import State, children_among, states_of
from members.models import Purpose

ASKED = {
    "title": gettext_lazy("Give the plan a title."),
    "abstract": gettext_lazy("Say in a few sentences what the lesson is about."),
    "subject": gettext_lazy("Name the subject."),
    "stage_from": gettext_lazy("Say from which year of schooling on the lesson is meant."),
    "stage_until": gettext_lazy("Say up to which year of schooling the lesson is meant."),
    "minutes": gettext_lazy("Say how long the lesson takes."),
    "objectives": gettext_lazy("Say what the students learn."),
    "risks": gettext_lazy("Say what could go wrong, and how it is met: ethics, privacy, bias."),
    "licence": gettext_lazy("Choose the licence under which others may use the plan."),
}


@dataclass(frozen=True)
class Remark:
    """A sentence about an entry, and the place (an id in the form, or on the page of authors) it is about."""

    said: str
    field: str
    on_authors_page: bool = False


def what_is_missing(entry: Entry, at: datetime) -> list[Remark]:
    """What has to be there before the entry can be handed in at an instant, in the order of the form."""
    return [*what_is_empty(entry), *_of_authors(entry, localdate(at, entry.competition.zone))]


def what_is_empty(entry: Entry) -> list[Remark]:
    """What of this is missing in the form itself."""
    return [*_empty_fields(entry), *_of_steps(entry), *_of_tools(entry), *_of_source(entry)]


def what_to_look_at(entry: Entry) -> list[Remark]:
    """What does not stand in the way, and may still be wrong."""
    return [*_waiting_authors(entry), *_time_of_steps(entry), *_unnamed_tools(entry)]


def _empty_fields(entry: Entry) -> Iterator[Remark]:
    for name, said in ASKED.items():
        if getattr(entry, name) in (None, ""):
            yield Remark(str(said), f"id_{name}")
    if entry.nomination_id is None and entry.competition.nominations.all():
        yield Remark(_("Choose the nomination."), "id_nomination")


def _of_steps(entry: Entry) -> Iterator[Remark]:
    steps = list(entry.steps.all())
    if not steps:
        yield Remark(_("Describe the course of the lesson: at least one step."), "steps")
    for number, step in enumerate(steps):
        if not step.title:
            yield Remark(_("Give step %(number)s a title.") % {"number": number + 1}, f"id_steps-{number}-title")
        elif not step.text:
            said = _("Say what teacher and students do in step %(number)s.") % {"number": number + 1}
            yield Remark(said, f"id_steps-{number}-text")


def _of_tools(entry: Entry) -> Iterator[Remark]:
    for number, tool in enumerate(entry.tools.all()):
        if not tool.name:
            yield Remark(_("Name the AI tool that you describe."), f"id_tools-{number}-name")
        elif not tool.use:
            said = _("Say how %(tool)s is used.") % {"tool": tool.name}
            yield Remark(said, f"id_tools-{number}-use")


def _of_source(entry: Entry) -> Iterator[Remark]:
    source = entry.adapted_from and entry.adapted_from.entry
    if source and entry.licence and not may_adapt(source.licence, entry.licence):
        said = _("“%(title)s” is given under %(source)s. What is adapted from it cannot be given under %(own)s.")
        facts = {"title": source.title, "source": source.licence, "own": entry.licence}
        yield Remark(said % facts, "id_licence")


def _of_authors(entry: Entry, day: date) -> Iterator[Remark]:
    authors = confirmed_of(entry)
    unconsented = without_consent_among(authors)
    for it in authors:
        if why := right_to_enter(it.person, entry.competition, day).missing:
            said = _("%(name)s cannot take part: %(why)s") % {"name": it.person.short_name, "why": why}
            yield Remark(said, f"author-{it.public_id}", on_authors_page=True)
        if it.person_id in unconsented:
            said = _("A guardian has to consent that %(name)s takes part.") % {"name": it.person.short_name}
            yield Remark(said, f"author-{it.public_id}", on_authors_page=True)


def _waiting_authors(entry: Entry) -> Iterator[Remark]:
    for it in entry.authorships.all():
        if it.state == Authorship.State.INVITED:
            said = _("%(name)s has not answered yet. Only authors who have are named when the results come out.")
            yield Remark(said % {"name": it.shown_name}, f"author-{it.public_id}", on_authors_page=True)


def _time_of_steps(entry: Entry) -> Iterator[Remark]:
    times = [it.minutes for it in entry.steps.all() if it.minutes]
    if entry.minutes and len(times) == len(entry.steps.all()) and times and sum(times) != entry.minutes:
        said = ngettext(
            "The steps take %(sum)s minute together, the lesson %(minutes)s.",
            "The steps take %(sum)s minutes together, the lesson %(minutes)s.",
            sum(times),
        )
        yield Remark(said % {"sum": sum(times), "minutes": entry.minutes}, "id_minutes")


def _unnamed_tools(entry: Entry) -> Iterator[Remark]:
    if not entry.tools.all():
        yield Remark(_("No AI tool is named. That is fine when the lesson is about AI without using any."), "tools")


def confirmed_of(entry: Entry) -> list[Authorship]:
    """The authors of an entry whose parts are there."""
    return [it for it in entry.authorships.all() if it.state == Authorship.State.CONFIRMED]


def without_consent_among(authors: list[Authorship]) -> set[int]:
    """The children among these authors (by key of the person) for whom nobody has consented to taking part."""
    children = set(children_among([it.person_id for it in authors]))
    states = states_of(children, [Purpose.TAKING_PART]) if children else {}
    return {pk for (pk, _purpose), state in states.items() if state != State.GRANTED}
