"""Asking for an erasure: the pages of who asks and who is asked, the mailed link, and the coordinator's desk."""

import pytest
from django.core import mail as locmem
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.delivery import deliver_due_mail
from cluster_portal.links import signed_token
from members import actions
from members.desk_rows import erasures_to_decide
from members.models import ErasureRequest, Guardianship, Person, RecordView
from tests import factories as make
from tests.browsing import at
from tests.members.conftest import BORN

pytestmark = pytest.mark.django_db
OWN_QUERIES, DESK_QUERIES = 16, 6


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


def is_erased(person):
    return Person.objects.get(pk=person.pk).erased_at is not None


def state_of(request):
    return ErasureRequest.objects.get(pk=request.pk).state


def pressed(client, request, **sent):
    return client.post(reverse("members:desk_erasure_request", args=[request.public_id]), sent, follow=True)


# The pages of who asks and of who is asked


def test_a_guardian_asks_follows_and_takes_back(child, mother):
    client = at(mother)
    page = client.get(reverse("members:erase_child", args=[child.public_id]), follow=True).content.decode()
    assert "This child has another guardian too." in page
    ask = reverse("members:ask_child_erasure", args=[child.public_id])
    page = client.post(ask, {"reason": "We move away"}, follow=True).content.decode()
    asked = ErasureRequest.objects.get()
    assert ("We move away" in page, "Waiting for the coordinator" in page) == (True, True)
    assert client.get(ask).url == asked.get_absolute_url()
    assert asked.get_absolute_url() in client.get(reverse("members:children")).content.decode()
    client.post(asked.get_absolute_url(), {"move": "withdraw"})
    assert state_of(asked) == "withdrawn"


def test_the_last_contact_is_led_from_erase_me_to_asking(cast):
    client, ask = at(cast.contact), reverse("members:ask_erasure")
    assert ask in client.get(reverse("members:erase")).content.decode()
    client.post(ask, {"reason": ""})
    assert ErasureRequest.objects.get().person == cast.contact


def test_who_can_erase_at_once_is_led_there(cast, child, mother, father):
    child.guarded_by.filter(guardian=father).delete()
    asks = [(mother, reverse("members:ask_child_erasure", args=[child.public_id])), (cast.teacher, "/me/erase/ask/")]
    led = [at(person).get(ask).url for person, ask in asks]
    assert led == [reverse("members:erase_child", args=[child.public_id]), reverse("members:erase")]


def test_a_child_is_led_from_erase_me_to_asking_the_guardians(child, father):
    page = at(child).get(reverse("members:erase")).content.decode()
    assert ("At this age your guardians decide." in page, "Erase for good" in page) == (True, False)
    asked = actions.request_erasure(child, by=child)
    page = at(father).get(asked.get_absolute_url()).content.decode()
    assert "This child asks to erase everything" in page


def test_a_former_guardian_reads_no_more_than_an_initial(asked, mother):
    client, pages = at(mother), [asked.get_absolute_url(), reverse("members:children")]
    assert ["Gromov Ilya" in client.get(it).content.decode() for it in pages] == [True, True]
    mother.guards.update(ended_at=now())
    read = [client.get(it).content.decode() for it in pages]
    assert [("Gromov Ilya" in it, "Ilya G." in it) for it in read] == [(False, True), (False, True)]


def test_the_asker_sees_the_outcome_and_the_reason(cast, asked, mother):
    actions.decline_erasure(asked, "The school year is not over.", by=cast.coordinator)
    page = at(mother).get(asked.get_absolute_url()).content.decode()
    assert ("The school year is not over." in page, "Take back" in page) == (True, False)


def test_the_asker_sees_that_it_is_done_without_a_name(cast, asked, mother):
    actions.grant_erasure(asked, by=cast.coordinator, spoken=True)
    client = at(mother)
    page = client.get(asked.get_absolute_url()).content.decode()
    assert ("The entry is empty now" in page, "Ilya" in page) == (True, False)
    assert "Erased person" in client.get(reverse("members:children")).content.decode()


def test_the_other_guardian_answers_signed_in_and_reads_no_reason(asked, father):
    client = at(father)
    page = client.get(asked.get_absolute_url()).content.decode()
    assert ("Another guardian asks" in page, "We move away" in page, "Take back" in page) == (True, False, False)
    client.post(asked.get_absolute_url(), {"word": "object"})
    assert asked.words.get().agrees is False


def test_the_other_guardian_cannot_take_it_back(asked, father):
    assert at(father).post(asked.get_absolute_url(), {"move": "withdraw"}).status_code == 403


@pytest.mark.parametrize("sent", [{"move": "grant"}, {"word": "maybe"}, {}])
def test_what_no_button_sends_is_404(asked, father, sent):
    assert at(father).post(asked.get_absolute_url(), sent).status_code == 404


