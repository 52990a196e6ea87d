"""The competitions of an example: one takes entries, one is read by its jury, the plans of one stand in the library.

Those that were bear the dates of then and are written down without the actions, which refuse days that have been and
would write to everybody; only their results are published as they always are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import cycle
from typing import Any

from django.utils.timezone import now
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from cluster_portal.moves import make_move
from cluster_portal.outbox import cancel_mails
from competitions import actions
from competitions.models import (
    Authorship,
    Competition,
    Criterion,
    Entry,
    Juror,
    LevelExample,
    Nomination,
    Review,
    Score,
    Step,
    UsedTool,
)
from members.models import Affiliation, Cluster, Institution, Person

CRITERIA = [
    (gettext_lazy("What the students learn of AI"), 2, {
        0: gettext_lazy("The tool is used, and nobody asks how it comes to its answers."),
        5: gettext_lazy("The students can say what the model knows, what it guesses, and how they found out."),
    }),
    (gettext_lazy("Course of the lesson"), 1, {
        0: gettext_lazy("Others could not teach by it."),
        5: gettext_lazy("Somebody who reads it on Sunday teaches it on Monday."),
    }),
    (gettext_lazy("Ethics, privacy, bias"), 1, {
        0: gettext_lazy("Nothing is said of them."),
        5: gettext_lazy("What could go wrong is named, and the lesson itself meets it."),
    }),
]  # fmt: skip
PLANS = [
    (gettext_lazy("Who drew this cat?"), gettext_lazy("Arts"), 1, 4, 45),
    (gettext_lazy("The map that was never there"), gettext_lazy("Geography"), 5, 7, 90),
    (gettext_lazy("Arguing with a chatbot"), gettext_lazy("Literature"), 8, 11, 45),
    (gettext_lazy("Counting leaves with a camera"), gettext_lazy("Biology"), 3, 6, 90),
    (gettext_lazy("A poem by nobody"), gettext_lazy("Literature"), 5, 8, 45),
    (gettext_lazy("Is this photograph true?"), gettext_lazy("History"), 7, 9, 45),
    (gettext_lazy("Teach the sorting machine"), gettext_lazy("Informatics"), 2, 5, 60),
    (gettext_lazy("What the timetable machine forgets"), gettext_lazy("Mathematics"), 8, 10, 90),
]
TOOLS = [
    (gettext_lazy("A language model"), gettext_lazy("One for the whole class, on the teacher's screen.")),
    (gettext_lazy("A picture generator"), gettext_lazy("Only with words that the class has agreed on.")),
    (gettext_lazy("An image classifier"), gettext_lazy("Trained by the students with pictures of their own things.")),
]


@dataclass
class Stage:
    """Who takes part: those whom the front page names (none outside of a demonstration), and invented teachers."""

    today: date
    cast: dict[str, Person]
    crowd: Sequence[Person]
    host: Institution

    @property
    def coordinator(self) -> Person | None:
        return self.cast.get("coordinator")

    def at(self, days: int, hour: int = 0) -> datetime:
        """An hour of a day, so many days from the one for which the example is loaded."""
        return datetime.combine(self.today + timedelta(days=days), time(hour), tzinfo=Cluster.current().zone)


def hold_contests(stage: Stage) -> None:
    """All three; what needs people with a desk is left out where there are none."""
    if not stage.cast:
        return
    _decided(stage)
    _judged(stage)
    _open(stage)


def _contest(stage: Stage, title: str, opens: int, closes: int, judged: int) -> Competition:
    it = Competition.objects.create(
        title=title,
        summary=_("Lesson plans for the age of AI: with it, about it, and now and then without it."),
        about=_(
            "We look for lessons that **others can teach tomorrow**.\n\n- The students ask, try and doubt.\n- The tool "
            "serves the lesson.\n- What could go wrong is part of the plan."
        ),
        rules=_("One plan has up to four authors. What was published before does not take part."),
        host=stage.host,
        language=get_language(),
        opens_at=stage.at(opens),
        closes_at=stage.at(closes),
        judged_until=stage.at(judged),
        results_on=(stage.at(judged) + timedelta(days=7)).date(),
        roles=[Affiliation.Role.TEACHER, Affiliation.Role.STAFF, Affiliation.Role.HEAD, Affiliation.Role.CONTACT],
        author_limit=2,
        jurors_per_entry=2,
    )
    for number, name in enumerate((_("Lessons with AI"), _("Lessons about AI")), 1):
        Nomination.objects.create(competition=it, title=name, position=number)
    for number, (name, weight, levels) in enumerate(CRITERIA, 1):
        criterion = Criterion.objects.create(competition=it, title=str(name), weight=weight, position=number)
        for score, text in levels.items():
            LevelExample.objects.create(criterion=criterion, score=score, text=str(text))
    make_move(it, "publish", by=stage.coordinator)
    return it


def _entries(it: Competition, authors: Sequence[Person], state: str, since: datetime) -> list[Entry]:
    """A plan by each of these people, of those that we have, one after the other."""
    homes = {one.person_id: one for one in Affiliation.objects.active().filter(person__in=authors)}
    nominations, tools = cycle(it.nominations.all()), cycle(TOOLS)
    made = []
    for author, (title, subject, first, last, minutes) in zip(authors, cycle(PLANS), strict=False):
        entry = Entry.objects.create(
            competition=it, nomination=next(nominations), title=str(title), subject=str(subject), stage_from=first,
            stage_until=last, minutes=minutes, language=get_language(), licence=Entry.Licence.BY_SA, state=state,
            state_since=since, submitted_at=since, **_texts(),
        )  # fmt: skip
        _parts(entry, *next(tools))
        home = homes.get(author.pk)
        Authorship.objects.create(
            entry=entry, person=author, affiliation=home, state=Authorship.State.CONFIRMED, is_lead=True,
            may_be_published=True, decided_at=since,
        )  # fmt: skip
        made.append(entry)
    return made


def _texts() -> dict[str, str]:
    return {
        "abstract": _("The class asks a model, checks what it says, and finds out why it was so sure of itself."),
        "objectives": _(
            "The students\n\n- tell what a model has seen from what it has not,\n- check an answer by two sources,\n"
            "- say when they would not ask it."
        ),
        "risks": _(
            "Nobody enters names or photographs of people. What the model says of groups of people is discussed."
        ),
        "materials": _("One screen, paper in two colours, the worksheet."),
    }


def _parts(entry: Entry, tool: Any, use: Any) -> None:
    steps = [
        (_("What do you think?"), 10, _("Each student writes down a guess before the tool is switched on.")),
        (_("Ask it"), 15, _("The class agrees on the question. The answer stays on the screen.")),
        (_("Check it"), 15, _("In pairs: which sentence can be proved, which cannot, by what?")),
        (_("What now?"), 5, _("One sentence each: when I would ask it again, and when not.")),
    ]
    Step.objects.bulk_create(
        Step(entry=entry, position=number, title=title, minutes=minutes, text=text)
        for number, (title, minutes, text) in enumerate(steps, 1)
    )
    UsedTool.objects.create(entry=entry, name=str(tool), use=str(use))


def _jury(it: Competition, people: Sequence[Person]) -> list[Juror]:
    return [Juror.objects.create(competition=it, person=one, state=Juror.State.ACTIVE, capacity=20) for one in people]


def _read(it: Competition, entries: Sequence[Entry], jurors: Sequence[Juror], upto: int, at: datetime) -> None:
    """Let each juror have all of these entries, and have judged as many of them as `upto` says."""
    criteria = list(it.criteria.all())
    for chair, juror in enumerate(jurors):
        for number, entry in enumerate(entries):
            given = number < upto
            review = Review.objects.create(
                juror=juror, entry=entry, reading_order=(number * 7 + chair * 3) % len(entries) / len(entries),
                state=Review.State.COMPLETED if given else Review.State.ASSIGNED, state_since=at, assigned_at=at,
                for_author=_("Clear and kind. Say a little more of how the answers are checked.") if given else "",
            )  # fmt: skip
            if given:
                Score.objects.bulk_create(
                    Score(review=review, criterion=criterion, value=5 - (number + nth + chair) % 4)
                    for nth, criterion in enumerate(criteria)
                )


def _decided(stage: Stage) -> None:
    """Last year's: its results are out, and its best plans stand in the library."""
    it = _contest(stage, _("Lesson plans for the age of AI, the first year"), -400, -370, -350)
    authors, jury = stage.crowd[:6], stage.crowd[30:32]
    entries = _entries(it, [stage.cast["teacher2"], *authors], Entry.State.ADMITTED, stage.at(-375))
    _read(it, entries, _jury(it, jury), upto=len(entries), at=stage.at(-360))
    actions.propose_places(it, by=stage.coordinator)
    if it.closes_at > now():  # loaded for a day that lies far ahead: by the clock it is not over yet
        return
    actions.conclude_competition(it, by=stage.coordinator)
    cancel_mails(it, reason="the example shows what was long ago")
    plan = it.entries.filter(plan__isnull=False).first().plan
    actions.pick_plan(plan, by=stage.coordinator, note=_("Taught by eleven colleagues so far: easy to begin with."))
    actions.thank_authors(plan, by=stage.cast["teacher"])
    actions.write_note(plan, by=stage.cast["teacher"], text=_("With a seventh year: the checking took twice as long."))


def _judged(stage: Stage) -> None:
    """One whose deadline is over: the demo's jurors have begun to read."""
    it = _contest(stage, _("Kindergarten and machine: first questions"), -60, -10, 14)
    entries = _entries(it, stage.crowd[8:14], Entry.State.ADMITTED, stage.at(-12))
    jurors = _jury(it, [stage.cast["juror"], stage.cast["juror2"]])
    _read(it, entries, jurors, upto=2, at=stage.at(-9))


def _open(stage: Stage) -> None:
    """The one that takes entries now: a teacher has begun a plan, others have handed theirs in."""
    it = _contest(stage, _("Lesson plans for the age of AI"), -14, 30, 51)
    _entries(it, stage.crowd[14:17], Entry.State.SUBMITTED, stage.at(-3, 12))
    draft = actions.begin_entry(it, by=stage.cast["teacher"], at=stage.at(0, 12))
    facts = {"title": _("A letter to the machine"), "subject": _("Literature"), "stage_from": 6, "stage_until": 8}
    actions.save_entry(draft, by=stage.cast["teacher"], at=stage.at(0, 12), revision=draft.revision, **facts)
