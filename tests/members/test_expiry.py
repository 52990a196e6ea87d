"""Before an agreement ends: who is told when, what the notice names, and what makes it silent."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cluster_portal.delivery import deliver_due_mail
from cluster_portal.links import absolute
from cluster_portal.models import OutboxMail
from cluster_portal.reminders import queue_due_reminders
from members import actions
from members.desk_rows import agreements_ending, agreements_to_finish, agreements_to_sign, own_agreements_ending
from members.expiry import what_lapses, what_stops
from members.models import Agreement, Coverage
from members.unanswered import signatures
from tests import factories as make

pytestmark = pytest.mark.django_db
LAST_DAY = date(2027, 6, 30)


@pytest.fixture
def ending(cast):
    """An agreement of two parties with heads, one of which covers a school; it ends on 30 June 2027."""
    it = make.AgreementFactory(title="Cluster", valid_until=LAST_DAY)
    make.ClauseFactory(agreement=it, number="2.1")
    for name in ("Academy", "College"):
        party = make.PartyFactory(agreement=it, institution__name=name)
        make.AffiliationFactory(institution=party.institution, role="head", person__family_name=name)
    covered = make.InstitutionFactory(name="Branch")
    Coverage.objects.create(party=party, institution=covered, since=date(2026, 1, 1), document="Roll 1")
    return it


def notices(clock, day, hour=10):
    clock.move_to(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))
    queue_due_reminders()
    rows = OutboxMail.objects.filter(template="members/agreement_expiring").exclude(state="cancelled")
    return rows.select_related("to").order_by("pk")


def test_notices_leave_60_30_and_7_days_before_to_coordinators_and_heads(ending, cast, time_machine):
    for before in range(64, -3, -1):
        notices(time_machine, LAST_DAY - timedelta(days=before))
    rows = OutboxMail.objects.filter(template="members/agreement_expiring")
    assert {(mail.to.family_name or mail.to.pk) for mail in rows} == {
        cast.coordinator.family_name, "Academy", "College"
    }  # fmt: skip
    assert {(LAST_DAY - mail.not_before.date()).days for mail in rows} == {7, 30, 60}
    assert rows.count() == 9


def test_a_notice_names_exactly_what_stops(ending, cast, time_machine):
    mails = {mail.to.family_name: mail for mail in notices(time_machine, LAST_DAY - timedelta(days=30))}
    own = mails[cast.coordinator.family_name]
    assert own.subject == "Renew within 30 days: Cluster ends on 30 June 2027"
    assert mails["Academy"].subject == "Decide within 30 days whether to renew: Cluster ends on 30 June 2027"
    listed = [line for line in own.body_text.splitlines() if line.startswith("- ")]
    assert listed == ["- Academy", "- Branch", "- College", "- § 2.1. Taking part in courses"]
    assert f"/desk/agreements/{ending.public_id}/renew/" in own.body_text
    assert "/renew/" not in mails["Academy"].body_text


@pytest.fixture
def branch_head(ending):
    """Who leads the school that the college covers."""
    return make.AffiliationFactory(
        institution=Coverage.objects.get().institution, role="head", person__family_name="Branch"
    ).person


def test_the_head_of_a_covered_school_is_told_and_asks_whoever_signs(ending, branch_head, cast, time_machine):
    day = LAST_DAY - timedelta(days=30)
    it = notices(time_machine, day).get(to=branch_head)
    assert it.subject == "Ask within 30 days who renews for you: Cluster ends on 30 June 2027"
    said = "Your institution belongs by the roll of College, which is asked to sign the renewal."
    assert said in " ".join(it.body_text.split())
    row = (1, "agreement of yours ends within 60 days", ending.get_absolute_url())
    assert rows(own_agreements_ending(branch_head)) == [row]


def test_whoever_a_roll_does_not_name_on_the_last_day_is_not_told_of_the_agreement(ending, branch_head, time_machine):
    Coverage.objects.update(until=LAST_DAY - timedelta(days=1))
    day = LAST_DAY - timedelta(days=30)
    assert (notices(time_machine, day).count(), rows(own_agreements_ending(branch_head))) == (3, [])


def test_a_notice_leads_to_each_clause_that_ends(ending, cast, time_machine):
    mail = notices(time_machine, LAST_DAY - timedelta(days=30))[0]
    clause = ending.clauses.get()
    assert f"- § 2.1. Taking part in courses\n{absolute(clause.get_absolute_url())}\n" in mail.body_text


class TestRollsEnding:
    until = date(2027, 3, 31)

    @pytest.fixture
    def roll(self, ending, branch_head):
        Coverage.objects.update(until=self.until)
        return Coverage.objects.get()

    def told(self, clock, before, hour=10):
        notices(clock, self.until - timedelta(days=before), hour)
        mails = OutboxMail.objects.filter(template="members/roll_ending", state="queued")
        return {mail.to.family_name: mail for mail in mails.select_related("to")}

    def test_60_30_and_7_days_before_coordinators_and_both_heads_are_told(self, roll, cast, time_machine):
        for before in range(64, -3, -1):
            told = self.told(time_machine, before)
        assert set(told) == {cast.coordinator.family_name, "College", "Branch"}
        mails = OutboxMail.objects.filter(template="members/roll_ending")
        assert sorted((self.until - mail.not_before.date()).days for mail in mails) == [7] * 3 + [30] * 3 + [60] * 3

    def test_it_names_the_line_and_what_helps(self, roll, ending, cast, time_machine):
        told = self.told(time_machine, 30)
        own, theirs = told[cast.coordinator.family_name].body_text, told["Branch"].body_text
        assert told["Branch"].subject == "Decide within 30 days who stays: a roll under Cluster ends on 31 March 2027"
        assert [it.count("- Branch (College, Roll 1)") for it in (own, theirs)] == [1, 1]
        assert [f"/desk/agreements/{ending.public_id}/" in it for it in (own, theirs)] == [True, False]

    def test_each_head_reads_of_their_own_lines_only(self, roll, cast, time_machine):
        other = make.InstitutionFactory(name="Annexe")
        Coverage.objects.create(
            party=roll.party, institution=other, since=roll.since, until=self.until, document="Roll 1"
        )
        told = self.told(time_machine, 30)
        counts = {name: (it.body_text.count("- Annexe"), it.body_text.count("- Branch")) for name, it in told.items()}
        assert counts == {cast.coordinator.family_name: (1, 1), "College": (1, 1), "Branch": (0, 1)}

    def test_whoever_stays_by_another_document_is_not_written_to(self, roll, cast, time_machine):
        make.PartyFactory(agreement=cast.agreement, institution=roll.institution)
        assert self.told(time_machine, 30) == {}

    def test_a_new_line_silences_what_was_queued(self, roll, time_machine):
        assert len(self.told(time_machine, 31)) == 3  # written a day ahead
        day = self.until + timedelta(days=1)
        Coverage.objects.create(party=roll.party, institution=roll.institution, since=day, document="Roll 2")
        time_machine.move_to(datetime(2027, 3, 1, 12, tzinfo=UTC))
        deliver_due_mail()
        mails = OutboxMail.objects.filter(template="members/roll_ending")
        assert set(mails.values_list("state", flat=True)) == {"cancelled"}

    def test_where_the_agreement_ends_on_that_day_its_own_notice_says_so(self, branch_head, time_machine):
        Coverage.objects.update(until=LAST_DAY)
        assert notices(time_machine, LAST_DAY - timedelta(days=30)).filter(to__family_name="Branch").count() == 1
        assert OutboxMail.objects.filter(template="members/roll_ending").count() == 0


def test_who_belongs_by_another_document_loses_nothing(ending, cast):
    academy = ending.parties.get(institution__name="Academy").institution
    make.PartyFactory(agreement=cast.agreement, institution=academy)
    stop = what_lapses(ending)
    assert ([str(it) for it in stop.institutions], stop.day) == (["Branch", "College"], date(2027, 7, 1))


def test_what_stops_counts_the_addenda_too(ending):
    addendum = make.AgreementFactory(kind="addendum", amends=ending)
    newcomer = make.PartyFactory(agreement=addendum, institution__name="Newcomer").institution
    clause = make.ClauseFactory(agreement=addendum, number="1")
    stop = what_lapses(ending)
    assert newcomer in stop.institutions
    assert [it.number for it in stop.clauses] == ["2.1", "1"]
    assert what_stops(addendum, date(2027, 1, 1)).clauses == [clause]
    assert what_stops(addendum, date(2027, 1, 1)).institutions == [newcomer]


def test_a_renewal_silences_what_was_queued(ending, time_machine):
    assert notices(time_machine, LAST_DAY - timedelta(days=31)).count() == 3  # written a day ahead
    make.AgreementFactory(kind="addendum", amends=ending, prolongs_until=date(2028, 6, 30))
    Agreement.objects.filter(pk=ending.pk).update(prolonged_until=date(2028, 6, 30))
    assert notices(time_machine, LAST_DAY - timedelta(days=31), hour=11).count() == 0


def test_a_termination_silences_what_was_queued(ending, cast, time_machine):
    assert notices(time_machine, LAST_DAY - timedelta(days=31)).count() == 3
    actions.terminate_agreement(ending, LAST_DAY - timedelta(days=9), "Done.", by=cast.coordinator)
    assert notices(time_machine, LAST_DAY - timedelta(days=31), hour=13).count() == 0


def test_a_notice_is_written_once(ending, time_machine):
    counts = [notices(time_machine, LAST_DAY - timedelta(days=30), hour=hour).count() for hour in (10, 11)]
    assert counts == [3, 3]


def desk_of(agreement):
    return reverse("members:desk_agreement", args=[agreement.public_id])


def rows(found):
    return [(row.count, str(row.text), row.url) for row in found]


def test_the_desk_shows_what_ends_within_60_days(ending, cast, time_machine):
    seen = []
    for before in (61, 60, 0):
        time_machine.move_to(LAST_DAY - timedelta(days=before))
        seen.append(rows(agreements_ending(cast.coordinator)))
    url = reverse("members:desk_agreement", args=[ending.public_id])
    row = (1, "agreement ends within 60 days", url)
    assert seen == [[], [row], [row]]
    assert rows(agreements_ending(cast.contact)) == []


def test_the_desk_leads_heads_to_sign_and_coordinators_to_conclude(cast):
    it = make.AgreementFactory(state="open", concluded_on=None)
    party = make.PartyFactory(agreement=it, signed_on=None)
    head = make.AffiliationFactory(institution=party.institution, role="head").person
    url, desk = reverse("members:sign", args=[it.public_id]), reverse("members:desk_agreement", args=[it.public_id])
    assert rows(agreements_to_sign(head)) == [(1, "agreement waits for your signature", url)]
    assert rows(agreements_to_finish(cast.coordinator)) == [(1, "agreement waits for signatures", desk)]
    type(party).objects.filter(pk=party.pk).update(signed_on=date(2026, 2, 1))
    assert rows(agreements_to_sign(head)) == []
    assert rows(agreements_to_finish(cast.coordinator)) == [(1, "agreement is signed by all", desk)]


def test_a_renewal_under_way_is_led_to_instead_of_another(ending, cast, demo, time_machine):
    time_machine.move_to(LAST_DAY - timedelta(days=20))
    renewal = make.AgreementFactory(
        kind="addendum", amends=ending, state="draft", concluded_on=None, prolongs_until=date(2028, 6, 30)
    )
    assert rows(agreements_ending(cast.coordinator)) == [
        (1, "renewal of what ends soon is under way", desk_of(renewal))
    ]
    client = Client()
    client.force_login(cast.coordinator)
    page = client.get(desk_of(ending)).content.decode()
    renew = reverse("members:desk_renew", args=[ending.public_id])
    assert (f'href="{desk_of(renewal)}">Renewal under way' in page, f'href="{renew}"' in page) == (True, False)
    actions.withdraw_agreement(renewal, by=cast.coordinator)
    assert rows(agreements_ending(cast.coordinator)) == [(1, "agreement ends within 60 days", desk_of(ending))]


def test_the_desk_asks_as_often_for_many_endings_as_for_few(cast, time_machine, django_assert_num_queries):
    time_machine.move_to(LAST_DAY - timedelta(days=20))
    assert cast.coordinator.coordinates_whole_cluster
    for _more in range(2):
        make.AgreementFactory.create_batch(2, valid_until=LAST_DAY)
        with django_assert_num_queries(3):  # the cluster's day, what ends, what renews it
            assert len(list(agreements_ending(cast.coordinator))) == 1


def test_heads_see_what_of_theirs_ends(ending, cast, time_machine):
    time_machine.move_to(LAST_DAY - timedelta(days=20))
    college = ending.parties.get(institution__name="College")
    head = college.institution.affiliations.get().person
    addendum = make.AgreementFactory(kind="addendum", amends=ending)
    acceded = make.AffiliationFactory(institution=make.PartyFactory(agreement=addendum).institution, role="head").person
    row = (1, "agreement of yours ends within 60 days", ending.get_absolute_url())
    assert [rows(own_agreements_ending(it)) for it in (head, acceded, cast.contact)] == [[row], [row], []]
    ending.parties.filter(pk=college.pk).update(withdrawn_on=LAST_DAY)
    assert rows(own_agreements_ending(head)) == []


def renewal_of(ending, signed):
    """An open renewal that these parties (by name) have signed."""
    it = make.AgreementFactory(
        kind="addendum", amends=ending, state="open", concluded_on=None, prolongs_until=date(2028, 6, 30)
    )
    for party in ending.parties.all():
        day = date(2027, 6, 1) if party.institution.name in signed else None
        make.PartyFactory(agreement=it, institution=party.institution, signed_on=day)
    return it


def test_who_has_left_is_not_waited_for_anywhere(ending, cast):
    renewal, college = renewal_of(ending, {"Academy"}), ending.parties.get(institution__name="College")
    head, desk = college.institution.affiliations.get().person, desk_of(renewal)
    assert rows(agreements_to_finish(cast.coordinator)) == [(1, "agreement waits for signatures", desk)]
    assert rows(agreements_to_sign(head)) != []
    assert [row.name for row in signatures(college.institution, cast.coordinator)] == [head.full_name]
    ending.parties.filter(pk=college.pk).update(withdrawn_on=date(2027, 6, 2))
    assert rows(agreements_to_finish(cast.coordinator)) == [(1, "agreement is signed by all", desk)]
    assert rows(agreements_to_sign(head)) == []
    assert list(signatures(college.institution, cast.coordinator)) == []


def test_what_nobody_signed_and_all_have_left_is_not_called_signed_by_all(ending, cast):
    renewal_of(ending, set())
    ending.parties.update(withdrawn_on=date(2027, 6, 2))
    assert [row.text for row in agreements_to_finish(cast.coordinator)] == ["agreement waits for signatures"]


class TestAsOf:
    url = "/members/standing/"

    def test_it_shows_who_belonged_on_a_day_and_by_what(self, ending, client):
        page = client.get(self.url, {"on": "2027-06-30"}).content.decode()
        for words in ("Who belongs on 30 June 2027", "Academy", "Branch", "Roll 1", ending.get_absolute_url()):
            assert words in page
        after = client.get(self.url, {"on": "2027-07-01"}).content.decode()
        assert after.count("Former member") == 3

    @pytest.mark.parametrize("on", ["soon", "", "2027-02-31", "99999-01-01", "0001-01-01", "9999-12-31"])
    def test_a_day_that_is_none_says_so_and_shows_today(self, ending, client, on):
        response = client.get(self.url, {"on": on})
        assert (response.status_code, list(response.context["form"].errors)) == (200, ["on"])

    def test_it_asks_as_often_for_many_as_for_few(self, cast, django_assert_num_queries):
        client = Client()
        client.get(self.url)
        counts = []
        for _more in range(2):
            make.PartyFactory.create_batch(2, agreement=cast.agreement)
            with django_assert_num_queries(6, exact=False) as captured:
                client.get(self.url)
            counts.append(len(captured))
        assert counts[0] == counts[1]
