"""Certificates: numbered and issued once, to a guardian for a child; verified by anybody, fetched by who may."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal import hooks
from cluster_portal.links import signed_token
from cluster_portal.mailtext import secrets_in
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from cluster_portal.reminders import queue_due_reminders
from members import actions
from members.certificates import Earned, Paper, facts_of, held_by, link_for
from members.models import Certificate, Guardianship, Person
from members.retention import run_retention
from tests import factories as make
from tests.browsing import at

pytestmark = pytest.mark.django_db
PAPER = Paper("completion", "AI Tools in Teaching", "ITMO", date(2026, 3, 2), date(2026, 4, 27), "en", 36, "room")


@pytest.fixture
def thing(run):
    return run


@pytest.fixture
def teacher(cast):
    cast.teacher.family_name, cast.teacher.patronymic = "Ivanova", "Petrovna"
    cast.teacher.save()
    return cast.teacher


@pytest.fixture
def child(cast):
    child = make.ChildFactory(family_name="Gromov")
    make.GuardianshipFactory(child=child, guardian__family_name="Gromova")
    return child


def issue(person, thing, cast, paper=PAPER):
    person.save()
    return actions.issue_certificate(person, paper, thing, by=cast.coordinator)


def subjects(template):
    return list(OutboxMail.objects.filter(template=template).values_list("to", "subject"))


def test_a_certificate_holds_all_that_its_paper_says(teacher, thing, cast):
    with time_machine.travel("2027-05-03T10:00Z", tick=False):
        it = issue(teacher, thing, cast)
    assert (it.number, it.state, it.name_printed, it.issued_to) == (
        "2027-000001",
        "issued",
        "Ivanova Anna Petrovna",
        None,
    )
    assert (it.about_model, it.about_id, it.issued_on) == ("courses.run", thing.public_id, date(2027, 5, 3))
    assert facts_of(it) == [
        ("Academic hours", "36"), ("Form of taking part", "In the room"), ("Held", "2 March 2026 to 27 April 2026"),
        ("Issued by", "ITMO"), ("Issued on", "3 May 2027"), ("Number of the certificate", "2027-000001"),
    ]  # fmt: skip


def test_numbers_go_on_and_begin_anew_with_the_year(thing, cast):
    numbers = []
    for day in ("2027-12-31T10:00Z", "2027-12-31T10:01Z", "2028-01-01T10:00Z"):
        with time_machine.travel(day, tick=False):
            numbers.append(issue(make.PersonFactory(), thing, cast).number)
    assert numbers == ["2027-000001", "2027-000002", "2028-000001"]


def test_the_name_chosen_for_certificates_is_printed(teacher, thing, cast):
    teacher.name_on_certificate = "Anna Ivanova-Smirnova"
    assert issue(teacher, thing, cast).name_printed == "Anna Ivanova-Smirnova"


def test_its_holder_is_told_with_a_link(teacher, thing, cast):
    it = issue(teacher, thing, cast)
    assert subjects("members/certificate_issued") == [(teacher.pk, f"Download the certificate: {it.title}")]
    assert AuditEntry.objects.get(verb="members.certificate.issue").values == {"number": it.number}


def test_a_childs_is_issued_to_the_guardian_who_was_named_first(child, thing, cast):
    make.GuardianshipFactory(child=child)
    guardian = child.guarded_by.order_by("pk").first().guardian
    it = issue(child, thing, cast)
    assert (it.person, it.issued_to, it.name_printed) == (child, guardian, "Gromov Ilya")
    assert [reader for reader, _subject in subjects("members/certificate_issued")] == [guardian.pk]


def test_of_two_guardians_the_first_who_can_be_written_to_gets_it(thing, cast):
    child = make.GuardianshipFactory(guardian__email=None).child
    second = make.GuardianshipFactory(child=child).guardian
    make.GuardianshipFactory(child=child)
    assert issue(child, thing, cast).issued_to == second
    assert [reader for reader, _subject in subjects("members/certificate_issued")] == [second.pk]


def test_a_child_without_guardian_gets_none_yet(thing, cast):
    with pytest.raises(Refused, match="no guardian is named to receive it"):
        issue(make.ChildFactory(), thing, cast)
    assert (Certificate.objects.count(), OutboxMail.objects.count()) == (0, 0)


def test_one_thing_is_certified_once(teacher, thing, cast):
    issue(teacher, thing, cast)
    with pytest.raises(Refused, match="has a valid certificate for this already"):
        issue(teacher, thing, cast)


@pytest.mark.parametrize("name", ["Anna 🤖", "แอนนา", "أنا"])
def test_what_cannot_be_drawn_is_refused_before_it_is_issued(name, teacher, thing, cast):
    teacher.name_on_certificate = name
    with pytest.raises(Refused, match="cannot show these signs"):
        issue(teacher, thing, cast)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_have_two_numbers_and_one_person_one_certificate(thing, cast, together):
    other = make.PersonFactory()
    done = together(*(lambda who=who: issue(who, thing, cast) for who in (cast.teacher, cast.teacher, other)))
    assert sorted(done) == ["done", "done", "refused"]
    assert sorted(Certificate.objects.values_list("number", flat=True)) == [f"{now().year}-00000{n}" for n in (1, 2)]


def test_a_corrected_name_replaces_the_certificate(teacher, thing, cast):
    first = issue(teacher, thing, cast)
    fresh = actions.correct_certificate(first, by=cast.coordinator, name=" Ivanova-Smith Anna ")
    first.refresh_from_db()
    assert (first.state, first.name_printed, fresh.supersedes) == ("superseded", "Ivanova Anna Petrovna", first)
    assert (fresh.state, fresh.name_printed, fresh.number != first.number) == ("issued", "Ivanova-Smith Anna", True)
    assert [(fresh.hours, fresh.form, fresh.about_id)] == [(36, "room", thing.public_id)]
    assert subjects("members/certificate_corrected") == [
        (teacher.pk, f"Download the corrected certificate: {fresh.title}")
    ]
    assert OutboxMail.objects.get(template="members/certificate_issued").state == "cancelled"


@pytest.mark.parametrize("name", ["Ivanova Anna Petrovna", " Ivanova  Anna\tPetrovna "])
def test_the_same_name_corrects_nothing_whatever_its_white_space(name, teacher, thing, cast):
    it = issue(teacher, thing, cast)
    with pytest.raises(Refused, match="says so already"):
        actions.correct_certificate(it, by=cast.coordinator, name=name)


def test_white_space_is_not_printed(teacher, thing, cast):
    teacher.name_on_certificate = " Anna   Ivanova "
    assert issue(teacher, thing, cast).name_printed == "Anna Ivanova"


def test_whoever_was_erased_gets_none_and_no_corrected_one(teacher, thing, cast):
    it = issue(teacher, thing, cast)
    actions.erase_person(teacher, by=cast.coordinator)
    again = [
        lambda: actions.correct_certificate(it, by=cast.coordinator, name="Ivanova Anna"),
        lambda: actions.issue_certificate(teacher, PAPER, make.RunFactory(), by=cast.coordinator),
    ]
    for act in again:
        with pytest.raises(Refused, match=r"This person was erased\. Nothing is issued to them any more\."):
            act()
    assert [it.name_printed for it in Certificate.objects.all()] == [""]


def test_many_are_issued_in_as_many_queries_as_few(thing, cast):
    counts = []
    issue(make.PersonFactory(), thing, cast)  # the key is made
    for size in (3, 20):
        children = [make.GuardianshipFactory().child for _ in range(size)]
        with CaptureQueriesContext(connection) as captured:
            rows, why_not = actions.issue_certificates([Earned(it, PAPER) for it in children], thing, cast.coordinator)
        assert (len(rows), why_not) == (size, {})
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 25


def test_whoever_cannot_get_theirs_is_passed_over_with_the_reason(teacher, thing, cast):
    orphan, robot = make.ChildFactory(), make.PersonFactory(name_on_certificate="Anna 🤖")
    earned = [Earned(it, PAPER) for it in (teacher, orphan, robot)]
    rows, why_not = actions.issue_certificates(earned, thing, cast.coordinator)
    assert [it.person for it in rows] == [teacher]
    assert why_not == {
        orphan.pk: f"{orphan.full_name} is a child, and no guardian is named to receive it. Name one first.",
        robot.pk: "The paper of Anna 🤖 cannot show these signs: 🤖. Correct the name or the title first.",
    }
    assert [reader for reader, _subject in subjects("members/certificate_issued")] == [teacher.pk]


def test_what_was_replaced_is_not_corrected_again(teacher, thing, cast):
    first = issue(teacher, thing, cast)
    stale = Certificate.objects.get(pk=first.pk)
    actions.correct_certificate(first, by=cast.coordinator, name="Smith")
    with pytest.raises(Refused, match="already answered"):
        actions.correct_certificate(stale, by=cast.coordinator, name="Jones")


def test_a_guardian_must_be_there_for_a_corrected_one_too(child, thing, cast):
    it = issue(child, thing, cast)
    Guardianship.objects.update(ended_at=now())
    with pytest.raises(Refused, match="No guardian is named to receive it any more"):
        actions.correct_certificate(it, by=cast.coordinator, name="Gromova Ilya")


def test_a_revoked_one_says_so_to_everybody_and_why_to_its_holder(teacher, thing, cast, client):
    it = issue(teacher, thing, cast)
    actions.revoke_certificate(it, by=cast.coordinator, reason="It was a mistake.")
    mail = OutboxMail.objects.get(template="members/certificate_revoked")
    assert (it.state, mail.to) == ("revoked", teacher)
    assert "The reason: It was a mistake." in mail.body_text
    page = client.get(it.get_absolute_url()).content.decode()
    assert ("This certificate does not hold any more" in page, "mistake" in page) == (True, False)
    assert issue(teacher, thing, cast).state == "issued"


@pytest.mark.parametrize("state", Certificate.State)
def test_nobody_moves_a_certificate_of_which_no_app_says_who_keeps_it(state, cast):
    it = make.CertificateFactory(state=state, about_model="x.y")
    assert [available_moves(who, it) for who in (cast.coordinator, cast.teacher, it.person)] == [{}, {}, {}]


def test_anybody_verifies_and_reads_what_the_paper_says_and_nothing_more(teacher, thing, cast, client):
    it = issue(teacher, thing, cast)
    response = client.get(f"/verify/{it.public_id}/")
    page = response.content.decode()
    assert (response.status_code, response.headers["X-Robots-Tag"]) == (200, "noindex")
    assert [said in page for said in (it.name_printed, it.title, it.number, "36", "Valid")] == [True] * 5
    assert [said in page for said in (teacher.email, cast.school.name, thing.public_id, teacher.public_id)] == [
        False
    ] * 4


@pytest.mark.parametrize(
    "form",
    [
        "{}", " {} ", "{0[0]}{0[1]}-{0[2]}{0[3]} ", "http://testserver/verify/{}/", "http://testserver/verify/{}",
        "testserver/verify/?code={}", "https://portalcluster.example.org/verify/{}/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_a_code_is_found_in_whatever_people_type(change, form, teacher, thing, cast, client):
    it = issue(teacher, thing, cast)
    form = form.replace("{0[0]}{0[1]}-{0[2]}{0[3]} ", f"{it.public_id[:4]}-{it.public_id[4:8]} {it.public_id[8:]}")
    response = client.get("/verify/", {"code": change(form.format(it.public_id))}, follow=True)
    assert (response.status_code, response.context["it"]) == (200, it)


@pytest.mark.parametrize("typed", ["/", "//", "..", ".", "\x00", "%", "?", "#", "a" * 500, "keys.json", "22222222222!"])
def test_what_holds_no_code_says_so(typed, client):
    response = client.get("/verify/", {"code": typed})
    assert (response.status_code, "No certificate has the code" in response.content.decode()) == (404, True)


def test_an_unknown_code_says_so(client):
    response = client.get("/verify/22222222<b>22/")
    assert (response.status_code, "No certificate has the code" in response.content.decode()) == (404, True)
    assert client.get("/verify/").status_code == 200


def test_a_replaced_one_does_not_lead_to_the_newer(teacher, thing, cast, client):
    first = issue(teacher, thing, cast)
    fresh = actions.correct_certificate(first, by=cast.coordinator, name="Smith Anna")
    page = client.get(first.get_absolute_url()).content.decode()
    assert ("replaced by a newer one" in page, "Smith" in page, fresh.public_id in page) == (True, False, False)


def test_who_may_fetch_a_certificate(child, teacher, thing, cast):
    mine, childs = issue(teacher, thing, cast), issue(child, thing, cast)
    second = make.GuardianshipFactory(child=child).guardian
    people = [teacher, child, childs.issued_to, second, cast.colleague, cast.coordinator]
    assert [list(held_by(who)) for who in people] == [[mine], [], [childs], [childs], [], []]


def test_who_grew_up_fetches_it_alone(child, thing, cast):
    guardian = issue(child, thing, cast).issued_to
    child.birth_date, child.contact_email = date(2000, 1, 1), "grown@example.org"
    child.save()
    assert [held_by(who).count() for who in (child, guardian)] == [1, 0]


@pytest.mark.parametrize(("name", "kind"), [("paper", "application/pdf"), ("badge", "application/vc+jwt")])
def test_files_are_for_their_holder_only(name, kind, teacher, thing, cast):
    it = issue(teacher, thing, cast)
    address = reverse(f"members:certificate_{name}", args=[it.public_id])
    response = at(teacher).get(address)
    assert (response.status_code, response["Content-Type"], response["Cache-Control"]) == (
        200,
        kind,
        "private, no-store",
    )
    assert at(cast.colleague).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    actions.revoke_certificate(it, by=cast.coordinator, reason="")
    assert at(teacher).get(address).status_code == 404


def links(it, reader=None):
    token = signed_token("members.certificate", link_for(it, reader or it.issued_to or it.person))
    return [
        reverse(f"members:{name}", args=[token]) for name in ("certificate_by_link", "paper_by_link", "badge_by_link")
    ]


def codes(it, reader=None):
    return [Client().get(address).status_code for address in links(it, reader)]


def why(it, reader=None):
    page = Client().get(links(it, reader)[0]).content.decode()
    return re.search(r'class="lede">([^<]+)<', page)[1].strip()


def test_the_mailed_link_needs_no_sign_in(child, thing, cast):
    assert codes(issue(child, thing, cast)) == [200, 200, 200]


def test_the_link_ends_with_the_guardianship(child, thing, cast):
    it = issue(child, thing, cast)
    child.guarded_by.update(ended_at=now())
    assert codes(it) == [404, 404, 404]


def test_the_link_of_somebody_suspended_is_shut(teacher, thing, cast):
    it = issue(teacher, thing, cast)
    actions.suspend_person(teacher, by=cast.coordinator)
    assert codes(it) == [404, 404, 404]


def test_each_guardian_has_a_link_of_their_own(child, thing, cast):
    it, second = issue(child, thing, cast), make.GuardianshipFactory(child=child).guardian
    child.guarded_by.filter(guardian=it.issued_to).update(ended_at=now())
    assert [codes(it), codes(it, second), codes(it, cast.colleague)] == [[404] * 3, [200] * 3, [404] * 3]
    assert why(it) == "Whoever it was sent to does not fetch this certificate any more."


def test_a_link_says_why_it_does_not_work(teacher, thing, cast):
    it = issue(teacher, thing, cast)
    page = Client().get(links(it)[0][:-3] + "/").content.decode()
    assert "It was copied in part, or it is older than a year." in page
    actions.revoke_certificate(it, by=cast.coordinator, reason="")
    assert "There is nothing to download of it any more." in Client().get(links(it)[1]).content.decode()


@pytest.fixture
def nearly_adult(thing, cast):
    """A child who is 18 on 1 June 2027, with a certificate of May that was issued to the guardian."""
    with time_machine.travel("2027-05-03T10:00Z", tick=False):
        child = make.ChildFactory(birth_date=date(2009, 6, 1))
        make.GuardianshipFactory(child=child)
        yield issue(child, thing, cast)


def test_of_age_without_an_address_the_link_of_the_guardian_stays_open(nearly_adult):
    assert codes(nearly_adult) == [200, 200, 200]
    with time_machine.travel("2027-06-02T10:00Z", tick=False):
        assert codes(nearly_adult) == [200, 200, 200]
        Person.objects.filter(pk=nearly_adult.person_id).update(contact_email="grown@example.org")
        assert codes(nearly_adult) == [404, 404, 404]


def test_of_age_one_is_mailed_the_links_of_ones_own(nearly_adult):
    child = nearly_adult.person
    Person.objects.filter(pk=child.pk).update(contact_email="grown@example.org")
    for day, due in ((30, 0), (31, 1), (32, 1)):  # a day ahead, and once
        with time_machine.travel(datetime(2027, 5, 1, 12, tzinfo=UTC) + timedelta(days=day - 1), tick=False):
            queue_due_reminders()
        assert OutboxMail.objects.filter(template="members/certificates_of_age").count() == due
    with time_machine.travel("2027-06-01T10:00Z", tick=False):
        mail = OutboxMail.objects.get(template="members/certificates_of_age")
        kind = hooks.mail_kinds[mail.template]
        found = kind.secrets(mail)
        assert (mail.to, kind.still_due(mail), mail.not_before.date()) == (child, True, date(2027, 6, 1))
        assert list(found) == secrets_in(mail.body_text) == [nearly_adult.public_id]
        assert Client().get(found[nearly_adult.public_id].removeprefix("http://testserver")).status_code == 200


def test_a_revocation_reaches_the_guardian_of_today(child, thing, cast):
    it, second = issue(child, thing, cast), make.GuardianshipFactory(child=child).guardian
    child.guarded_by.filter(guardian=it.issued_to).update(ended_at=now())
    actions.revoke_certificate(it, by=cast.coordinator, reason="")
    assert revoked_mail() == (second, True)


@pytest.mark.parametrize("has_address", [True, False])
def test_a_revocation_reaches_whoever_grew_up_or_the_guardian_who_fetches_it_still(has_address, nearly_adult, cast):
    guardian = nearly_adult.issued_to
    if has_address:
        Person.objects.filter(pk=nearly_adult.person_id).update(contact_email="grown@example.org")
    with time_machine.travel("2027-07-01T10:00Z", tick=False):
        actions.revoke_certificate(nearly_adult, by=cast.coordinator, reason="")
        assert revoked_mail() == (nearly_adult.person if has_address else guardian, True)


def revoked_mail():
    mail = OutboxMail.objects.get(template="members/certificate_revoked")
    return mail.to, hooks.mail_kinds[mail.template].still_due(mail)


def test_after_five_years_pages_say_that_the_name_was_erased(teacher, thing, cast):
    it = issue(teacher, thing, cast)
    Certificate.objects.update(name_printed="", badge="")
    pages = [at(teacher).get(reverse("members:certificates")), Client().get(links(it)[0])]
    assert ["The name was erased." in page.content.decode() for page in pages] == [True, True]
    assert codes(it) == [200, 404, 404]


def test_the_link_ends_after_a_year_and_was_never_one_for_something_else(teacher, thing, cast):
    it = issue(teacher, thing, cast)
    old = links(it)
    with time_machine.travel(now() + timedelta(days=366)):
        assert [Client().get(address).status_code for address in old] == [404, 404, 404]
    assert Client().get(f"/certificate/{signed_token('members.claim', link_for(it, teacher))}/").status_code == 404


def test_the_link_says_that_it_was_revoked_and_gives_nothing(teacher, thing, cast):
    it = issue(teacher, thing, cast)
    actions.revoke_certificate(it, by=cast.coordinator, reason="")
    assert codes(it) == [200, 404, 404]


def test_my_page_has_mine_my_childrens_and_my_hours(child, thing, cast):
    guardian = issue(child, thing, cast).issued_to
    make.AffiliationFactory(person=guardian)
    make.CertificateFactory(person=guardian, hours=8, ends_on=date(2026, 5, 1))
    make.CertificateFactory(person=guardian, hours=28, ends_on=date(2026, 9, 1))
    make.CertificateFactory(person=guardian, hours=5, ends_on=date(2027, 9, 1))
    make.CertificateFactory(person=guardian, hours=99, ends_on=date(2027, 9, 1), state="revoked")
    make.CertificateFactory(person=guardian, hours=99, ends_on=date(2027, 9, 1), kind="award")
    response = at(guardian).get(reverse("members:certificates"))
    assert [(it.year, it.hours, it.certificates) for it in response.context["years"]] == [(2027, 5, 1), (2026, 36, 2)]
    assert (len(response.context["mine"]), [it.person for it in response.context["others"]]) == (5, [child])


@pytest.mark.parametrize(("role", "shown"), [("student", False), ("teacher", True), (None, False)])
def test_only_who_works_has_hours_of_professional_development(role, shown, cast):
    it = make.CertificateFactory()
    if role:
        make.AffiliationFactory(person=it.person, role=role)
    assert bool(at(it.person).get(reverse("members:certificates")).context["years"]) == shown


def test_guardians_find_it_on_the_page_of_the_child(child, thing, cast):
    it = issue(child, thing, cast)
    pages = [reverse("members:children"), reverse("members:child", args=[child.public_id])]
    client = at(it.issued_to)
    assert [it.title in client.get(page).content.decode() for page in pages] == [True, True]
    assert reverse("members:certificate_paper", args=[it.public_id]) in client.get(pages[1]).content.decode()


def test_an_erased_name_is_nowhere_and_the_paper_still_verifies(teacher, thing, cast, client):
    it = issue(teacher, thing, cast)
    actions.erase_person(teacher, by=cast.coordinator)
    it.refresh_from_db()
    assert (it.name_printed, it.badge, it.state) == ("", "", "issued")
    page = client.get(it.get_absolute_url()).content.decode()
    assert ("The name was erased." in page, "Ivanova" in page) == (True, False)


def test_an_erased_guardian_leaves_the_childs_name_on_its_paper(child, thing, cast):
    it = issue(child, thing, cast)
    actions.erase_person(it.issued_to, by=cast.coordinator)
    it.refresh_from_db()
    assert it.name_printed == "Gromov Ilya"


def test_names_stay_for_five_years_and_hold_their_owner_so_long(teacher, thing, cast):
    it = issue(teacher, thing, cast)
    for days, names in ((5 * 365 - 1, "Ivanova Anna Petrovna"), (5 * 365 + 1, "")):
        with time_machine.travel(now() + timedelta(days=days), tick=False):
            run_retention()
        it.refresh_from_db()
        assert it.name_printed == names


def test_two_entries_of_one_person_have_one_valid_certificate_for_one_thing(thing, cast):
    facts = {"family_name": "Ivanova", "given_name": "Anna", "birth_date": date(1990, 1, 1)}
    kept, gone = make.PersonFactory(**facts), make.PersonFactory(**facts)
    later, first = (
        make.CertificateFactory(person=who, about_id=thing.public_id, pk=pk) for who, pk in ((kept, 9), (gone, 8))
    )
    actions.merge_people(kept, gone, by=cast.coordinator)
    states = dict(Certificate.objects.filter(person=kept).values_list("pk", "state"))
    assert states == {later.pk: "superseded", first.pk: "issued"}
