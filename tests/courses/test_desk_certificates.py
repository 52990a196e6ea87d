"""The desk of a run's certificates: who gets one and who does not, printing, sending again, correcting."""

import re

import pytest
import time_machine
from django.utils.timezone import now

from cluster_portal.long_work import carry_on_all
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused
from courses import actions
from courses.chain import chain_of
from courses.models import Enrolment, Run
from members.actions import erase_person, revoke_certificate
from members.models import Person
from tests import factories as make
from tests.browsing import at, said
from tests.courses.certifying import OVER, address, completed, run_that_is_over

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(OVER, tick=False):
        yield


@pytest.fixture
def run(cast):
    return run_that_is_over(cast)


@pytest.fixture
def client(cast):
    return at(cast.coordinator)


@pytest.fixture
def of_child(run, cast):
    """The certificate of a child whose guardian has no e-mail."""
    child = make.GuardianshipFactory(guardian__contact_email="", guardian__email=None).child
    return actions.issue_to(completed(run, child), by=cast.coordinator)


def pages(response):
    return len(re.findall(rb"/Type\s*/Page[^s]", response.content))


def test_whoever_keeps_the_run_prints_the_certificate_of_a_child_whose_guardian_has_no_e_mail(of_child, run, client):
    page = client.get(address("desk_certificate", run.public_id, of_child.public_id)).content.decode()
    paper = address("desk_certificate_paper", run.public_id, of_child.public_id)
    assert (paper in page, of_child.issued_to.full_name in page, "Send the link again" in page) == (True, True, False)
    assert "There is no e-mail address to send the link to: print it and hand it over." in page
    response = client.get(paper)
    assert (response["Content-Type"], response["Cache-Control"], pages(response)) == (
        "application/pdf", "private, no-store", 1,
    )  # fmt: skip
    assert of_child.person.record_views.filter(page="certificates").count() == 2


def test_the_papers_of_the_list_come_as_one_file(of_child, run, cast, client):
    actions.issue_to(completed(run), by=cast.coordinator)
    revoke_certificate(actions.issue_to(completed(run), by=cast.coordinator), by=cast.coordinator, reason="")
    completed(run)
    page = client.get(address("desk_certificates", run.public_id)).content.decode()
    papers = address("desk_certificate_papers", run.public_id)
    assert ("Print 2 certificates (PDF)" in page, f'href="{papers}?page=1"' in page) == (True, True)
    assert pages(client.get(papers)) == 2


def test_where_nothing_is_printed_there_is_no_file(run, cast, client):
    completed(run)
    assert client.get(address("desk_certificate_papers", run.public_id)).status_code == 404
    it = actions.issue_to(completed(run), by=cast.coordinator)
    revoke_certificate(it, by=cast.coordinator, reason="")
    assert client.get(address("desk_certificate_paper", run.public_id, it.public_id)).status_code == 404


def test_the_link_is_sent_again(run, cast, client):
    it = actions.issue_to(completed(run), by=cast.coordinator)
    send = address("desk_send_certificate", run.public_id, it.public_id)
    assert said(client.post(send, follow=True)) == ["The mail with the link is on its way already."]
    OutboxMail.objects.update(state="sent", sent_at=now())
    response = client.post(send, follow=True)
    assert said(response) == [f"The link is on its way to {it.person.full_name}."]
    mails = OutboxMail.objects.filter(template="members/certificate_issued").order_by("pk")
    assert list(mails.values_list("to", "state")) == [
        (it.person_id, "sent"), (it.person_id, "queued"),
    ]  # fmt: skip
    assert AuditEntry.objects.filter(verb="members.certificate.send_again", object_id=it.public_id).count() == 1


def test_a_link_goes_to_nobody_who_has_no_address(of_child, run, client):
    response = client.post(address("desk_send_certificate", run.public_id, of_child.public_id), follow=True)
    assert said(response) == ["There is no e-mail address to send the link to. Print the certificate and hand it over."]


def test_only_whoever_keeps_the_run_prints_and_sends(run, cast):
    it = actions.issue_to(completed(run), by=cast.coordinator)
    other = make.CoordinatorFactory(region=make.RegionFactory()).person
    papers = address("desk_certificate_papers", run.public_id)
    paper, send = (
        address(name, run.public_id, it.public_id) for name in ("desk_certificate_paper", "desk_send_certificate")
    )
    for who, code in ((other, 404), (cast.contact, 403), (cast.teacher, 403)):
        client = at(who)
        assert [client.get(papers).status_code, client.get(paper).status_code, client.post(send).status_code] == [
            code
        ] * 3


def lines(client, run):
    page = client.get(address("desk_certificates", run.public_id))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))
    return page.context, text


