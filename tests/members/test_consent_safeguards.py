"""What keeps consent honest: who may be taken for a guardian, who goes on seeing, what paper and links prove."""

from datetime import date

import pytest
from django.utils.timezone import localdate, now

from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from members import actions
from members.consent import State, state_of
from members.models import Guardianship, Person, Purpose
from tests import factories as make
from tests.members.test_consent_pages import opened, page_of, signed_in

pytestmark = pytest.mark.django_db
PART = Purpose.TAKING_PART
OLGA = {"family_name": "Gromova", "given_name": "Olga"}


@pytest.fixture
def text():
    return make.ConsentTextFactory()


@pytest.fixture
def group(cast):
    group = make.GroupFactory(institution=cast.school, name="7 B")
    group.keepers.add(cast.teacher)
    return group


@pytest.fixture
def child(group, text):
    child = make.GroupMemberFactory(group=group, person__family_name="Gromov").person
    actions.request_consent([child], [PART], by=None)
    return child


@pytest.fixture
def guardianship(child):
    return make.GuardianshipFactory(child=child)


def refusal(function, *args, **facts):
    with pytest.raises(Refused) as refused:
        function(*args, **facts)
    return str(refused.value)


def grown_up(child, years=18):
    child.birth_date = date(localdate().year - years, 1, 1)
    child.save()
    return child


def test_consent_is_taken_back_after_two_entries_of_a_child_are_merged(client, child, guardianship, text):
    twice = make.ChildFactory()
    actions.decide(child, PART, "granted", by=guardianship.guardian, channel="link", text=text)
    Guardianship.objects.filter(pk=guardianship.pk).update(child=twice)
    Person.objects.filter(pk=child.pk).update(merged_into=twice, erased_at=now())
    guardianship.refresh_from_db()
    opened(client, guardianship)
    address = signed_link("members.consent", guardianship.public_id).removeprefix("http://testserver")
    assert client.post(address, {"purpose": PART, "decision": "withdrawn"}).status_code == 302
    assert state_of(twice, PART) == State.WITHDRAWN


def test_what_nobody_granted_has_no_text_to_take_back(client, guardianship):
    opened(client, guardianship)
    address = signed_link("members.consent", guardianship.public_id).removeprefix("http://testserver")
    assert client.post(address, {"purpose": Purpose.PHOTO, "decision": "withdrawn"}).status_code == 404


@pytest.mark.parametrize("names", [{}, {"given_name": "Other"}])
def test_nobody_is_a_guardian_by_their_own_word(child, names):
    teacher = make.PersonFactory(**OLGA, email="olga@example.org")
    told = "Nobody names themself as a guardian. Ask a colleague or another guardian of the child to do it."
    said = OLGA | names | {"email": "Olga@example.org"}
    assert refusal(actions.name_guardian, child, by=teacher, how="paper", **said) == told
    assert child.guarded_by.count() == 0


def test_guardian_names_another_one_at_the_shared_mailbox(child):
    olga = make.PersonFactory(email="family@example.org")
    make.GuardianshipFactory(child=child, guardian=olga)
    said = {"family_name": "Gromov", "given_name": "Pavel", "email": "family@example.org"}
    assert actions.name_guardian(child, by=olga, how="guardian", **said).guardian.given_name == "Pavel"


@pytest.mark.parametrize("why", ["guarded", "in a class", "student", "young"])
def test_a_child_with_the_same_name_and_address_is_not_taken_for_a_guardian(cast, child, why):
    other = make.PersonFactory(**OLGA, email="olga@example.org", birth_date=None)
    if why == "guarded":
        make.GuardianshipFactory(child=other)
    if why == "in a class":
        make.GroupMemberFactory(person=other)
    if why == "student":
        make.AffiliationFactory(person=other, role="student")
    if why == "young":
        grown_up(other, 17)
    named = actions.name_guardian(child, by=cast.teacher, how="paper", email="olga@example.org", **OLGA)
    assert named.guardian != other


def test_contact_address_finds_guardians_only(cast, child):
    other = make.PersonFactory(**OLGA, email=None, contact_email="olga@example.org")
    named = actions.name_guardian(child, by=cast.teacher, how="paper", email="olga@example.org", **OLGA)
    assert named.guardian != other


def test_guardian_of_an_adult_sees_what_they_said_no_more(client, child, guardianship, text):
    opened(client, guardianship)
    grown_up(child)
    address = signed_link("members.consent", guardianship.public_id).removeprefix("http://testserver")
    assert client.get(address).status_code == 404
    assert client.post(address, {"purpose": PART, "decision": "granted", "text": text.public_id}).status_code == 404
    reader = signed_in(guardianship.guardian)
    assert reader.get(page_of("children")).context["children"] == []
    assert reader.get(page_of("child", child)).status_code == 404
    sent = OLGA | {"how": "guardian", "email": ""}
    assert reader.post(page_of("name_another_guardian", child), sent).status_code == 404
    assert guardianship.guardian.has_perm("members.name_guardian", child) is False


def test_three_children_of_a_guardian_cost_as_many_queries_as_one(guardianship, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    reader, counted = signed_in(guardianship.guardian), []
    for more in (0, 2):
        for _one in range(more):
            make.GuardianshipFactory(guardian=guardianship.guardian)
        reader.get(page_of("children"))
        with CaptureQueriesContext(connection) as captured:
            reader.get(page_of("children"))
        counted.append(len(captured))
    assert counted[0] == counted[1]


@pytest.mark.parametrize("no", ["refused", "withdrawn"])
def test_only_a_coordinator_ends_the_guardianship_of_one_who_said_no(cast, guardianship, text, no):
    child, guardian = guardianship.child, guardianship.guardian
    if no == "withdrawn":
        actions.decide(child, PART, "granted", by=guardian, channel="link", text=text)
    actions.decide(child, PART, no, by=guardian, channel="link", text=text)
    elsewhere = make.CoordinatorFactory(region=make.RegionFactory()).person
    told = "This guardian refused or took back a consent. Ask a coordinator to end the guardianship."
    for by in (cast.teacher, cast.contact, elsewhere):
        assert refusal(actions.end_guardianship, guardianship, by=by) == told
    actions.end_guardianship(guardianship, by=cast.coordinator)
    assert list(child.guarded_by.now()) == []


def test_coordinator_of_the_region_ends_the_guardianship_of_one_who_said_no(cast, guardianship, text):
    actions.decide(guardianship.child, PART, "refused", by=guardianship.guardian, channel="link", text=text)
    region = make.RegionFactory()
    type(cast.school).objects.filter(pk=cast.school.pk).update(region=region)
    actions.end_guardianship(guardianship, by=make.CoordinatorFactory(region=region).person)
    assert list(guardianship.child.guarded_by.now()) == []


def test_teacher_ends_the_guardianship_of_one_who_said_yes_in_the_end(cast, guardianship, text):
    for decision in ("refused", "granted"):
        actions.decide(guardianship.child, PART, decision, by=guardianship.guardian, channel="link", text=text)
    actions.end_guardianship(guardianship, by=cast.teacher)
    assert list(guardianship.child.guarded_by.now()) == []


def test_the_guardian_reads_in_a_mail_that_the_guardianship_ended(cast, guardianship):
    actions.end_guardianship(guardianship, by=cast.teacher)
    mail = OutboxMail.objects.get()
    assert (mail.to, mail.subject) == (guardianship.guardian, "Check this: you are no longer a guardian of Ilya G.")


def test_who_ends_their_own_guardianship_needs_no_mail(guardianship):
    actions.end_guardianship(guardianship, by=guardianship.guardian)
    assert OutboxMail.objects.count() == 0
