"""What changes around a concluded agreement: an end gets another day, who leaves is told, rolls say when they came."""

import threading
import time
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cluster_portal import hooks
from cluster_portal.links import signed_link
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused
from members import actions
from members.actions import addenda
from members.forms.agreements import AgreementForm
from members.models import Agreement, Cluster, Coverage, Institution
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def today(db):
    return Cluster.current().today()


@pytest.fixture
def later(today):
    return today + timedelta(days=30)


@pytest.fixture
def party(cast):
    return cast.agreement.parties.select_related("agreement").get()


@pytest.fixture
def desk(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


def page_of(client, name, *parts):
    return " ".join(client.get(reverse(f"members:{name}", args=parts)).content.decode().split())


def mails(template):
    return [mail.to for mail in OutboxMail.objects.filter(template=f"members/{template}").order_by("pk")]


def still_due(mail):
    return hooks.mail_kinds[mail.template].still_due(mail)


class TestOtherDays:
    """An end that is announced for a later day gets another day, until it comes."""

    def test_a_termination_that_lies_ahead_gets_another_day(self, cast, party, today, later):
        make.AffiliationFactory(institution=cast.school, role="head")
        actions.terminate_agreement(cast.agreement, later, "Done.", by=cast.coordinator)
        actions.terminate_agreement(cast.agreement, today + timedelta(days=3), "Done sooner.", by=cast.coordinator)
        it = Agreement.objects.get(pk=cast.agreement.pk)
        assert (it.state, it.terminated_on, it.terminated_because) == (
            "terminated", today + timedelta(days=3), "Done sooner.",
        )  # fmt: skip
        told = OutboxMail.objects.filter(template="members/agreement_terminated").order_by("pk")
        assert [still_due(mail) for mail in told] == [False, True]
        line = AuditEntry.objects.filter(verb="members.agreement.terminate").latest("pk")
        assert line.values == {"terminated_on": (today + timedelta(days=3)).isoformat()}

    def test_a_termination_that_has_come_stays(self, cast, party, today, later):
        actions.terminate_agreement(cast.agreement, today, "Done.", by=cast.coordinator)
        with pytest.raises(Refused):
            actions.terminate_agreement(cast.agreement, later, "Later.", by=cast.coordinator)

    def test_the_database_keeps_a_termination_that_has_come(self, cast, party, today):
        actions.terminate_agreement(cast.agreement, today, "Done.", by=cast.coordinator)
        with pytest.raises(IntegrityError), transaction.atomic():
            Agreement.objects.filter(pk=cast.agreement.pk).update(terminated_on=today - timedelta(days=9))

    def test_a_withdrawal_that_lies_ahead_gets_another_day(self, cast, party, today, later):
        actions.withdraw_party(party, later, "It merges.", by=cast.coordinator)
        actions.withdraw_party(party, today, "It merges now.", by=cast.coordinator)
        assert (party.withdrawn_on, party.withdrawn_because) == (today, "It merges now.")
        told = OutboxMail.objects.filter(template="members/party_withdrawn").order_by("pk")
        assert [still_due(mail) for mail in told] == [False, True]
        with pytest.raises(Refused, match="has withdrawn already"):
            actions.withdraw_party(party, later, "Later again.", by=cast.coordinator)

    def test_the_desk_leads_to_the_other_day(self, cast, party, today, later, desk):
        it = cast.agreement
        actions.withdraw_party(party, later, "It merges.", by=cast.coordinator)
        assert "Correct the day<" in page_of(desk, "desk_agreement", it.public_id)
        form = desk.get(reverse("members:desk_withdraw_party", args=[it.public_id, cast.school.slug])).context["form"]
        assert form.initial == {"on": later, "because": "It merges."}
        actions.terminate_agreement(it, later, "Done.", by=cast.coordinator)
        assert "Correct the day of the end" in page_of(desk, "desk_agreement", it.public_id)
        address = reverse("members:desk_terminate", args=[it.public_id])
        assert desk.get(address).context["form"].initial == {"on": later, "because": "Done."}
        desk.post(address, {"on": today.isoformat(), "because": "Done.", "confirmed": "yes"})
        assert Agreement.objects.get(pk=it.pk).terminated_on == today
        assert "Correct the day of the end" not in page_of(desk, "desk_agreement", it.public_id)


class TestWhoIsTold:
    def test_who_answers_for_the_party_and_for_whom_it_covers_hears_that_it_leaves(self, cast, party, later):
        covered = make.AffiliationFactory(role="contact", institution__name="Branch")
        gone = make.AffiliationFactory(role="head")
        for institution, until in ((covered.institution, None), (gone.institution, later - timedelta(days=1))):
            roll = {"since": date(2026, 1, 1), "until": until, "document": "Roll 1"}
            Coverage.objects.create(party=party, institution=institution, **roll)
        actions.withdraw_party(party, later, "It merges.", by=cast.coordinator)
        assert set(mails("party_withdrawn")) == {cast.contact, covered.person}
        bodies = {mail.to_id: mail.body_text for mail in OutboxMail.objects.all()}
        said = "Your institution belongs to the cluster because School 1 covers it."
        assert [said in bodies[it.pk] for it in (cast.contact, covered.person)] == [False, True]
        assert all("The reason: It merges." in body for body in bodies.values())

    def test_heads_of_parties_and_of_whom_they_cover_hear_that_the_agreement_ends(self, cast, party, later):
        head, covered, gone = (make.AffiliationFactory(role="head") for _ in range(3))
        head.institution = cast.school
        head.save()
        for institution, until in ((covered.institution, None), (gone.institution, later - timedelta(days=1))):
            roll = {"since": date(2026, 1, 1), "until": until, "document": "Roll 1"}
            Coverage.objects.create(party=party, institution=institution, **roll)
        actions.terminate_agreement(cast.agreement, later, "Done.", by=cast.coordinator)
        assert set(mails("agreement_terminated")) == {head.person, covered.person}

    def test_the_last_mail_names_the_day_that_stands_when_it_went_there_and_back(self, cast, party, later):
        head = make.AffiliationFactory(institution=cast.school, role="head").person
        for days in (0, 30, 0):
            actions.terminate_agreement(cast.agreement, later + timedelta(days=days), "Done.", by=cast.coordinator)
        sent = OutboxMail.objects.filter(template="members/agreement_terminated", to=head).order_by("pk")
        assert [mail.state for mail in sent] == ["cancelled", "cancelled", "queued"]
        assert still_due(sent[2])

    def test_so_does_the_last_mail_about_a_party_that_leaves(self, cast, party, later):
        for days in (0, 30, 0):
            actions.withdraw_party(party, later + timedelta(days=days), "It merges.", by=cast.coordinator)
        sent = OutboxMail.objects.filter(template="members/party_withdrawn", to=cast.contact).order_by("pk")
        assert [mail.state for mail in sent] == ["cancelled", "cancelled", "queued"]
        assert still_due(sent[2])

    def test_who_leaves_later_hears_of_an_earlier_end(self, cast, party, today, later):
        head = make.AffiliationFactory(institution=cast.school, role="head").person
        actions.withdraw_party(party, later, "It merges.", by=cast.coordinator)
        actions.terminate_agreement(cast.agreement, today, "Done.", by=cast.coordinator)
        assert mails("agreement_terminated") == [head]

    def test_who_is_appointed_again_on_the_same_day_is_told_again(self, cast):
        region = make.RegionFactory(name="North")
        person = make.PersonFactory(email="north@example.org")
        actions.end_coordinator(actions.appoint_coordinator(person.email, region, cast.coordinator), cast.coordinator)
        actions.appoint_coordinator(person.email, region, by=cast.coordinator)
        subjects = [mail.subject for mail in OutboxMail.objects.order_by("pk")]
        assert subjects[::2] == ["Open your desk: you now coordinate North"] * 2

    def test_who_is_appointed_and_whose_role_ends_is_told(self, cast):
        region = make.RegionFactory(name="North")
        person = make.PersonFactory(email="north@example.org")
        role = actions.appoint_coordinator(person.email, region, by=cast.coordinator)
        actions.end_coordinator(role, by=cast.coordinator)
        told = [(mail.to, mail.subject) for mail in OutboxMail.objects.order_by("pk")]
        assert told == [
            (person, "Open your desk: you now coordinate North"),
            (person, "Check your roles: you no longer coordinate North"),
        ]

    def test_nobody_is_told_what_they_did_themself(self, cast):
        region = make.RegionFactory(name="North")
        role = actions.appoint_coordinator(cast.coordinator.email, region, by=cast.coordinator)
        actions.end_coordinator(role, by=cast.coordinator)
        assert OutboxMail.objects.count() == 0


class TestLastDays:
    """An addendum has no last day: it ends with what it amends, and a renewal of that prolongs it too."""

    SAID = "An addendum ends with the agreement that it amends. Leave its last day empty."

    def test_an_addendum_is_not_begun_with_a_last_day(self, cast, later):
        with pytest.raises(Refused, match=self.SAID):
            actions.prepare_accession(cast.agreement, [make.InstitutionFactory()], cast.coordinator, valid_until=later)

    def test_an_addendum_gets_no_last_day_as_a_draft(self, cast, party, later):
        it = actions.prepare_accession(cast.agreement, [make.InstitutionFactory()], cast.coordinator)
        with pytest.raises(Refused, match=self.SAID):
            actions.change_agreement(it, by=cast.coordinator, valid_until=later)
        assert list(AgreementForm(instance=it).fields) == ["title", "number", "place", "occasion", "valid_from"]

    def test_the_database_keeps_last_days_from_addenda(self, cast, later):
        with pytest.raises(IntegrityError, match="agreement_addendum_ends_with"), transaction.atomic():
            make.AgreementFactory(kind="addendum", amends=cast.agreement, valid_until=later)


class TestRolls:
    @pytest.mark.parametrize(("days", "told"), [(-40, True), (0, False)])
    def test_a_roll_that_is_dated_earlier_says_when_it_was_entered(self, cast, party, today, client, desk, days, told):
        branch, since = make.InstitutionFactory(name="Branch"), today + timedelta(days=days)
        actions.cover_institutions(party, [branch], since, None, "Roll 1", by=cast.coordinator)
        roll = branch.coverages.get()
        assert (roll.entered_on, roll.entered_late) == (today, today if told else None)
        pages = [
            client.get(branch.get_absolute_url()),
            client.get(cast.agreement.get_absolute_url()),
            client.get("/members/standing/"),
            desk.get(reverse("members:desk_coverage", args=[cast.agreement.public_id, cast.school.slug])),
        ]
        assert ["entered on" in page.content.decode() for page in pages] == [told] * 4

    def test_the_pages_ask_as_often_for_a_long_roll_as_for_a_short_one(self, cast, party, today, desk):
        counts = []
        for _more in range(2):
            covered = make.InstitutionFactory.create_batch(2)
            actions.cover_institutions(party, covered, today - timedelta(days=9), None, "Roll", by=cast.coordinator)
            for address in (
                cast.agreement.get_absolute_url(),
                reverse("members:desk_coverage", args=[cast.agreement.public_id, cast.school.slug]),
            ):
                with CaptureQueriesContext(connection) as asked:
                    assert "entered on" in desk.get(address).content.decode()
                counts.append(len(asked))
        assert counts[:2] == counts[2:]

    def test_a_roll_of_a_draft_rewrites_nothing(self, cast, today):
        draft = make.AgreementFactory(state="draft", concluded_on=None)
        party = make.PartyFactory(agreement=draft, signed_on=None)
        actions.cover_institutions(party, [cast.school], date(2026, 1, 1), None, "Roll 1", by=cast.coordinator)
        assert cast.school.coverages.get().entered_late is None

    def test_a_roll_of_what_was_terminated_is_not_ended(self, cast, party, today, later):
        actions.cover_institutions(party, [make.InstitutionFactory()], today, None, "Roll 1", by=cast.coordinator)
        actions.terminate_agreement(cast.agreement, later, "Done.", by=cast.coordinator)
        with pytest.raises(Refused, match="Nobody can be covered by it any more"):
            actions.end_coverage(party.coverages.get(), today, by=cast.coordinator)


@pytest.mark.django_db(transaction=True)
def test_an_agreement_ends_after_the_roll_that_is_just_being_ended(together, monkeypatch):
    by, today = make.CoordinatorFactory().person, Cluster.current().today()
    party, looked = make.PartyFactory(), threading.Event()
    roll = {"since": today, "document": "Roll 1"}
    roll = Coverage.objects.create(party=party, institution=make.InstitutionFactory(), **roll)

    def slowly(on):
        looked.set()
        time.sleep(0.5)

    def terminate():
        looked.wait(30)
        actions.terminate_agreement(party.agreement, today, "Done.", by=by)

    monkeypatch.setattr(addenda, "refuse_past", slowly)
    assert together(lambda: actions.end_coverage(roll, today, by=by), terminate) == ["done", "done"]
    verbs = [line.verb for line in AuditEntry.objects.filter(object_id=party.agreement.public_id).order_by("pk")]
    assert verbs == ["members.agreement.cover", "members.agreement.terminate"]


def test_the_audit_of_a_draft_names_the_parties_by_their_public_ids(cast, today):
    it = actions.draft_agreement(cast.coordinator, kind="network", title="Cluster", valid_from=today)
    first, second = make.InstitutionFactory.create_batch(2)
    actions.add_parties(it, [first, second], "lead", by=cast.coordinator)
    actions.remove_party(it.parties.get(institution=first), by=cast.coordinator)
    lines = AuditEntry.objects.filter(verb="members.agreement.change", object_id=it.public_id).order_by("pk")
    assert [line.reason for line in lines] == [
        f"lead: party {first.public_id}", f"lead: party {second.public_id}", f"taken out: party {first.public_id}",
    ]  # fmt: skip


@pytest.fixture
def in_korean(cast):
    """The documents of the cluster are in Korean, whoever presses the button."""
    Cluster.objects.update_or_create(pk=1, defaults={"name": "North", "language": "ko"})
    return cast


def test_titles_that_are_kept_are_in_the_language_of_the_cluster(in_korean, cast, party, later, desk):
    it = make.AgreementFactory(title="가나다", valid_until=later)
    make.PartyFactory(agreement=it)
    accession = actions.prepare_accession(it, [make.InstitutionFactory()], cast.coordinator)
    renewal = actions.prepare_renewal(it, later + timedelta(days=90), cast.coordinator)
    assert (accession.title, renewal.title) == (actions.title_of_accession(it), actions.title_of_renewal(it))
    assert not {"Accession", "Renewal"} & set(f"{accession.title} {renewal.title}".split())
    shown = desk.get(reverse("members:desk_accession", args=[it.public_id])).context["form"].initial
    assert shown == {"title": accession.title}


def test_an_accepted_application_names_its_addendum_in_the_language_of_the_cluster(in_korean, cast, party):
    application = make.ApplicationFactory(state="received", name="A")
    actions.accept_application(application, cast.agreement, by=cast.coordinator)
    assert "Accession" not in application.addendum.title


def test_a_long_title_leaves_room_for_what_is_written_before_it(cast, party):
    it = make.AgreementFactory(title="x" * 200)
    assert len(actions.prepare_accession(it, [make.InstitutionFactory()], cast.coordinator).title) == 200


@pytest.mark.parametrize(("sent", "kept"), [({"language": "ru"}, "ru"), ({}, "en")])
def test_the_first_day_asks_for_the_language_of_documents(desk, sent, kept):
    desk.post("/desk/start/name/", {"name": "North", "about": "", "contact_email": "us@example.org"} | sent)
    assert Cluster.objects.get().language == kept


class TestCandidates:
    @pytest.fixture
    def accepted(self, cast, party):
        it = make.ApplicationFactory(state="received", name="Hopeful")
        actions.accept_application(it, cast.agreement, by=cast.coordinator)
        return it

    def standing(self, application, day):
        return Institution.objects.with_standing(day).get(pk=application.institution_id).standing

    def test_who_was_accepted_is_no_candidate_once_the_addendum_was_given_up(self, accepted, cast, today, time_machine):
        time_machine.move_to(today + timedelta(days=5))
        actions.withdraw_agreement(accepted.addendum, by=cast.coordinator)
        days = [today + timedelta(days=number) for number in (4, 5)]
        assert [self.standing(accepted, day) for day in days] == ["candidate", "none"]

    def test_another_addendum_on_its_way_makes_it_a_candidate_again(self, accepted, cast, today):
        actions.withdraw_agreement(accepted.addendum, by=cast.coordinator)
        other = actions.prepare_accession(cast.agreement, [accepted.institution], cast.coordinator)
        assert self.standing(accepted, today) == "candidate"
        actions.withdraw_agreement(other, by=cast.coordinator)
        assert self.standing(accepted, today) == "none"

    def test_it_applies_again(self, accepted, cast, today):
        actions.withdraw_agreement(accepted.addendum, by=cast.coordinator)
        again = make.ApplicationFactory(state="received", name="Hopeful")
        actions.accept_application(again, cast.agreement, by=cast.coordinator, institution=accepted.institution)
        assert self.standing(again, today) == "candidate"

    def test_the_applicant_reads_that_the_addendum_was_given_up(self, accepted, cast, client):
        actions.withdraw_agreement(accepted.addendum, by=cast.coordinator)
        page = client.get(signed_link("members.application", accepted.public_id)).content.decode()
        assert ("The addendum was given up" in page, "Welcome." in page) == (True, False)
