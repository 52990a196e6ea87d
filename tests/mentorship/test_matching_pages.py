"""The pages of matching: suggestions, the whole intake, the mentor's answer, the teacher's answer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mentorship import actions, desk_matching
from mentorship.models import Pairing
from tests import factories as make
from tests.mentorship.factories import MentorFactory, MentorRequestFactory, PairingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


def page(name, *rest):
    return reverse(f"mentorship:{name}", args=rest)


def said(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def sought(cast):
    return MentorRequestFactory(affiliation=cast.teacher.affiliations.get())


@pytest.fixture
def proposed(cast, sought):
    mentor = MentorFactory(contests=["open olympiad in informatics"])
    return actions.propose_mentor(sought, by=cast.coordinator, mentor=mentor)


@pytest.fixture
def accepted(proposed):
    actions.accept_proposal(proposed, by=proposed.mentor.person)
    return proposed


# The desk


def test_the_desk_reads_who_fits_and_why_and_what_stands_against_the_others(cast, client, sought):
    fits = MentorFactory(person__family_name="Fitting", contests=["open olympiad in informatics"])
    MentorFactory(person__family_name="Abroad", languages=["ko"])
    client.force_login(cast.coordinator)
    text = said(client, page("desk_match", sought.public_id))
    assert "Knows “open olympiad in informatics”" in text
    assert "Speaks other languages: Korean." in text
    assert text.count('value="' + fits.public_id) == 1
    assert text.index("Fitting") < text.index("Abroad")


def test_the_desk_asks_a_mentor_and_takes_it_back(cast, client, sought):
    mentor = MentorFactory(person__family_name="Orlov")
    client.force_login(cast.coordinator)
    here = page("desk_match", sought.public_id)
    answer = client.post(client.get(here).context["ask_url"], {"mentor": mentor.public_id}, follow=True)
    assert f"{mentor.person.full_name} is asked by mail." in answer.content.decode()
    pairing = Pairing.objects.get()
    client.post(page("desk_act_on_proposal", pairing.public_id), {"move": "withdraw"})
    pairing.refresh_from_db()
    assert pairing.state == "withdrawn"


def test_a_refusal_is_a_sentence_on_the_page(cast, client, sought):
    mentor = MentorFactory(languages=["ko"])
    client.force_login(cast.coordinator)
    here = client.get(page("desk_match", sought.public_id)).context["ask_url"]
    answer = client.post(here, {"mentor": mentor.public_id}, follow=True)
    assert "This mentor cannot be asked: Speaks other languages: Korean." in answer.content.decode()


@pytest.mark.parametrize("sent", ["", "nobody", "222222222222"])
def test_a_mentor_who_is_none_is_not_found(cast, client, sought, sent):
    client.force_login(cast.coordinator)
    assert client.post(page("desk_match", sought.public_id), {"mentor": sent}).status_code == 404


def test_where_nobody_fits_the_page_says_what_helps(cast, client, sought):
    client.force_login(cast.coordinator)
    assert "Nobody fits now" in said(client, page("desk_match", sought.public_id))


def test_who_was_asked_stands_with_their_reason(cast, client, sought):
    PairingFactory(request=sought, state="declined", because="I am at sea.", mentor__person__family_name="Sailor")
    client.force_login(cast.coordinator)
    text = said(client, page("desk_match", sought.public_id))
    assert "I am at sea." in text
    assert "Was asked for it before, and it did not come about." in text


@pytest.mark.parametrize("name", ["desk_match", "desk_intake"])
@pytest.mark.parametrize("role", ["teacher", "contact", "outsider"])
def test_only_coordinators_match(cast, client, sought, name, role):
    client.force_login(getattr(cast, role))
    rest = [sought.public_id] if name == "desk_match" else []
    assert client.get(page(name, *rest)).status_code == 403


def test_a_region_matches_its_own_requests_only(client, sought):
    client.force_login(make.CoordinatorFactory(region=make.RegionFactory()).person)
    assert client.get(page("desk_match", sought.public_id)).status_code == 404


def test_a_region_takes_back_its_own_proposals_only(client, proposed):
    client.force_login(make.CoordinatorFactory(region=make.RegionFactory()).person)
    address = page("desk_act_on_proposal", proposed.public_id)
    assert client.post(address, {"move": "withdraw"}).status_code == 404


def filled(count, sought=None):
    for _number in range(count):
        MentorRequestFactory(weekdays=[1])
        make.AffiliationFactory(person=MentorFactory(contests=["Open Olympiad"], places=5).person)
        if sought:
            PairingFactory(request=sought, state="lapsed")


def queries(client, address):
    client.get(address)  # what is read once stays
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize("name", ["desk_match", "desk_intake"])
def test_the_desk_asks_the_database_as_often_with_one_as_with_three(cast, client, sought, name):
    client.force_login(cast.coordinator)
    address = page(name, *([sought.public_id] if name == "desk_match" else []))
    counts = []
    for more in (1, 2):
        filled(more, sought)
        counts.append(queries(client, address))
    assert counts[0] == counts[1]


def test_an_intake_is_looked_at_changed_and_asked_for_just_so(cast, client, sought):
    best = MentorFactory(person__family_name="Best", contests=["open olympiad in informatics"])
    other = MentorFactory(person__family_name="Other")
    client.force_login(cast.coordinator)
    first = client.get(page("desk_intake"))
    assert first.context["found"].pairs == {sought.public_id: best.public_id}
    change = {f"for-{sought.public_id}": other.public_id}
    unseen = client.post(page("desk_intake"), change | {"do": "ask", "digest": first.context["found"].digest})
    assert "This is not what you were shown" in unseen.content.decode()
    assert Pairing.objects.count() == 0
    looked = client.post(page("desk_intake"), change | {"do": "look"})
    assert looked.context["found"].pairs == {sought.public_id: other.public_id}
    assert f'value="{other.public_id}" selected' in looked.content.decode()
    done = client.post(page("desk_intake"), change | {"do": "ask", "digest": looked.context["found"].digest})
    assert done.url == page("desk_requests")
    assert Pairing.objects.get().mentor == other


def test_an_intake_says_why_a_request_goes_without(cast, client, sought):
    client.force_login(cast.coordinator)
    assert "No mentor fits." in said(client, page("desk_intake"))
    PairingFactory(mentor=MentorFactory(places=1))
    assert "1 mentor would fit and has no place free." in said(client, page("desk_intake"))
    MentorFactory(places=1)
    MentorRequestFactory()
    assert "1 mentor would fit, and helps with a request that has waited longer." in said(client, page("desk_intake"))
    left = client.post(page("desk_intake"), {f"for-{sought.public_id}": "-", "do": "look"})
    assert "Left out for now." in left.content.decode()


def test_only_the_longest_waits_are_changed_at_once_and_all_are_asked_for(cast, client, sought, monkeypatch):
    monkeypatch.setattr(desk_matching, "MOST_CHANGES", 1)
    MentorRequestFactory()
    MentorFactory()
    client.force_login(cast.coordinator)
    answer = client.get(page("desk_intake"))
    assert len(answer.context["found"].pairs) == 2
    assert answer.content.decode().count("<select") == 1


@pytest.mark.parametrize("sent", [{"for-x": "y"}, {"for-222222222222": "222222222222"}, {"do": "ask", "digest": "x"}])
def test_nonsense_from_outside_changes_nothing(cast, client, sought, sent):
    MentorFactory()
    client.force_login(cast.coordinator)
    assert client.post(page("desk_intake"), sent).status_code == 200
    assert Pairing.objects.count() == 0


def test_a_choice_that_is_not_possible_any_more_is_said(cast, client, sought):
    abroad = MentorFactory(languages=["ko"])
    client.force_login(cast.coordinator)
    answer = client.post(page("desk_intake"), {f"for-{sought.public_id}": abroad.public_id, "do": "look"})
    assert "1 choice of yours is not possible any more" in answer.content.decode()


# The mentor


def test_the_mentor_reads_what_is_asked_and_why_them_and_says_yes(cast, client, proposed):
    client.force_login(proposed.mentor.person)
    text = said(client, page("asked", proposed.public_id))
    assert proposed.request.text in text
    assert "Knows “open olympiad in informatics”" in text
    assert "place" not in text[text.index("Why you") :].split("</section>")[0]
    answer = client.post(page("act_on_pairing", proposed.public_id), {"move": "accept"})
    assert answer.url == page("asked", proposed.public_id)
    assert "The teacher answers next" in said(client, answer.url)


def test_the_mentor_says_no_with_a_reason(client, proposed):
    client.force_login(proposed.mentor.person)
    here = page("asked", proposed.public_id)
    assert client.post(here, {"reason": ""}).status_code == 200
    assert client.post(here, {"reason": "x" * 301}).status_code == 200
    proposed.refresh_from_db()
    assert proposed.state == "proposed"
    client.post(here, {"reason": "I am at sea."})
    proposed.refresh_from_db()
    assert (proposed.state, proposed.because) == ("declined", "I am at sea.")
    assert "Thank you for answering" in said(client, here)


def test_a_late_answer_is_a_sentence(client, proposed):
    client.force_login(proposed.mentor.person)
    actions.withdraw_request(proposed.request, by=proposed.request.by)
    address = page("act_on_pairing", proposed.public_id)
    answer = client.post(address, {"move": "accept"}, follow=True)
    assert "The teacher has withdrawn this request meanwhile" in answer.content.decode()
    assert "Nothing is asked of you here any more" in answer.content.decode()


def test_nobody_else_reads_what_a_mentor_is_asked(cast, client, proposed):
    for person in (cast.teacher, cast.colleague, cast.coordinator, MentorFactory().person):
        client.force_login(person)
        assert client.get(page("asked", proposed.public_id)).status_code == 404


# The teacher


def test_a_teacher_does_not_learn_who_is_asked_or_who_declines(cast, client, proposed):
    client.force_login(cast.teacher)
    address, name = page("agree", proposed.public_id), proposed.mentor.person.family_name
    for _answer in range(2):
        answer = client.get(address, follow=True)
        assert answer.redirect_chain == [(proposed.request.get_absolute_url(), 302)]
        assert name not in answer.content.decode()
        late = client.post(page("act_on_pairing", proposed.public_id), {"move": "agree"}, follow=True)
        assert late.redirect_chain == [(proposed.request.get_absolute_url(), 302)]
        assert "already answered" in late.content.decode()
        assert name not in late.content.decode()
        if proposed.state == "proposed":
            actions.decline_proposal(proposed, by=proposed.mentor.person, reason="No.")


def test_a_teacher_who_agrees_too_late_reads_it(cast, client, accepted):
    actions.lapse_pairing(accepted, at=accepted.answer_by)
    client.force_login(cast.teacher)
    answer = client.post(page("act_on_pairing", accepted.public_id), {"move": "agree"}, follow=True)
    assert "The time to answer is over, and another mentor is sought." in answer.content.decode()
    answer = client.get(page("agree", accepted.public_id), follow=True)
    assert "There is nothing to answer here any more." in answer.content.decode()


def test_the_teacher_reads_who_would_help_and_agrees(cast, client, accepted):
    client.force_login(cast.teacher)
    text = said(client, page("agree", accepted.public_id))
    assert accepted.mentor.about in text
    assert accepted.mentor.person.email not in text
    answer = client.post(page("act_on_pairing", accepted.public_id), {"move": "agree"})
    assert answer.url == accepted.get_absolute_url()
    assert client.get(page("agree", accepted.public_id)).url == accepted.get_absolute_url()


def test_the_teacher_would_rather_have_another_and_need_not_say_why(cast, client, accepted):
    client.force_login(cast.teacher)
    here = page("agree", accepted.public_id)
    assert client.post(here, {"reason": ""}).url == accepted.request.get_absolute_url()
    accepted.refresh_from_db()
    assert accepted.state == "refused"
    assert "another mentor is sought" in said(client, here)


def test_neither_answers_for_the_other(cast, client, accepted):
    client.force_login(accepted.mentor.person)
    assert client.post(page("act_on_pairing", accepted.public_id), {"move": "agree"}).status_code == 403
    client.force_login(cast.teacher)
    assert client.post(page("act_on_pairing", accepted.public_id), {"move": "accept"}).status_code == 403
    assert client.post(page("act_on_pairing", accepted.public_id), {"move": "lapse"}).status_code == 404


def test_a_yes_once_given_is_answered_only_by_the_teacher(client, accepted):
    client.force_login(accepted.mentor.person)
    answer = client.post(page("asked", accepted.public_id), {"reason": "I changed my mind."}, follow=True)
    assert "already answered" in answer.content.decode()
    assert "The teacher answers next" in answer.content.decode()
