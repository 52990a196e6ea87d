"""Letters of thanks: for which pairings, by whom, in a batch or one; on the desk, with what both sides said."""

from datetime import date, timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate, now

from cluster_portal.long_work import carry_on_all
from cluster_portal.models import LongWork, OutboxMail
from cluster_portal.moves import Refused, may_move
from members.models import Certificate
from mentorship import actions
from mentorship.models import Pairing
from mentorship.thanks import paper_of, to_thank
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
DESK = "/desk/mentorship/thanks/"


@pytest.fixture
def ended(cast):
    return an_ended_one(cast.teacher.affiliations.get())


def an_ended_one(affiliation, state="completed", minutes=90, **facts):
    request = pair.MentorRequestFactory(affiliation=affiliation, state="paired")
    days = {"began_on": localdate() - timedelta(days=60), "ended_on": localdate()}
    it = pair.PairingFactory(request=request, state=state, **days | facts)
    if minutes:
        pair.LogEntryFactory(pairing=it, minutes=minutes)
    return it


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


def letters():
    return list(Certificate.objects.order_by("pk").values_list("person", "kind", "state"))


def test_a_letter_says_what_for_and_how_long(cast, ended):
    it = actions.thank_mentor(ended, cast.coordinator)
    assert (it.kind, it.person_id, it.about_model, it.about_id) == (
        "thanks",
        ended.mentor.person_id,
        "mentorship.pairing",
        ended.public_id,
    )
    assert it.title == f"mentoring “{ended.request.title}”, School 1: 2 hours"
    assert (it.begins_on, it.ends_on, it.hours, it.institution_id) == (ended.began_on, ended.ended_on, None, None)
    assert list(OutboxMail.objects.values_list("template", "to")) == [
        ("members/certificate_issued", ended.mentor.person_id)
    ]


def test_a_long_title_still_fits(ended):
    ended.request.title = "A" * 160
    ended.request.affiliation.institution.name = "B" * 200
    assert len(paper_of(ended).title) <= 250


def test_a_letter_without_hours_names_none(cast):
    it = an_ended_one(cast.teacher.affiliations.get(), minutes=0)
    assert paper_of(it).title == f"mentoring “{it.request.title}”, School 1"


def test_who_thanks_whom_is_refused_with_a_sentence(cast, ended):
    said = "Coordinators thank mentors, and nobody thanks themself. Ask another coordinator."
    for person in (cast.teacher, cast.contact, ended.mentor.person):
        assert refused(actions.thank_mentor, ended, person) == said
    own = an_ended_one(cast.teacher.affiliations.get(), mentor=pair.MentorFactory(person=cast.coordinator))
    assert refused(actions.thank_mentor, own, cast.coordinator) == said
    active = pair.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    assert refused(actions.thank_mentor, active, cast.coordinator).startswith("This pairing is under way.")
    actions.thank_mentor(ended, cast.coordinator)
    assert "has a valid certificate for this already" in refused(actions.thank_mentor, ended, cast.coordinator)


@pytest.mark.django_db(transaction=True)
def test_two_thank_at_once_and_one_letter_is_issued(cast, ended, together):
    thank = partial(actions.thank_mentor, ended, cast.coordinator)
    assert sorted(together(thank, thank)) == ["done", "refused"]
    assert len(letters()) == 1


def test_many_are_thanked_at_once(client, cast, ended):
    mine = cast.teacher.affiliations.get()
    others = [an_ended_one(mine), an_ended_one(mine, "dissolved")]
    not_chosen = an_ended_one(mine)
    client.force_login(cast.coordinator)
    chosen = [it.public_id for it in (ended, *others)]
    assert client.post(DESK, {"pairings": chosen}).status_code == 302
    assert {person for person, _kind, _state in letters()} == {it.mentor.person_id for it in (ended, *others)}
    assert not_chosen.mentor.person_id not in {person for person, _kind, _state in letters()}
    assert LongWork.objects.get().done == 3


def test_what_cannot_be_is_passed_over_by_the_work(cast, ended):
    mine = cast.teacher.affiliations.get()
    other = an_ended_one(mine)
    actions.begin_thanks([ended, other], cast.coordinator)
    actions.thank_mentor(ended, cast.coordinator)
    carry_on_all()
    assert sorted(person for person, _kind, _state in letters()) == sorted(
        [ended.mentor.person_id, other.mentor.person_id]
    )
    assert LongWork.objects.get().problem == ""


def test_nobody_coordinates_any_more_and_nothing_is_issued(cast, ended):
    actions.begin_thanks([ended], cast.coordinator)
    cast.coordinator.coordinating.all().delete()
    carry_on_all()
    assert letters() == []
    assert LongWork.objects.get().problem.startswith("Whoever asked for these letters")


def test_nothing_to_issue_is_refused(cast, ended):
    actions.thank_mentor(ended, cast.coordinator)
    said = "Choose ended pairings whose mentors have no letter yet."
    assert refused(actions.begin_thanks, [ended], cast.coordinator) == said
    active = pair.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    assert refused(actions.begin_thanks, [active], cast.coordinator) == said


