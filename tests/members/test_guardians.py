"""Who is a guardian of whom: named, found again, ended; and who may say so."""

import pytest
from django.urls import reverse

from cluster_portal.models import AuditEntry
from cluster_portal.moves import Refused
from courses.exports import Roster
from members import actions
from members.models import Guardianship, Person, Purpose
from tests import factories as make
from tests.browsing import at
from tests.members.test_consent_pages import texts_in

pytestmark = pytest.mark.django_db
HOW = Guardianship.How.CLASS_LIST
OLGA = {"family_name": "Gromova", "given_name": "Olga"}


def name(child, by=None, **facts):
    return actions.name_guardian(child, by=by, how=HOW, **OLGA | facts)


def refusal(function, *args, **facts):
    with pytest.raises(Refused) as refused:
        function(*args, **facts)
    return str(refused.value)


def test_child_has_several_guardians_each_with_address_or_none(cast):
    child = make.ChildFactory()
    made = [name(child, by=cast.teacher, email="Olga@Example.org"), name(child, by=cast.teacher, given_name="Pavel")]
    assert [it.guardian.address for it in made] == ["olga@example.org", ""]
    assert [it.guardian.email for it in made] == [None, None]
    assert AuditEntry.objects.filter(verb="members.guardianship.name", actor=cast.teacher.public_id).count() == 2


def test_parents_share_a_mailbox():
    child = make.ChildFactory()
    mother, father = (
        name(child, email="family@example.org"),
        name(child, given_name="Pavel", email="family@example.org"),
    )
    assert (mother.guardian == father.guardian, father.guardian.contact_email) == (False, "family@example.org")


@pytest.mark.parametrize("known", [{"email": "olga@example.org"}, {"email": None, "contact_email": "Olga@example.org"}])
def test_whoever_is_known_by_name_and_address_is_found_again(known):
    olga = make.GuardianshipFactory(guardian=make.PersonFactory(**OLGA, **known)).guardian
    assert name(make.ChildFactory(), email="olga@example.org").guardian == olga
    assert name(make.ChildFactory(), email="other@example.org").guardian != olga


def test_same_address_with_another_name_is_another_person():
    make.PersonFactory(email="olga@example.org", family_name="Zimina", given_name="Olga")
    it = name(make.ChildFactory(), email="olga@example.org")
    assert (it.guardian.email, it.guardian.contact_email) == (None, "olga@example.org")


def test_namesakes_without_address_are_not_taken_for_each_other():
    assert name(make.ChildFactory()).guardian != name(make.ChildFactory()).guardian


@pytest.mark.parametrize("email", ["", "olga@example.org"])
def test_nobody_is_named_twice(email):
    child = make.ChildFactory()
    name(child, email=email)
    assert refusal(name, child, email=email) == "This person is a guardian of the child already."
    assert Person.objects.filter(family_name="Gromova").count() == 1


def test_nobody_is_their_own_guardian():
    child = make.ChildFactory(**OLGA, contact_email="olga@example.org")
    told = "Nobody is a guardian of themself. Enter the name of the guardian."
    assert refusal(name, child, email="olga@example.org") == told


def test_two_who_name_the_same_guardian_at_once_make_one(transactional_db, together):
    child = make.ChildFactory()
    one = lambda: name(child, email="olga@example.org")  # noqa: E731
    assert sorted(together(one, one)) == ["done", "refused"]
    assert Guardianship.objects.count() == 1


def test_guardianship_ends_once(cast):
    it = name(make.ChildFactory())
    actions.end_guardianship(it, by=cast.teacher)
    assert refusal(actions.end_guardianship, it, by=cast.teacher) == "This guardianship has ended already."
    assert name(it.child).guardian != it.guardian


def test_who_may_name_a_guardian(cast):
    group = make.GroupFactory(institution=cast.school)
    group.keepers.add(cast.teacher)
    child = make.GroupMemberFactory(group=group).person
    guardian = make.GuardianshipFactory(child=child).guardian
    former = make.GuardianshipFactory(child=child, ended_at="2026-01-01T00:00:00Z").guardian
    elsewhere = make.CoordinatorFactory(region=make.RegionFactory()).person
    may = {
        "keeper": cast.teacher, "contact": cast.contact, "coordinator": cast.coordinator, "guardian": guardian,
        "colleague": cast.colleague, "outsider": cast.outsider, "former": former, "elsewhere": elsewhere,
        "child": child,
    }  # fmt: skip
    allowed = {role for role, person in may.items() if person.has_perm("members.name_guardian", child)}
    assert allowed == {"keeper", "contact", "coordinator", "guardian"}


def test_a_guardian_names_another_and_a_stranger_does_not(cast):
    guardianship = make.GuardianshipFactory()
    address = reverse("members:name_another_guardian", args=[guardianship.child.public_id])
    sent = OLGA | {"how": "guardian", "email": ""}
    assert at(cast.outsider).post(address, sent).status_code == 404
    assert at(guardianship.guardian).post(address, sent).status_code == 302
    it = guardianship.child.guarded_by.get(guardian__family_name="Gromova")
    assert (it.how, it.asserted_by) == ("guardian", guardianship.guardian)
    page = at(guardianship.guardian).post(address, OLGA | {"how": "paper"}, follow=True)
    told = "The guardian was not written down. Enter both names and a real address."
    assert [str(it) for it in page.context["messages"]] == [told]


def names_in(run):
    return [row[:3] for row in Roster(run).rows()]


def test_withdrawn_name_leaves_exports_and_sheets_at_once(run, cast, demo):
    text = make.ConsentTextFactory(purpose=Purpose.NAME)
    guardianship = make.GuardianshipFactory(child__family_name="Gromov")
    child, guardian = guardianship.child, guardianship.guardian
    make.EnrolmentFactory(run=run, person=child)
    make.EnrolmentFactory(run=run, person__family_name="Sorokina")
    sheet = reverse("courses:desk_attendance_sheet", args=[run.public_id])
    hidden, shown = [["(name not shown)", "", ""], ["Sorokina", "Anna", ""]], ["Gromov", "Ilya", ""]
    assert names_in(run) == hidden
    actions.decide(child, Purpose.NAME, "granted", by=guardian, channel="link", text=text)
    assert names_in(run) == [shown, hidden[1]]
    assert "Gromov" in texts_in(at(cast.coordinator).get(sheet))
    actions.decide(child, Purpose.NAME, "withdrawn", by=guardian, channel="link", text=text)
    assert names_in(run) == hidden
    page = texts_in(at(cast.coordinator).get(sheet))
    assert ("Gromov" in page, "(name not shown)" in page, "Sorokina" in page) == (False, True, True)
    child.refresh_from_db()
    assert child.family_name == "Gromov"