def test_whoever_was_erased_is_not_due(run, cast, client):
    erase_person(completed(run).person, by=cast.coordinator)
    context, text = lines(client, run)
    assert (context["due"], "This person was erased. Nothing is issued to them any more." in text) == (0, True)
    with pytest.raises(Refused, match="nobody to issue a certificate to"):
        actions.begin_issuing(run, by=cast.coordinator)


def test_who_cannot_have_one_is_not_due_and_the_page_says_why(run, client):
    completed(run, make.PersonFactory(name_on_certificate="Anna 🤖"))
    completed(run, make.ChildFactory(family_name="Gromov"))
    context, text = lines(client, run)
    assert (context["due"], "Issue 1 certificate" in text) == (0, False)
    assert "The paper of Anna 🤖 cannot show these signs: 🤖." in text
    assert "Gromov Ilya is a child, and no guardian is named to receive it. Name one first." in text


def test_in_the_end_the_page_says_how_many_are_issued_and_why_others_are_not(run, cast, client):
    robot, gone, late = (completed(run, make.PersonFactory(family_name=name)) for name in ("Robot", "Gone", "Late"))
    completed(run)
    work = actions.begin_issuing(run, by=cast.coordinator)
    Person.objects.filter(pk=robot.person_id).update(name_on_certificate="Anna 🤖")
    Enrolment.objects.filter(pk=gone.pk).update(state="cancelled")
    late.attendance.update(mark="absent")
    carry_on_all()
    work.refresh_from_db()
    context, text = lines(client, run)
    assert (work.problem, context["issued"], "1 issued, 3 not" in text) == ("", 1, True)
    assert context["why_none"] == [
        "Late Anna has not completed the run: 0 of 4 sessions, 3 needed.",
        "The paper of Anna 🤖 cannot show these signs: 🤖. Correct the name or the title first.",
        "Gone Anna: Ended",
    ]


def test_what_stopped_the_work_is_said_once_and_until_everybody_has_theirs(run, cast, client):
    it = completed(run)
    actions.begin_issuing(run, by=cast.coordinator)
    run.gives_certificate = False
    run.save()
    carry_on_all()
    assert lines(client, run)[1].count("This run gives no certificate.") == 1
    run.gives_certificate = True
    run.save()
    assert lines(client, run)[1].count("This run gives no certificate.") == 1
    actions.issue_to(it, by=cast.coordinator)
    assert lines(client, run)[1].count("This run gives no certificate.") == 0


def test_the_name_that_will_be_printed_is_shown_where_it_is_another(run, client):
    completed(run, make.PersonFactory(family_name="Ivanova", name_on_certificate="Petrova Maria"))
    completed(run, make.PersonFactory(family_name="Smirnova", name_on_certificate="Smirnova Anna"))
    text = lines(client, run)[1]
    assert ("on the paper: Petrova Maria" in text, text.count("on the paper:")) == (True, 1)


def test_a_mark_corrected_afterwards_is_shown(run, cast, client):
    it = completed(run)
    actions.issue_to(it, by=cast.coordinator)
    assert "does not complete the run any more" not in lines(client, run)[1]
    it.attendance.update(mark="absent")
    assert "does not complete the run any more" in lines(client, run)[1]


def test_a_page_that_asks_again_by_itself_looks_at_nobody(run, cast, client):
    child = make.GuardianshipFactory().child
    completed(run, child)
    work = actions.begin_issuing(run, by=cast.coordinator)
    page = address("desk_certificates", run.public_id)
    for _ in range(3):
        response = client.get(page, headers={"HX-Request": "true"})
        assert ("0 of 1" in response.content.decode(), child.full_name in response.content.decode()) == (True, False)
    assert not child.record_views.exists()
    carry_on_all()
    work.refresh_from_db()
    assert (work.is_under_way, child.full_name in client.get(page).content.decode()) == (False, True)
    assert child.record_views.count() == 1


def test_a_child_reads_that_the_guardian_has_it(run, cast):
    child = make.GuardianshipFactory(child__email="kid@example.org").child
    enrolment = completed(run, child)
    it = actions.issue_to(enrolment, by=cast.coordinator)
    page = at(child).get("/me/certificates/").content.decode()
    told = ("Issued to your guardian", it.number, "No certificates yet", "Hours of professional development")
    assert [said in page for said in told] == [True, True, False, False]
    last = chain_of(Run.objects.get(pk=run.pk), child, enrolment)[-1]
    assert (last["title"], last["text"]) == (f"Certificate {it.number}", "It was issued to your guardian.")
    grown = actions.issue_to(completed(run), by=cast.coordinator)
    enrolment = run.enrolments.get(person=grown.person)
    assert chain_of(Run.objects.get(pk=run.pk), grown.person, enrolment)[-1]["text"] == ""