def test_a_coordinator_thanks_in_their_region_alone(client, cast, ended):
    elsewhere = make.CoordinatorFactory(region=make.RegionFactory()).person
    assert refused(actions.begin_thanks, [ended], elsewhere).startswith("Choose ended pairings")
    client.force_login(elsewhere)
    assert ended.request.title not in client.get(DESK).text
    assert client.get(f"{DESK}{ended.public_id}/").status_code == 404
    assert client.post(f"{DESK}{ended.public_id}/thank/").status_code == 404


def test_the_desk_proposes_those_who_completed_and_met(client, cast, ended):
    mine = cast.teacher.affiliations.get()
    an_ended_one(mine, minutes=0)
    an_ended_one(mine, "dissolved")
    client.force_login(cast.coordinator)
    text = client.get(DESK).text
    assert (text.count('name="pairings"'), text.count(" checked")) == (3, 1)


def test_without_a_choice_the_desk_says_so(client, cast, ended):
    client.force_login(cast.coordinator)
    assert "Choose at least one pairing." in client.post(DESK).text


def test_the_desk_shows_what_both_say(client, cast, ended):
    pair.PairingFeedbackFactory(pairing=ended, helpful=4, text="Tuesdays suited us.")
    pair.PairingFeedbackFactory(pairing=ended, by=cast.teacher, helpful=5)
    client.force_login(cast.coordinator)
    assert "mentor: 4 of 5, teacher: 5 of 5" in client.get(DESK).text
    text = client.get(f"{DESK}{ended.public_id}/").text
    assert ("Tuesdays suited us." in text, "4 of 5" in text, "5 of 5" in text) == (True, True, True)


def test_the_desk_is_for_coordinators(client, cast, ended):
    for person in (cast.teacher, cast.contact, cast.outsider):
        client.force_login(person)
        assert {client.get(it).status_code for it in (DESK, f"{DESK}{ended.public_id}/")} <= {403, 404}


def test_a_letter_is_revoked_and_another_issued(client, cast, ended):
    client.force_login(cast.coordinator)
    page = f"{DESK}{ended.public_id}/"
    assert client.post(f"{page}revoke/", {"reason": "Nothing to revoke"}).status_code == 404
    client.post(f"{page}thank/")
    it = Certificate.objects.get()
    assert client.get(f"{page}paper.pdf").content[:5] == b"%PDF-"
    assert client.post(f"{page}revoke/", {"reason": ""}).status_code == 200
    assert client.post(f"{page}revoke/", {"reason": "A wrong name"}).status_code == 302
    assert "does not hold any more" in client.get(f"/verify/{it.public_id}/").text
    assert client.get(f"{page}paper.pdf").status_code == 404
    assert 'name="pairings"' not in client.get(DESK).text
    client.post(f"{page}thank/")
    assert [state for _person, _kind, state in letters()] == ["revoked", "issued"]


def test_who_keeps_a_letter(cast, ended):
    it = actions.thank_mentor(ended, cast.coordinator)
    people = {"coordinator": cast.coordinator, "mentor": ended.mentor.person, "teacher": cast.teacher}
    people |= {"contact": cast.contact, "elsewhere": make.CoordinatorFactory(region=make.RegionFactory()).person}
    assert {name for name, person in people.items() if may_move(person, it, "revoke")} == {"coordinator"}


def test_the_desk_asks_for_thanks_for_sixty_days(cast, ended):
    rows = list(to_thank(cast.coordinator))
    assert [(it.count, it.url) for it in rows] == [(1, DESK)]
    actions.thank_mentor(ended, cast.coordinator)
    assert list(to_thank(cast.coordinator)) == []
    late = an_ended_one(cast.teacher.affiliations.get())
    Pairing.objects.filter(pk=late.pk).update(state_since=now() - timedelta(days=61))
    an_ended_one(cast.teacher.affiliations.get(), minutes=0)
    an_ended_one(cast.teacher.affiliations.get(), "dissolved")
    an_ended_one(cast.teacher.affiliations.get(), mentor=pair.MentorFactory(person=cast.coordinator))
    assert list(to_thank(cast.coordinator)) == []


def test_the_desk_asks_as_much_for_three_as_for_one(client, cast, ended):
    client.force_login(cast.coordinator)
    counts = []
    for number in (0, 2):
        for _each in range(number):
            it = an_ended_one(cast.teacher.affiliations.get())
            pair.PairingFeedbackFactory(pairing=it)
            pair.OutcomeFactory(pairing=it, day=date(2026, 3, 2))
        if not number:
            pair.PairingFeedbackFactory(pairing=ended)
        with CaptureQueriesContext(connection) as queries:
            client.get(DESK)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_erased_mentor_is_thanked_no_more(client, cast, ended):
    type(ended.mentor.person).objects.filter(pk=ended.mentor.person_id).update(erased_at=now())
    client.force_login(cast.coordinator)
    text = client.get(DESK).text
    assert ('name="pairings"' in text, "cannot be issued" in text) == (False, True)
    assert list(to_thank(cast.coordinator)) == []
