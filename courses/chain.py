"""The chain that a run page shows: agreement and clause → affiliation → enrolment → what comes next."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _

from cluster_portal.prepared import rows_of
from courses.certificates import certificate_in
from courses.clashes import clashes_of, said_of
from courses.completion import completion_of
from courses.holding import who_has_it, why_not_after_a_no, why_not_after_a_refusal, why_not_of_this_age
from courses.models import Enrolment, Run, Session
from courses.opening import in_run_zone, why_not_now
from courses.words import has_no_places
from members import chain
from members.certificates import held_by
from members.chain import affiliation_link, membership_link, since_day
from members.models import Cluster, Person
from members.taking_part import Right, right_through, right_to_take_part


@dataclass(frozen=True)
class Link(chain.Link):
    """`enrols`: the page has a button for it."""

    enrols: bool = False


def right_for(run: Run, person: Person, enrolment: Enrolment | None) -> Right:
    """By what right one reader is in a run, or would be."""
    if enrolment is not None and enrolment.is_live:
        return _right_of(enrolment)
    return right_to_take_part(person, run, Cluster.current().today())


def chain_of(run: Run, person: Person | None, enrolment: Enrolment | None, right: Right | None = None) -> list[dict]:
    """The links from the agreement to the next session, for one reader; the first broken one says what is missing."""
    if person is None:
        coming = [_enrolment_to_come(run), _what_comes_next(run, None)]
        return _drawn(coming if has_no_places(run, now()) else [_sign_in(run), *coming])
    right = right or right_for(run, person, enrolment)
    links = [membership_link(right, run), affiliation_link(right), _enrolment(run, person, enrolment, right)]
    links += [_attendance(run, enrolment), _what_comes_next(run, enrolment), _certificate(run, enrolment)]
    return _drawn(links)


def _drawn(links: list) -> list[dict]:
    return [{"enrols": False, **vars(link)} for link in links if link]


def _right_of(enrolment: Enrolment) -> Right:
    """By what an enrolment was made: its own affiliation, and whether its institution still is a member."""
    active = (it for it in enrolment.person.active_affiliations if it.pk == enrolment.affiliation_id)
    affiliation = next(active, None) or enrolment.affiliation
    if affiliation is None:
        return Right()
    return right_through(affiliation, enrolment.run, Cluster.current().today())


def _sign_in(run: Run) -> Link:
    url = f"{reverse('account_login')}?next={run.get_absolute_url()}"
    return Link(_("Sign in"), _("Then this page says whether your institution gives you a place here."), url, "next")


def _enrolment(run: Run, person: Person, enrolment: Enrolment | None, right: Right) -> Link:
    if enrolment is not None and enrolment.is_live:
        status = "done" if enrolment.state == Enrolment.State.CONFIRMED else "next"
        enrolment.person = person
        return Link(_said_of(enrolment), _queue_text(enrolment), status=status)
    if unapproved := why_not_after_a_refusal(enrolment):
        return Link(_("Enrolment"), unapproved, status="broken")
    if right.missing:
        return Link(_("Enrolment"), status="open")
    if closed := why_not_now(run, now()):
        return Link(_("Enrolment"), closed, status="broken")
    if refused := why_not_after_a_no(person):
        return Link(_("Enrolment"), refused, reverse("members:children"), "broken")
    until = _("until %(when)s") % {"when": in_run_zone(run, run.enrol_until)}
    if clashes := clashes_of(person, run, [it for it in rows_of(run, "sessions") if not it.has_own_places]):
        return Link(_("Enrolment"), said_of(clashes[0], run), "#sessions", "broken")
    if why_not_of_this_age(person, Cluster.current().today()):
        until = _("%(until)s; first we ask for what is missing: your birth date, or who consents for you") % {
            "until": until
        }
    return Link(_("Enrol"), until, status="next", enrols=True)


def _enrolment_to_come(run: Run) -> Link:
    return Link(
        _("Enrol"), why_not_now(run, now()) or _("until %(when)s") % {"when": in_run_zone(run, run.enrol_until)}
    )


def _said_of(enrolment: Enrolment) -> str:
    match enrolment.state:
        case Enrolment.State.CONFIRMED:
            return _("You are in")
        case Enrolment.State.HELD:
            return _("A place is held for you")
        case Enrolment.State.OFFERED:
            return _("A place is offered to you")
    return _("You are in the queue")


def _queue_text(enrolment: Enrolment) -> str:
    if enrolment.offered_until is not None:
        return _("Answer by %(when)s.") % {"when": in_run_zone(enrolment.run, enrolment.offered_until)}
    if enrolment.held_until is not None:
        until = in_run_zone(enrolment.run, enrolment.held_until)
        missing = who_has_it([enrolment], enrolment.person).get(enrolment.pk, [])
        return " ".join([_("Until %(when)s.") % {"when": until}, *missing])
    if enrolment.state == Enrolment.State.WAITING:
        return _("Number %(place)s in the queue") % {"place": enrolment.place_in_queue()}
    return since_day(localtime(enrolment.state_since, enrolment.run.zone).date())


def _attendance(run: Run, enrolment: Enrolment | None) -> Link | None:
    """How far somebody who is in the run has come: "11 of 16 sessions, 12 needed", and what else is asked for."""
    if enrolment is None or enrolment.state != Enrolment.State.CONFIRMED or not rows_of(run, "sessions"):
        return None
    done = completion_of(enrolment)
    said = ". ".join(part.said for part in done.parts[1:])
    page = reverse("courses:marks_of_mine", args=[enrolment.public_id])
    if done.is_complete:
        return Link(_("Completed: %(counted)s") % {"counted": done.counted}, said, page, "done")
    begun = any(it.state == Session.State.PLANNED and it.starts_at <= now() for it in rows_of(run, "sessions"))
    return Link(done.counted, said, page, "next" if begun else "open")


def _certificate(run: Run, enrolment: Enrolment | None) -> Link | None:
    """The last link: the certificate that somebody has, or that the run gives whoever completes it."""
    if not run.gives_certificate:
        return None
    is_in = enrolment is not None and enrolment.state == Enrolment.State.CONFIRMED
    it = certificate_in(run, enrolment.person_id) if enrolment is not None and is_in else None
    if it is None:
        return Link(_("Certificate"), _("Whoever completes the run gets one."))
    with_guardian = it.issued_to_id is not None and not held_by(it.person).filter(pk=it.pk).exists()
    said = _("It was issued to your guardian.") if with_guardian else ""
    return Link(_("Certificate %(number)s") % {"number": it.number}, said, it.get_absolute_url(), "done")


def _what_comes_next(run: Run, enrolment: Enrolment | None) -> Link:
    planned = [it for it in rows_of(run, "sessions") if it.state == Session.State.PLANNED]
    if any(it.has_own_places for it in planned):  # of what people choose, only what this one has chosen
        chosen = set() if enrolment is None else set(enrolment.seats.confirmed().values_list("session", flat=True))
        planned = [it for it in planned if not it.has_own_places or it.pk in chosen]
    coming = next((it for it in planned if it.ends_at > now()), None)
    is_in = enrolment is not None and enrolment.state == Enrolment.State.CONFIRMED
    if coming is None:
        return Link(_("All sessions are over"), status="done" if is_in else "open")
    title = _("First session: %(when)s") if coming == planned[0] else _("Next session: %(when)s")
    if coming.starts_at <= now():
        title = _("Under way: the session that began %(when)s")
    title %= {"when": in_run_zone(run, coming.starts_at)}
    return Link(title, coming.title, "#sessions", "next" if is_in else "open")
