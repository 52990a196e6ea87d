"""Who looked at a child's record: every page at the desk and of a class that shows a child notes it."""

from contextlib import suppress
from itertools import product

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import NoReverseMatch, get_resolver, resolve, reverse
from django.utils.timezone import localdate, now

from cluster_portal.models import Upload
from members import actions
from members.models import Affiliation, Guardianship, Person, Purpose, RecordView
from members.records import PAGES, views_of, with_words
from tests import factories as make
from tests.browsing import at
from tests.members.test_imports import CLASS, begun

pytestmark = pytest.mark.django_db
NAME = "Zyablikova"


@pytest.fixture
def child(cast):
    """In a class, a former pupil of another, found twice, with guardians who disagree and a signed slip."""
    group = make.GroupFactory(institution=cast.school, name="7 B")
    group.keepers.add(cast.teacher)
    child = make.GroupMemberFactory(group=group, person__family_name=NAME).person
    make.AffiliationFactory(person=child, institution=cast.school, role="student")
    make.AffiliationFactory(
        person=make.ChildFactory(family_name=NAME, birth_date=child.birth_date),
        institution=cast.school,
        role="student",
    )
    left = make.GroupFactory(institution=cast.school, name="6 B")
    make.GroupMemberFactory(group=left, person=child, since=localdate(), until=localdate())
    text, _open = make.ConsentTextFactory(), make.ConsentTextFactory(purpose=Purpose.NAME)
    actions.request_consent([child], [Purpose.TAKING_PART, Purpose.NAME], by=None)
    for decision in ("granted", "refused"):
        guardian = make.GuardianshipFactory(child=child, guardian__email=None).guardian
        scan = SimpleUploadedFile("slip.txt", b"signed", "text/plain")
        actions.record_paper(
            child, guardian, {Purpose.TAKING_PART: decision}, localdate(), cast.teacher, scan,
            shown={Purpose.TAKING_PART: text},
        )  # fmt: skip
    make.ErasureRequestFactory(person=child, asked_by=guardian)
    return child


def addresses(child, begin):
    """Every address that begins so and can be made of what there is."""
    groups, people = list(child.in_groups.all()), list(Person.objects.filter(family_name=NAME))
    things = [*groups, *people, *child.affiliations.all(), *child.erasure_requests.all()]
    pairs = product(groups if begin == "classes/" else people, people)
    made = {0: [()], 1: [(it,) for it in things], 2: list(pairs)}
    for name, (template, parameters) in _named().items():
        if template.startswith(begin):
            for values in made.get(len(parameters), ()):  # three: buttons only
                with suppress(NoReverseMatch):
                    yield reverse(f"members:{name}", args=[it.public_id for it in values])


def _named():
    """Each name with its address and the parameters of it."""
    found = get_resolver("members.urls").reverse_dict
    return {name: found[name][0][0] for name in found if isinstance(name, str)}


def looks(child):
    return list(RecordView.objects.filter(child=child).values_list("page", flat=True))


def test_every_page_of_desk_and_class_that_shows_a_child_notes_the_look(cast, demo, child):
    silent, shown = set(), set()
    for reader, begin in ((cast.coordinator, "desk/"), (cast.teacher, "classes/")):
        client = at(reader)
        others = [
            reverse("members:unanswered_sheet", args=[cast.school.slug]),
            f"{reverse('coordination:search')}?q={NAME[:-1]}",
        ]
        for address in [*addresses(child, begin), *others]:
            RecordView.objects.all().delete()
            response = client.get(address)
            is_slip = response.headers.get("Content-Type") == "application/pdf"
            if response.status_code != 200 or not (is_slip or NAME.encode() in response.content):
                continue
            noted = set(RecordView.objects.values_list("page", flat=True))
            shown |= noted
            if not noted:
                silent.add(resolve(address.partition("?")[0]).url_name)
    assert silent == set()
    assert shown >= {
        "class", "class consent", "child consent", "student", "slips", "telephone", "conflicts", "duplicates",
        "desk person", "birth date", "search", "unanswered",
    }  # fmt: skip
    assert shown <= set(PAGES)


def test_who_opens_a_signed_slip_is_noted(cast, demo, child):
    RecordView.objects.all().delete()
    file = Upload.objects.filter(about_model="members.consentdecision").first()
    response = at(cast.teacher).get(f"/files/{file.public_id}/")
    assert b"".join(response.streaming_content) == b"signed"
    assert looks(child) == ["slip"]
    assert at(cast.outsider).get(f"/files/{file.public_id}/").status_code == 404
    assert looks(child) == ["slip"]


def test_a_list_that_finds_a_child_is_a_look(cast, child):
    RecordView.objects.all().delete()
    text = f"{CLASS}7 B;{NAME};Ilya;{child.birth_date.isoformat()};;\n9 B;Unknown;Ada;2012-01-01;;\n"
    Affiliation.objects.filter(person__family_name=NAME).exclude(person=child).delete()
    begun("classes", text, cast.contact, cast.school)
    assert set(RecordView.objects.values_list("viewer", "page")) == {(cast.contact.public_id, "class list")}


def test_a_looker_who_was_merged_is_named_as_who_is_kept(cast, child):
    kept = cast.colleague
    gone = make.PersonFactory(family_name=kept.family_name, email=None, birth_date=kept.birth_date, password="!")
    actions.note_view(child, gone, "class")
    actions.merge_people(kept, gone, by=cast.coordinator)
    looked = with_words([views_of(child).first()], child)[0]
    assert (looked.who, looked.as_what) == (kept.full_name, "Teacher, School 1")


def test_a_looker_who_was_erased_has_no_name(cast, child):
    gone = make.PersonFactory()
    actions.note_view(child, gone, "class")
    gone.erased_at = now()
    gone.save()
    looked = with_words([views_of(child).first()], child)[0]
    assert (looked.who, looked.as_what) == ("Erased person", "")


def test_roles_of_today_stand_beside_who_looked(cast, child):
    guardian = Guardianship.objects.filter(child=child).first().guardian
    for reader in (cast.coordinator, cast.teacher, guardian):
        actions.note_view(child, reader, "class")
    roles = [it.as_what for it in with_words(list(views_of(child)[:3]), child)]
    assert roles == ["guardian", "Teacher, School 1", "coordinator"]