@pytest.mark.parametrize("who", ["teacher", "contact", "coordinator", "outsider"])
def test_the_page_is_unknown_to_everybody_else(cast, asked, who):
    assert at(getattr(cast, who)).get(asked.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_ones_requests_asks_the_database_as_often_for_three(number, mother, django_assert_num_queries):
    make.ErasureRequestFactory.create_batch(number, asked_by=mother, state="declined")
    client = at(mother)
    client.get(reverse("members:children"))
    with django_assert_num_queries(OWN_QUERIES):
        assert client.get(reverse("members:children")).content.decode().count("Declined") == number


# The mailed link


def link_of(asked, person):
    word = asked.words.get(by=person)
    return reverse("members:erasure_by_link", args=[signed_token("members.erasure_word", word.public_id)])


def test_the_mailed_link_asks_for_the_birth_date_and_writes_the_word_down(asked, father):
    deliver_due_mail()
    (mail,) = [it for it in locmem.outbox if it.to == [father.address]]
    path = next(word for word in mail.body.split() if "/erasure-request/" in word).removeprefix("http://testserver")
    client = Client()
    assert "birth date" in client.get(path).content.decode()
    client.post(path, {"birth_date": BORN.isoformat()})
    assert "Another guardian asks" in client.get(path).content.decode()
    assert asked.words.get().agrees is None
    client.post(path, {"word": "agree"})
    assert asked.words.get().agrees is True


def test_without_the_birth_date_a_link_writes_nothing(asked, father):
    Client().post(link_of(asked, father), {"word": "agree"})
    assert asked.words.get().agrees is None


def test_a_link_of_somebody_else_opens_nothing(cast, asked, father):
    assert at(cast.teacher).get(link_of(asked, father)).status_code == 409


def ended(cast, asked, father):
    Guardianship.objects.filter(guardian=father).update(ended_at=asked.asked_at)


def answered(cast, asked, father):
    actions.decline_erasure(asked, "No", by=cast.coordinator)


def suspended(cast, asked, father):
    actions.suspend_person(father, by=cast.coordinator)


@pytest.mark.parametrize("change", [ended, answered, suspended], ids=lambda it: it.__name__)
def test_a_link_whose_word_is_not_needed_opens_nothing(cast, asked, father, change):
    path = link_of(asked, father)
    change(cast, asked, father)
    assert Client().get(path).status_code == 404


def test_a_mail_whose_word_was_said_does_not_leave(asked, father):
    actions.say_word(asked, by=father, agrees=True)
    deliver_due_mail()
    assert [it.to for it in locmem.outbox if it.to == [father.address]] == []


# The desk


def test_the_desk_says_what_waits(cast, asked):
    (row,) = erasures_to_decide(cast.coordinator)
    assert (row.count, row.url) == (1, reverse("members:desk_erasure_request", args=[asked.public_id]))
    assert list(erasures_to_decide(cast.contact)) == []


def test_the_page_shows_who_said_what_and_notes_the_look(cast, demo, asked, child, father):
    actions.say_word(asked, by=father, agrees=False)
    url = reverse("members:desk_erasure_request", args=[asked.public_id])
    page = at(cast.coordinator).get(url).content.decode()
    assert all(it in page for it in ("We move away", "says no", father.address, "I have spoken with everybody"))
    looks = RecordView.objects.filter(child=child).values_list("viewer", "page")
    assert list(looks) == [(cast.coordinator.public_id, "erasure request")]


def test_the_coordinator_ticks_the_box_and_erases(cast, demo, asked, child):
    client = at(cast.coordinator)
    assert "This field is required" in pressed(client, asked, move="grant").content.decode()
    assert not is_erased(child)
    pressed(client, asked, move="grant", spoken="on")
    assert is_erased(child)


def test_when_all_agree_no_box_is_ticked(cast, demo, asked, child, father):
    actions.say_word(asked, by=father, agrees=True)
    pressed(at(cast.coordinator), asked, move="grant")
    assert is_erased(child)


def test_declining_needs_a_reason(cast, demo, asked):
    client = at(cast.coordinator)
    pressed(client, asked, move="decline", text="")
    assert state_of(asked) == "asked"
    pressed(client, asked, move="decline", text="The school year is not over.")
    assert ErasureRequest.objects.get().answer == "The school year is not over."


def test_a_regional_coordinator_decides_in_their_region_only(cast, demo, asked):
    cast.school.region = make.RegionFactory()
    cast.school.save()
    own, other = (make.CoordinatorFactory(region=it).person for it in (cast.school.region, make.RegionFactory()))
    url = reverse("members:desk_erasure_request", args=[asked.public_id])
    assert [at(it).get(url).status_code for it in (own, other)] == [200, 404]


@pytest.mark.parametrize("name", ["desk_erasure_request", "desk_erasure_requests"])
def test_the_desk_is_for_coordinators(cast, demo, asked, name):
    url = reverse(f"members:{name}", args=[asked.public_id] if name == "desk_erasure_request" else [])
    assert [at(it).get(url).status_code for it in (cast.coordinator, cast.contact)] == [200, 403]


@pytest.mark.parametrize("number", [1, 3])
def test_the_desk_list_asks_the_database_as_often_for_three(cast, demo, number, django_assert_num_queries):
    make.ErasureRequestFactory.create_batch(number)
    client, url = at(cast.coordinator), reverse("members:desk_erasure_requests")
    client.get(url)
    with django_assert_num_queries(DESK_QUERIES):
        assert client.get(url).content.decode().count("Waiting for the coordinator") == number


def test_the_last_contact_asks_and_the_coordinator_reads_what_is_to_be_handed_over(cast, demo):
    asked = actions.request_erasure(cast.contact, by=cast.contact)
    page = pressed(at(cast.coordinator), asked, move="grant").content.decode()
    told = "Nobody else answers for School 1. Hand over first: invite another head or contact."
    assert (told in page, is_erased(cast.contact), asked.words.count()) == (True, False, 0)
    make.AffiliationFactory(institution=cast.school, role="head")
    pressed(at(cast.coordinator), asked, move="grant")
    assert (is_erased(cast.contact), state_of(asked)) == (True, "granted")
