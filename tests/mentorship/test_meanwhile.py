"""What changes between the look and the press: a request in other words, a day that is over, who has left, a mail."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from members.actions import end_affiliation
from mentorship import actions
from mentorship.candidates import mentors_to_ask
from mentorship.models import MentorRequest, Pairing
from tests import factories as make
from tests.mentorship.factories import MentorFactory, MentorRequestFactory, PairingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
PROPOSED = "mentorship/proposed"
OTHER_WORDS = {  # of each thing that a request says, something else
    "title": "Another title",
    "contest": "Chess Cup",
    "help": ["project"],
    "text": "Quite another thing.",
    "languages": ["en", "ru"],
    "formats": ["online", "room"],
    "weekdays": [2],
    "needed_from": localdate() - timedelta(days=1),
    "needed_by": localdate() + timedelta(days=91),
    "with_students": True,
}


@pytest.fixture
def sought(cast):
    return MentorRequestFactory(affiliation=cast.teacher.affiliations.get())


def fresh(it):
    return type(it).objects.get(pk=it.pk)


def change(request, **facts):
    actions.change_request(request, by=request.by, **{"needed_by": request.needed_by} | facts)


# Other words


@pytest.mark.parametrize("name", OTHER_WORDS)
def test_an_intake_asks_for_what_was_read(cast, sought, name):
    MentorFactory()
    seen = actions.intake_for(cast.coordinator).digest
    change(sought, **{name: OTHER_WORDS[name]})
    with pytest.raises(Refused, match="not what you were shown"):
        actions.propose_all(cast.coordinator, digest=seen)
    assert (Pairing.objects.count(), OutboxMail.objects.count()) == (0, 0)
    assert actions.propose_all(cast.coordinator, digest=actions.intake_for(cast.coordinator).digest) == 1


def test_everything_that_a_request_says_is_looked_at():
    assert set(OTHER_WORDS) == set(MentorRequest.SAYS) - {"what_for", "initiative", "directions"}


def test_what_another_request_says_changes_nothing(cast, sought):
    MentorFactory()
    left = MentorRequestFactory()
    seen = actions.intake_for(cast.coordinator, left=[left.public_id])
    change(left, text="Quite another thing.")
    assert actions.propose_all(cast.coordinator, digest=seen.digest, left=[left.public_id]) == 1


def test_the_page_of_a_request_asks_for_what_was_read(cast, client, sought):
    mentor = MentorFactory()
    client.force_login(cast.coordinator)
    here = reverse("mentorship:desk_match", args=[sought.public_id])
    shown = client.get(here).context["ask_url"]
    change(sought, with_students=True)
    for url in (shown, here):
        answer = client.post(url, {"mentor": mentor.public_id}, follow=True)
        assert "The teacher has changed the request since you opened it." in answer.text
    assert Pairing.objects.count() == 0
    client.post(client.get(here).context["ask_url"], {"mentor": mentor.public_id})
    assert Pairing.objects.get().mentor == mentor


# Days that are over, and who has left


def over(state):
    past = localdate() - timedelta(days=1)
    return PairingFactory(state=state, request__needed_from=past, request__needed_by=past)


SAID = {
    "accept": ("so nothing is asked of you any more", "so nothing is asked of you now"),
    "agree": ("Withdraw the request, and ask anew with other dates", "whoever teaches there now asks anew"),
}


@pytest.mark.parametrize(("name", "state"), [("accept", "proposed"), ("agree", "accepted")])
def test_a_yes_comes_too_late_once_it_matters_no_more(name, state):
    pairing = over(state)
    with pytest.raises(Refused, match=SAID[name][0]):
        actions.ACTIONS["pairing"][name](pairing, by=pairing.mentor.person)
    assert fresh(pairing).state == state


@pytest.mark.parametrize(("name", "state"), [("accept", "proposed"), ("agree", "accepted")])
def test_a_yes_comes_too_late_once_whoever_asked_has_left(cast, name, state):
    pairing = PairingFactory(state=state, request__affiliation=cast.teacher.affiliations.get())
    end_affiliation(pairing.request.affiliation, by=cast.contact)
    with pytest.raises(Refused, match=SAID[name][1]):
        actions.ACTIONS["pairing"][name](pairing, by=pairing.mentor.person)
    assert fresh(pairing).state == state


@pytest.mark.parametrize("state", ["proposed", "accepted"])
def test_a_coordinator_takes_back_what_matters_no_more(cast, state):
    pairing = over(state)
    actions.withdraw_proposal(pairing, by=cast.coordinator)
    assert (fresh(pairing).state, fresh(pairing.request).state) == ("withdrawn", "open")
    told = OutboxMail.objects.filter(to=pairing.request.by).values_list("template", flat=True)
    assert list(told) == (["mentorship/request_reopened"] if state == "accepted" else [])


def test_a_teacher_opens_nothing_again_that_matters_no_more():
    pairing = over("accepted")
    with pytest.raises(Refused, match="Ask anew, with other dates"):
        actions.reopen_request(pairing.request, by=pairing.request.by)


# The mail that has not left yet


@pytest.fixture
def two(cast):
    """Two questions to one mentor, in one mail that waits."""
    mentor = MentorFactory()
    return [
        actions.propose_mentor(MentorRequestFactory(title=title), by=cast.coordinator, mentor=mentor)
        for title in ("First team", "Second team")
    ]


ENDS = {
    "withdrawn by the teacher": lambda it: actions.withdraw_request(it.request, by=it.request.by),
    "taken back": lambda it: actions.withdraw_proposal(it, by=None),
    "declined": lambda it: actions.decline_proposal(it, by=it.mentor.person, reason="No."),
    "accepted": lambda it: actions.accept_proposal(it, by=it.mentor.person),
    "lapsed": lambda it: actions.lapse_pairing(it, at=it.answer_by),
}


def waiting():
    return list(OutboxMail.objects.unfinished().filter(template=PROPOSED))


@pytest.mark.parametrize("end", ENDS)
def test_the_mail_to_a_mentor_says_what_waits_when_it_leaves(two, end):
    (mail,) = waiting()
    assert ("First team" in mail.body_text, "Second team" in mail.body_text) == (True, True)
    ENDS[end](fresh(two[0]))
    (mail,) = waiting()
    assert mail.subject == "Say yes or no: 1 teacher asks for your help"
    assert ("First team" in mail.body_text, "Second team" in mail.body_text) == (False, True)
    ENDS[end](fresh(two[1]))
    assert waiting() == []


def test_a_mail_that_has_left_is_not_written_again(two):
    OutboxMail.objects.filter(template=PROPOSED).update(state="sent", sent_at=now())
    actions.withdraw_request(two[0].request, by=two[0].request.by)
    assert waiting() == []


# Mentors who came from outside


def retired():
    person = make.PersonFactory()
    make.AffiliationFactory(person=person, state="ended", starts_on=localdate(), ends_on=localdate())
    return person


def offered(person):
    facts = {"about": "I judge.", "help": ["prepare"], "languages": ["en"], "formats": ["online"], "time_zone": "UTC"}
    return actions.offer_mentoring(by=person, **facts)


def test_who_retired_and_offers_then_is_admitted_and_asked(cast, sought):
    mentor = offered(retired())
    actions.admit_mentor(mentor, by=cast.coordinator)
    assert list(mentors_to_ask()) == [mentor]
    assert actions.propose_mentor(sought, by=cast.coordinator, mentor=mentor).state == "proposed"


def test_who_leaves_between_offer_and_answer_is_not_admitted_and_offers_again(cast, client):
    person = make.AffiliationFactory().person
    mentor = offered(person)
    end_affiliation(person.affiliations.get(), by=cast.coordinator)
    with pytest.raises(Refused, match="They have left since they offered"):
        actions.admit_mentor(mentor, by=cast.coordinator)
    client.force_login(cast.coordinator)
    text = client.get(reverse("mentorship:desk_mentor", args=[mentor.public_id])).text
    assert "Decline the offer with that reason" in text
    assert reverse("mentorship:desk_admit_mentor", args=[mentor.public_id]) not in text
    actions.decline_mentor(fresh(mentor), by=cast.coordinator, reason="You have left your school.")
    actions.admit_mentor(offered(person), by=cast.coordinator)
    assert list(mentors_to_ask()) == [mentor]


def test_a_mentor_who_leaves_later_is_asked_no_more(cast):
    person = make.AffiliationFactory().person
    MentorFactory(person=person, offered_at=now() - timedelta(days=9))
    assert mentors_to_ask().count() == 1
    end_affiliation(person.affiliations.get(), by=cast.coordinator)
    assert mentors_to_ask().count() == 0
