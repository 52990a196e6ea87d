"""The chain that a run page shows: agreement and clause → affiliation → enrolment → what comes next."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.prepared import rows_of
from courses.certificates import certificate_in
from courses.clashes import clashes_of, said_of
from courses.completion import completion_of
from courses.holding import who_has_it, why_not_after_a_no, why_not_after_a_refusal, why_not_of_this_age
from courses.models import Enrolment, Run, Session
from courses.taking_part import Right, in_run_zone, right_through, right_to_take_part, why_not_now
from courses.words import has_no_places
from members.certificates import held_by
from members.models import Cluster, Person
from members.models.grounds import Ground, ground_of


@dataclass(frozen=True)
class Link:
    """One link of the chain. `status`: done (it holds), open (still to come), next (what to do now), broken.

    `enrols`: the page has a button for it.
    """

    title: str
    text: str = ""
    url: str = ""
    status: str = "open"
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
        return [vars(link) for link in (coming if has_no_places(run, now()) else [_sign_in(run), *coming])]
    right = right or right_for(run, person, enrolment)
    links = [_membership(right, run), _affiliation(right), _enrolment(run, person, enrolment, right)]
    links += [_attendance(run, enrolment), _what_comes_next(run, enrolment), _certificate(run, enrolment)]
    return [vars(link) for link in links if link]


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


def _membership(right: Right, run: Run) -> Link | None:
    if right.ground is not None and right.missing and not right.at_affiliation:
        return Link(_agreement_title(right.ground), right.missing, _url(right.ground), "broken")
    if right.ground is not None:
        return Link(_agreement_title(right.ground), _clause(right.ground), _url(right.ground), "done")
    if right.holds and run.admits == Run.Admits.EVERYONE:
        return Link(_("Open to everyone"), status="done")
    if right.affiliation is None:
        return None
    if right.holds:
        return Link(_("Partners are welcome"), str(right.affiliation.institution), status="done")
    institution = right.affiliation.institution
    ground = ground_of(institution, run.course.kind, Cluster.current().today())
    if ground is not None:  # the institution is a member: what is missing is said at the affiliation
        return Link(_agreement_title(ground), _clause(ground), _url(ground), "done")
    if right.at_affiliation:
        return None
    return Link(_("Agreement"), right.missing, institution.get_absolute_url(), "broken")


def _agreement_title(ground: Ground) -> str:
    signed = {"institution": ground.party.institution, "agreement": ground.agreement.title}
    if ground.coverage is not None:
        return _("Covered by %(institution)s under the %(agreement)s") % signed
    return _("%(institution)s signed the %(agreement)s") % signed


def _clause(ground: Ground) -> str:
    if ground.clause is None:
        return _since(ground.party.signed_on)
    said = f"§ {ground.clause.number}: {ground.clause.text}"
    if ground.clause.places is None:
        return said
    places = ngettext(
        "%(count)d place for each institution", "%(count)d places for each institution", ground.clause.places
    )
    return f"{said} ({places % {'count': ground.clause.places}})"


def _url(ground: Ground) -> str:
    return ground.cited.get_absolute_url() if ground.cited else ground.agreement.get_absolute_url()


def _affiliation(right: Right) -> Link | None:
    affiliation = right.affiliation
    if affiliation is None:
        return (
            None if right.holds else Link(_("Your institution"), right.missing, reverse("members:directory"), "broken")
        )
    said = {"role": affiliation.get_role_display(), "institution": affiliation.institution}
    title = _("%(role)s at %(institution)s") % said
    if right.at_affiliation:
        return Link(title, right.missing, status="broken")
    return Link(title, _since(affiliation.starts_on), status="done")


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
    return _since(localtime(enrolment.state_since, enrolment.run.zone).date())


def _since(day: date | None) -> str:
    return _("since %(day)s") % {"day": date_format(day)} if day else ""


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
