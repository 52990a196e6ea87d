"""The mentorship of an example: an olympiad team that meets, a request that waits too long, one that a mentor has.

Everything is done by the actions, which write to everybody and know only today; what was weeks ago is dated back, and
the mail about it is taken back. Days are those of the real clock, whatever day the example is loaded for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils.timezone import localdate, now
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cluster_portal.outbox import cancel_mails
from coordination.examples.building import next_day, room
from members.models import Affiliation, Cluster, Group, Person
from mentorship import actions
from mentorship.models import Format, Help, Mentor, MentorRequest, Milestone, Outcome, Pairing, PairingStudent

TEAM, TUESDAY, THURSDAY = MentorRequest.For.TEAM, 1, 3
YEAR, STAGE_WAS = timedelta(days=365), timedelta(days=8)


@dataclass(frozen=True)
class Stage:
    """Who takes part: those whom the front page names, the class of the teacher, and invented teachers."""

    cast: Mapping[str, Person]
    group: Group
    crowd: Sequence[Person]

    @property
    def coordinator(self) -> Person:
        return self.cast["coordinator"]


def pair_people(stage: Stage) -> None:
    """Mentors, and what teachers ask of them: one of each that a coordinator meets in a year."""
    gleb, inna, alla = (_admitted(stage, *it) for it in _offers(stage))
    _offer(stage.cast["juror"], _("I write the tasks of the district’s stage."), [], places=1)
    _the_pair_that_was(stage, inna)
    _the_team(stage, gleb)
    _who_is_asked(stage, gleb)
    _who_has_a_yes(stage, alla)
    _who_waits_too_long(stage)
    _who_has_just_asked(stage)


def _offers(stage: Stage) -> list[tuple[Person, str, list[str], int]]:
    olympiads = [_("City olympiad in artificial intelligence"), _("Open olympiad in informatics")]
    return [
        (
            stage.cast["mentor"],
            _(
                "I teach machine learning to first-year students and judge at two olympiads. I like to begin with what "
                "a team can do already, and to end each meeting with one task that is a little too hard."
            ),
            olympiads,
            3,
        ),
        (stage.cast["instructor"], _("I run courses for teachers and read drafts on trains."), olympiads[1:], 2),
        (stage.cast["juror2"], _("I work on how machines see, and explain it without formulas."), olympiads[:1], 1),
    ]


def _offer(person: Person, about: str, contests: list[str], places: int) -> Mentor:
    return actions.offer_mentoring(
        by=person,
        about=about,
        contests=contests,
        help=[Help.PREPARE, Help.PROJECT, Help.DESIGN],
        languages=[get_language()],
        formats=[Format.ROOM, Format.ONLINE],
        weekdays=[TUESDAY, THURSDAY],
        time_zone="Europe/Moscow",
        hours_a_month=6,
        places=places,
    )


def _admitted(stage: Stage, person: Person, about: str, contests: list[str], places: int) -> Mentor:
    mentor = _offer(person, about, contests, places)
    actions.admit_mentor(mentor, by=stage.coordinator, clearance_until=localdate() + YEAR)
    return mentor


def _ask(person: Person, title: str, text: str, **facts: Any) -> MentorRequest:
    """A request of a teacher, for half a year."""
    known = {
        "what_for": TEAM,
        "help": [Help.PREPARE],
        "languages": [get_language()],
        "formats": [Format.ROOM, Format.ONLINE],
        "needed_from": localdate(),
        "needed_by": localdate() + YEAR / 2,
    }
    place = Affiliation.objects.active().filter(person=person).earliest("pk")
    return actions.ask_for_mentor(place, by=person, title=title, text=text, **known | facts)


def _paired(stage: Stage, request: MentorRequest, mentor: Mentor) -> Pairing:
    """What was asked and answered long ago: nobody is written to about it."""
    pairing = actions.propose_mentor(request, by=stage.coordinator, mentor=mentor)
    actions.accept_proposal(pairing, by=mentor.person)
    actions.agree_to_mentor(pairing, by=request.by)
    for it in (mentor, request, pairing):
        cancel_mails(it, reason="the example shows what was long ago")
    return pairing


def _date_back(pairing: Pairing, days: int) -> None:
    """Let a pairing have begun so many days ago, and have been asked for two weeks before."""
    then = now() - timedelta(days=days)
    asked = then - timedelta(days=14)
    began = localdate() - timedelta(days=days)
    rows = MentorRequest.objects.filter(pk=pairing.request_id)
    rows.update(asked_at=asked, state_since=then, answer_by=asked + timedelta(days=7), needed_from=began)
    Pairing.objects.filter(pk=pairing.pk).update(proposed_at=asked, state_since=then, began_on=began)
    pairing.refresh_from_db()


def _the_pair_that_was(stage: Stage, mentor: Mentor) -> None:
    """Over: a teacher worked out a course of her own with a mentor."""
    teacher = stage.cast["teacher2"]
    request = _ask(
        teacher,
        _("A club in which students build a small robot that sees"),
        _("There are kits and a room. A mentor should read the plan, and say what is too much for a year."),
        what_for=MentorRequest.For.COURSE,
        help=[Help.DESIGN],
    )
    pairing = _paired(stage, request, mentor)
    _date_back(pairing, 120)
    actions.write_goals(pairing, by=teacher, goals=_("A plan for one year that a colleague could teach by."))
    for days, what in ((110, _("Read the first plan together.")), (80, _("Cut it by half.")), (52, _("It is ready."))):
        actions.write_log(pairing, by=teacher, day=localdate() - timedelta(days=days), minutes=60, what=what)
    actions.complete_pairing(pairing, by=teacher, because=_("The plan stands, and the club has begun."))
    ended = timedelta(days=12)
    Pairing.objects.filter(pk=pairing.pk).update(ended_on=localdate() - ended, state_since=now() - ended)
    cancel_mails(pairing, reason="the example shows what was long ago")
    actions.give_feedback(
        pairing, by=teacher, helpful=5, text=_("Without her the plan would have been for three years.")
    )


def _the_team(stage: Stage, mentor: Mentor) -> None:
    """Under way: two students of the class, one approved; they meet on Tuesdays and have been at the first stage."""
    teacher = stage.cast["teacher"]
    request = _ask(
        teacher,
        _("A team for the city olympiad in artificial intelligence"),
        _(
            "The team knows tables and simple models, and nothing of pictures. A mentor should bring tasks of earlier "
            "years, and the courage to leave some of them unsolved."
        ),
        contest=_("City olympiad in artificial intelligence"),
        with_students=True,
    )
    pairing = _paired(stage, request, mentor)
    _date_back(pairing, 40)
    actions.write_goals(
        pairing,
        by=teacher,
        goals=_("The district’s stage without fear, the final of the city with a solution of their own."),
    )
    student = _take_students(stage, pairing)
    _plan_and_log(pairing, teacher, mentor.person)
    actions.enter_outcome(
        pairing,
        by=teacher,
        contest=_("City olympiad in artificial intelligence"),
        level=Outcome.Level.DISTRICT,
        place=Outcome.Place.THIRD,
        day=localdate() - STAGE_WAS,
        students=[student],
        evidence_link="https://olympiad.example.org/results",
    )


def _take_students(stage: Stage, pairing: Pairing) -> PairingStudent:
    """One is approved by the guardian who has answered before; the guardian of the demo is asked."""
    teacher, student = stage.cast["teacher"], stage.cast["student"]
    classmates = stage.group.members.exclude(pk=student.pk)
    known = classmates.get(guarded_by__guardian__contact_email="danilova@example.org")
    first, _second = actions.add_students(pairing, [known, student], by=teacher)
    actions.approve_student(first, by=known.guarded_by.get().guardian)
    return first


def _plan_and_log(pairing: Pairing, teacher: Person, mentor: Person) -> None:
    today = localdate()
    reached = actions.add_step(pairing, by=teacher, title=_("The district’s stage"), due_on=today - STAGE_WAS)
    actions.reach_step(reached, by=teacher)
    Milestone.objects.filter(pk=reached.pk).update(done_on=today - STAGE_WAS)
    actions.add_step(pairing, by=mentor, title=_("A classifier of their own"), due_on=today + timedelta(days=20))
    actions.add_step(pairing, by=teacher, title=_("The final of the city"), due_on=today + timedelta(days=70))
    log = [
        (33, 60, _("Who knows what; two tasks of last year."), _("Read how a picture is a table.")),
        (19, 90, _("Pictures as tables of numbers; the first filter."), _("Each tries it on a photo of theirs.")),
        (5, 60, _("What went wrong at the district’s stage, and what well."), _("Collect 200 pictures of leaves.")),
    ]
    for days, minutes, what, coming in log:
        day = today - timedelta(days=days)
        actions.write_log(pairing, by=mentor, day=day, minutes=minutes, what=what, coming=coming)
    actions.send_message(
        pairing, by=mentor, text=_("The tasks of the last three years are among the files. Begin with the second one.")
    )
    words = _("Tasks of the last three years: 1. Sort leaves by their edges. 2. Find the odd one out. 3. Fool a model.")
    actions.share_file(pairing, by=mentor, file=ContentFile(words.encode(), _("tasks.txt")))
    actions.send_message(
        pairing, by=teacher, text=_("Thank you! We have 120 pictures already, and an argument about ferns.")
    )
    _plan_meeting(pairing, mentor)


def _plan_meeting(pairing: Pairing, by: Person) -> None:
    zone = Cluster.current().zone
    day: date = next_day(localdate() + timedelta(days=3), TUESDAY)
    begins = datetime.combine(day, time(16, 30), tzinfo=zone)
    facts = {"time_zone": zone.key, "place": room(204), "online_link": "https://meet.example.org/team"}
    actions.plan_meeting(pairing, by=by, starts_at=begins, ends_at=begins + timedelta(hours=1), **facts)


def _who_is_asked(stage: Stage, mentor: Mentor) -> None:
    """A proposal waits for the mentor."""
    request = _ask(
        stage.crowd[2],
        _("Two students want to show their project at a fair of young researchers"),
        _("They count birds with a camera. The counting works; how to say how well it works does not yet."),
        help=[Help.PROJECT],
        with_students=True,
    )
    actions.propose_mentor(request, by=stage.coordinator, mentor=mentor)


def _who_has_a_yes(stage: Stage, mentor: Mentor) -> None:
    """A mentor has said yes; the teacher is to agree."""
    request = _ask(
        stage.cast["teacher2"],
        _("A first team for the city olympiad in artificial intelligence"),
        _("We have never been there. A mentor should say what to begin with, and what can wait."),
        contest=_("City olympiad in artificial intelligence"),
        with_students=True,
    )
    pairing = actions.propose_mentor(request, by=stage.coordinator, mentor=mentor)
    actions.accept_proposal(pairing, by=mentor.person)


def _who_waits_too_long(stage: Stage) -> None:
    """Nobody answered: the coordinator was told five days ago."""
    request = _ask(
        stage.crowd[9],
        _("Somebody who speaks of work with data to teenagers"),
        _("Four afternoons on what people do all day who work with data. It need not be a scientist."),
        help=[Help.TEACH],
    )
    then = now() - timedelta(days=5)
    asked = then - timedelta(days=7)
    MentorRequest.objects.filter(pk=request.pk).update(asked_at=asked, state_since=asked, answer_by=then)
    actions.rise_request(request, then)


def _who_has_just_asked(stage: Stage) -> None:
    _ask(
        stage.crowd[5],
        _("Preparing for the open olympiad in informatics"),
        _("One student of the ninth year is far ahead of me, and bored."),
        what_for=MentorRequest.For.CONTEST,
        contest=_("Open olympiad in informatics"),
        with_students=True,
    )
