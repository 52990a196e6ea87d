"""Every list asks the database the same number of times for one row and for three."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cluster_portal.audit import record
from cluster_portal.outbox import queue_mail
from courses import actions
from courses.models import Run
from members.models import Affiliation, ConsentText, Coverage, Party
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db


def new_run(cast, **facts):
    run = make.RunFactory(host=cast.school, **facts)
    make.SessionFactory(run=run)
    make.PoolFactory(run=run)
    return run


def more_runs(cast):
    return [new_run(cast) for _ in range(2)]


def more_drafts(cast):
    return [new_run(cast, state="draft") for _ in range(2)]


def more_institutions(cast):
    for _ in range(2):
        make.PartyFactory(agreement=cast.agreement, institution__region=make.RegionFactory())


def more_agreements(cast):
    make.AgreementFactory.create_batch(2)


def more_people(cast):
    make.AffiliationFactory.create_batch(2, institution=cast.school, state="asked")


def more_enrolments(cast):
    run = Run.objects.order_by("pk").first()
    run.pools.update(places=9)
    for _ in range(2):
        person = make.AffiliationFactory(institution=cast.school).person
        actions.enrol(run, person, by=person)


def more_approvals(cast):
    for it in more_runs(cast):
        it.needs_approval = True
        it.save()
        person = make.AffiliationFactory(institution=cast.school).person
        actions.enrol(it, person, by=person)


def more_questions(cast):
    make.QuestionFactory.create_batch(2, run=Run.objects.order_by("pk").first())


def more_materials(cast):
    make.MaterialFactory.create_batch(2, run=Run.objects.order_by("pk").first())


def more_feedback_questions(cast):
    make.FeedbackQuestionFactory.create_batch(2, run=Run.objects.order_by("pk").first())


def more_children(cast):
    """Children of the teacher with a held place each."""
    if not ConsentText.objects.exists():
        make.ConsentTextFactory()
    Run.objects.order_by("pk").first().pools.update(places=9)
    for _ in range(2):
        child = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
        make.GuardianshipFactory(child=child, guardian=cast.teacher)
        actions.enrol(Run.objects.order_by("pk").first(), child, by=child)


def more_own_enrolments(cast):
    for run in more_runs(cast):
        actions.enrol(run, cast.teacher, by=cast.teacher)


def more_sessions(cast):
    make.SessionFactory.create_batch(2, run=Run.objects.order_by("pk").first())


def more_coverage(cast):
    party = Party.objects.get(agreement=cast.agreement)
    for _ in range(2):
        Coverage.objects.create(party=party, institution=make.InstitutionFactory(), since="2026-01-01", document="Roll")


def more_lines(cast):
    for _ in range(2):
        record("members.person.enter", cast.teacher, by=cast.coordinator)


def more_mails(cast):
    it = Affiliation.objects.filter(person=cast.teacher).get()
    for number in range(2):
        queue_mail("members/admitted", about=it, to=cast.teacher, occasion=str(number))


def more_invitations(cast):
    for _ in range(2):
        make.AffiliationFactory(person=cast.teacher, state="invited")


def more_mentors(cast):
    for it in pair.MentorFactory.create_batch(2, state="offered"):
        make.AffiliationFactory(person=it.person)


def more_mentor_requests(cast):
    pair.MentorRequestFactory.create_batch(2, affiliation=cast.teacher.affiliations.get())


def more_pairings(cast):
    for it in pair.MentorRequestFactory.create_batch(2, affiliation=cast.teacher.affiliations.get(), state="paired"):
        pairing = pair.PairingFactory(request=it)
        pair.LogEntryFactory(pairing=pairing)
        pair.OutcomeFactory(pairing=pairing)


def more_concerns(cast):
    pairing = pair.PairingFactory(request__with_students=True)
    file = pair.PairingFileFactory(pairing=pairing)
    pair.ConcernFactory(message=pair.MessageFactory(pairing=pairing))
    pair.ConcernFactory(pairing=pairing, message=None, file=file)


RUN, DESK_RUN = "run page", "run at the desk"
LISTS = [
    ("coordination:home", None, more_runs),
    ("coordination:home", None, more_institutions),
    ("coordination:search", None, more_runs),
    ("coordination:me", "teacher", more_own_enrolments),
    ("coordination:me", "teacher", more_invitations),
    ("coordination:desk", "coordinator", more_runs),
    ("coordination:desk", "coordinator", more_people),
    ("coordination:audit", "coordinator", more_lines),
    ("coordination:outbox", "coordinator", more_mails),
    ("members:directory", None, more_institutions),
    ("members:agreements", None, more_agreements),
    ("members:agreement", None, more_institutions),
    ("members:agreement", None, more_coverage),
    ("members:institution", None, more_institutions),
    ("members:desk_people", "coordinator", more_people),
    ("members:desk_people", "contact", more_people),
    ("members:desk_institutions", "coordinator", more_institutions),
    ("courses:programme", None, more_runs),
    ("courses:course", None, more_runs),
    ("courses:run", "teacher", more_sessions),
    ("courses:run", "teacher", more_enrolments),
    ("courses:desk_runs", "coordinator", more_drafts),
    ("courses:desk_run", "coordinator", more_sessions),
    ("courses:desk_roster", "coordinator", more_enrolments),
    ("courses:desk_roster_xlsx", "coordinator", more_enrolments),
    ("courses:desk_attendance_sheet", "coordinator", more_enrolments),
    ("courses:desk_rights_lost", "coordinator", more_enrolments),
    ("courses:desk_roster", "coordinator", more_questions),
    ("courses:desk_questions", "coordinator", more_questions),
    ("courses:attendance", "coordinator", more_sessions),
    ("courses:desk_attendance_xlsx", "coordinator", more_enrolments),
    ("courses:materials", "coordinator", more_materials),
    ("courses:run", "teacher", more_materials),
    ("courses:desk_feedback", "coordinator", more_feedback_questions),
    ("coordination:me", "teacher", more_pairings),
    ("mentorship:mentorship", "teacher", more_mentor_requests),
    ("mentorship:outcomes", None, more_pairings),
    ("mentorship:desk_mentorship", "coordinator", more_mentor_requests),
    ("mentorship:desk_mentorship", "coordinator", more_pairings),
    ("mentorship:desk_mentors", "coordinator", more_mentors),
    ("mentorship:desk_requests", "coordinator", more_mentor_requests),
    ("mentorship:desk_pairings", "coordinator", more_pairings),
    ("mentorship:desk_concerns", "coordinator", more_concerns),
    ("mentorship:desk_institutions", "coordinator", more_pairings),
    ("mentorship:desk_unserved", "coordinator", more_mentor_requests),
]

# The desk asks once for each kind of row that any app puts there; what everybody reads is read in few goes (091, 093).
CEILINGS = {"coordination:desk": 52, "courses:programme": 4, "courses:run": 9}


@pytest.mark.parametrize(("name", "reader", "add"), LISTS, ids=lambda it: getattr(it, "__name__", it))
def test_three_rows_cost_as_many_queries_as_one(name, reader, add, cast, demo):
    run = new_run(cast)
    actions.enrol(run, cast.teacher, by=cast.teacher)
    more_coverage(cast)
    for more in (more_mentors, more_mentor_requests, more_pairings, more_concerns):
        more(cast)
    make.MaterialFactory(run=run)  # the page of a run asks for materials only where there is one
    url = reverse(name, args=arguments(name, run, cast)) + ("?q=course" if name.endswith("search") else "")
    client = Client()
    if reader:
        client.force_login(getattr(cast, reader))
    client.get(url)
    before = queries(client, url)
    add(cast)
    after = queries(client, url)
    assert len(after) == len(before), "\n".join(after)
    assert len(after) <= CEILINGS.get(name, 25)


@pytest.mark.parametrize(
    ("name", "reader", "add"),
    [("courses:desk_approvals", "coordinator", more_approvals), ("members:children", "teacher", more_children)],
)
def test_four_rows_cost_as_many_queries_as_two(name, reader, add, cast, demo):
    """Where the page of nobody is another one."""
    new_run(cast)
    client, counts = Client(), []
    client.force_login(getattr(cast, reader))
    client.get(reverse(name))
    for _ in range(2):
        add(cast)
        counts.append(len(queries(client, reverse(name))))
    assert counts[0] == counts[1] <= 40  # a guardian's page asks once for each kind of part that any app puts there


def arguments(name, run, cast):
    if name in {"members:institution"}:
        return [cast.school.slug]
    if name == "members:agreement":
        return [cast.agreement.public_id]
    if name == "courses:course":
        return [run.course.slug]
    if name in {"courses:desk_questions", "courses:materials", "courses:desk_feedback"}:
        return [run.public_id]
    return (
        [run.public_id] if "run" in name.split(":")[1].split("_") or "desk_ro" in name or "attendance" in name else []
    )


def queries(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return [it["sql"] for it in captured]
