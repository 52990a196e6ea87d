"""Who adds students sees them class by class, each once, and narrows a long list."""

import re

import pytest

from mentorship.models import PairingStudent
from mentorship.students import by_class, may_be_added
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


@pytest.fixture
def pairing(cast):
    affiliation = cast.teacher.affiliations.get()
    return pair.PairingFactory(request__affiliation=affiliation, request__with_students=True)


@pytest.fixture
def classes(cast):
    """7 B with Ilya and Anna, 5 A with Boris; the teacher keeps both."""
    made = {}
    for name, stage in (("7 B", 7), ("5 A", 5)):
        made[name] = make.GroupFactory(institution=cast.school, name=name, stage=stage)
        made[name].keepers.add(cast.teacher)
    return made


def pupil(group, family_name):
    return make.GroupMemberFactory(group=group, person__family_name=family_name, person__given_name="").person


def shown(pairing):
    rows = by_class(may_be_added(pairing), pairing.request.by, 100)
    return {name: [it.family_name for it in people] for name, people in rows}


def address(pairing):
    return f"{pairing.get_absolute_url()}students/"


def test_students_stand_under_their_classes_the_youngest_first(pairing, classes):
    for group, name in (("7 B", "Vlasova"), ("7 B", "Anina"), ("5 A", "Borisov")):
        pupil(classes[group], name)
    assert shown(pairing) == {"5 A": ["Borisov"], "7 B": ["Anina", "Vlasova"]}
    assert list(shown(pairing)) == ["5 A", "7 B"]


def test_who_is_in_two_classes_is_there_once(pairing, classes):
    child = pupil(classes["5 A"], "Borisov")
    make.GroupMemberFactory(group=classes["7 B"], person=child)
    assert shown(pairing) == {"5 A": ["Borisov"]}


def test_who_is_in_no_class_stands_last(cast, pairing, classes):
    cast.teacher.affiliations.update(role="head")
    pupil(classes["7 B"], "Anina")
    make.AffiliationFactory(institution=cast.school, role="student", person__family_name="Zimin")
    assert shown(pairing) == {"7 B": ["Anina"], "In no class": ["Zimin"]}


def test_the_page_draws_a_fieldset_for_each_class_and_adds(cast, client, pairing, classes):
    anna = pupil(classes["7 B"], "Anina")
    make.GuardianshipFactory(child=anna)
    pupil(classes["5 A"], "Borisov")
    client.force_login(cast.teacher)
    page = client.get(address(pairing)).text
    assert re.findall(r'<legend class="tag">([57] .)</legend>', page) == ["5 A", "7 B"]
    assert "filter-bar" not in page
    client.post(address(pairing), {"students": [anna.public_id]})
    assert PairingStudent.objects.get().person == anna


def test_a_long_list_is_narrowed_to_a_class_or_a_name(cast, client, pairing, classes):
    for number in range(21):
        pupil(classes["7 B"], f"Pupil{number}")
    pupil(classes["5 A"], "Borisov")
    client.force_login(cast.teacher)
    assert "22 students" in client.get(address(pairing)).text
    narrowed = client.get(address(pairing), {"group": classes["5 A"].public_id}).text
    assert ("1 student" in narrowed, "Borisov" in narrowed, "Pupil3" in narrowed) == (True, True, False)
    named = client.get(address(pairing), {"q": "borisov"}).text
    assert ("Borisov" in named, "Pupil3" in named) == (True, False)
    assert "Nobody is called so" in client.get(address(pairing), {"q": "qqqqq"}).text


def test_what_was_ticked_stays_ticked_when_something_is_refused(cast, client, pairing, classes):
    child = pupil(classes["7 B"], "Anina")
    client.force_login(cast.teacher)
    page = client.post(address(pairing), {"students": [child.public_id]}).text
    assert "Nobody is entered as a guardian" in page
    assert re.search(rf'value="{child.public_id}"[^>]*checked', page)


def test_the_list_asks_the_database_as_often_for_many(pairing, classes, django_assert_num_queries):
    pupil(classes["7 B"], "Anina")
    shown(pairing)
    with django_assert_num_queries(2):
        shown(pairing)
    for number in range(3):
        pupil(classes["5 A"], f"Pupil{number}")
    with django_assert_num_queries(2):
        assert len(shown(pairing)["5 A"]) == 3
