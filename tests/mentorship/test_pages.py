"""The pages of offers and requests: for everybody, for who teaches or mentors, and on the desk."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localdate, now

from cluster_portal.models import OutboxMail
from members.models import Direction, Initiative
from mentorship.desk_rows import rows_of
from mentorship.models import Mentor, MentorRequest, Terms
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
OFFER = {
    "about": "I judge at olympiads.",
    "contests": "Open Olympiad\n\nopen olympiad\nRobot Cup",
    "help": ["prepare", "review"],
    "languages": ["en"],
    "formats": ["online"],
    "weekdays": ["1", "3"],
    "time_zone": "Europe/Moscow",
    "hours_a_month": "4",
    "places": "2",
}


def page(name, *args):
    return reverse(f"mentorship:{name}", args=args)


def said(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def asked(**facts):
    usual = {
        "title": "A mentor for our team",
        "contest": "Open Olympiad",
        "text": "Four students.",
        "help": ["prepare"],
        "needed_from": localdate().isoformat(),
        "needed_by": (localdate() + timedelta(days=60)).isoformat(),
        "languages": ["en"],
        "formats": ["online"],
        "with_students": "on",
    }
    return usual | facts


def questions(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_everybody_reads_how_many_mentors_there_are_and_no_name(client, cast):
    theme = Direction.objects.create(name="Robotics", slug="robotics")
    pair.MentorFactory(directions=[theme], person__family_name="Secretname")
    pair.MentorFactory(directions=[theme], state="paused")
    pair.MentorFactory(directions=[theme], state="offered")
    text = said(client, page("mentorship"))
    assert "1 mentor takes requests now." in text
    assert "Robotics: 1" in text
    assert "Secretname" not in text


@pytest.mark.parametrize("name", ["offer", "ask"])
def test_who_is_not_signed_in_is_asked_to(client, cast, name):
    assert client.get(page(name)).url.startswith("/accounts/login/")


def test_offering_changing_pausing_resuming_stopping(client, cast):
    client.force_login(cast.outsider)
    assert client.post(page("offer"), OFFER).url == page("offer")
    mentor = Mentor.objects.get(person=cast.outsider)
    assert (mentor.state, mentor.contests, mentor.weekdays) == ("offered", ["Open Olympiad", "Robot Cup"], [1, 3])
    assert "A coordinator looks at your offer" in said(client, page("offer"))
    Mentor.objects.update(state="active")
    seen = client.get(page("offer")).context["form"]["seen"].value()
    client.post(page("offer"), OFFER | {"places": "5", "seen": seen})
    client.post(page("pause"), {"until": (localdate() + timedelta(days=9)).isoformat()})
    mentor.refresh_from_db()
    assert (mentor.state, mentor.places) == ("paused", 5)
    assert "Resume" in said(client, page("offer"))
    for move, state in (("resume", "active"), ("end", "ended")):
        client.post(page("act_on_mentor"), {"move": move})
        mentor.refresh_from_db()
        assert mentor.state == state
    assert "Offer again" in said(client, page("offer"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"help": []}, "This field is required"),
        ({"languages": ["xx"]}, "Select a valid choice"),
        ({"hours_a_month": "0"}, "greater than or equal to 1"),
        ({"time_zone": "Mars/Base"}, "Select a valid choice"),
        ({"contests": "x" * 161}, "is longer than 160 characters"),
        ({"contests": "\n".join(map(str, range(31)))}, "more than 30 lines"),
    ],
)
def test_what_is_not_well_formed_in_an_offer_is_said_beside_it(client, cast, wrong, sentence):
    client.force_login(cast.outsider)
    answer = client.post(page("offer"), OFFER | wrong)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert Mentor.objects.count() == 0


def test_a_pause_that_ends_in_the_past_has_its_sentence(client, cast):
    mentor = pair.MentorFactory()
    client.force_login(mentor.person)
    answer = client.post(page("pause"), {"until": "2020-01-01"}, follow=True)
    assert "That day is not ahead" in answer.content.decode()
    answer = client.post(page("pause"), {"until": "soon"}, follow=True)
    assert "Enter a valid date" in answer.content.decode()


def test_who_is_no_mentor_pauses_nothing(client, cast):
    client.force_login(cast.teacher)
    assert client.post(page("pause")).status_code == 404
    assert client.post(page("act_on_mentor"), {"move": "end"}).status_code == 404


def test_a_mentor_admits_nobody_by_that_address(client, cast):
    mentor = pair.MentorFactory(state="offered")
    client.force_login(mentor.person)
    assert client.post(page("act_on_mentor"), {"move": "admit"}).status_code == 404


def test_the_profile_shows_what_helps_and_not_how_one_is_reached(client, cast):
    it = pair.PairingFactory(state="accepted", mentor__person__contact_email="secret@example.org")
    client.force_login(it.request.by)
    text = said(client, it.mentor.get_absolute_url())
    assert "I judge at olympiads." in text
    assert "secret@example.org" not in text
    assert it.mentor.person.email not in text
    client.force_login(cast.outsider)
    said(client, it.mentor.get_absolute_url(), 404)


def test_asking_says_first_why_one_may_and_what_for(client, cast):
    client.force_login(cast.teacher)
    text = said(client, page("ask"))
    assert "Why you can ask" in text
    for way in MentorRequest.For.values:
        said(client, f"{page('ask')}?for={way}")
    client.force_login(cast.outsider)
    assert "You do not belong to an institution yet" in said(client, page("ask"))
    assert "You do not belong to an institution yet" in said(client, f"{page('ask')}?for=team")


@pytest.mark.parametrize(
    ("way", "there", "not_there"),
    [
        ("contest", {"contest", "with_students"}, {"initiative"}),
        ("team", {"contest", "with_students"}, {"initiative"}),
        ("course", {"with_students"}, {"contest", "initiative"}),
        ("initiative", {"initiative"}, {"contest"}),
    ],
)
def test_the_fields_are_those_of_what_it_is_for(client, cast, way, there, not_there):
    client.force_login(cast.teacher)
    fields = set(client.get(f"{page('ask')}?for={way}").context["form"].fields)
    assert there <= fields
    assert not_there & fields == set()


def test_a_request_leads_to_its_page_with_the_chain(client, cast):
    client.force_login(cast.teacher)
    answer = client.post(f"{page('ask')}?for=contest", asked())
    request = MentorRequest.objects.get()
    assert answer.url == request.get_absolute_url()
    assert (request.what_for, request.contest, request.with_students) == ("contest", "Open Olympiad", True)
    text = said(client, request.get_absolute_url())
    assert "A mentor is sought" in text
    assert "The coordinator answers until" in text
    assert "A mentor for our team" in said(client, page("mentorship"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"contest": ""}, "This field is required"),
        ({"needed_by": "2020-01-01"}, "It ends before it begins"),
        ({"needed_from": "2020-01-01", "needed_by": "2020-02-01"}, "is over"),
        ({"needed_by": "9999-01-01"}, "Check the year"),
        ({"help": ["magic"]}, "Select a valid choice"),
        ({"title": "x" * 161}, "at most 160 characters"),
    ],
)
def test_what_is_not_well_formed_in_a_request_is_said_beside_it(client, cast, wrong, sentence):
    client.force_login(cast.teacher)
    answer = client.post(f"{page('ask')}?for=contest", asked(**wrong))
    assert sentence in answer.content.decode()
    assert MentorRequest.objects.count() == 0


def test_who_works_at_two_members_says_for_which(client, cast):
    other = make.PartyFactory(agreement=cast.agreement, institution__name="School 2").institution
    make.AffiliationFactory(person=cast.teacher, institution=other)
    foreign = make.AffiliationFactory(institution=other)
    client.force_login(cast.teacher)
    address = f"{page('ask')}?for=team"
    work = cast.teacher.affiliations.get(institution=other)
    assert "Select a valid choice" in client.post(address, asked(affiliation=foreign.pk)).content.decode()
    client.post(address, asked(affiliation=work.pk))
    assert MentorRequest.objects.get().affiliation == work


def test_for_an_initiative_one_chooses_one_of_the_own_institution(client, cast):
    own = Initiative.objects.create(title="Lab", responsible=cast.school, starts_on=localdate(), state="published")
    Initiative.objects.create(
        title="Elsewhere", responsible=make.InstitutionFactory(), starts_on=localdate(), state="published"
    )
    client.force_login(cast.teacher)
    address = f"{page('ask')}?for=initiative"
    assert "Elsewhere" not in said(client, address)
    client.post(address, asked(initiative=own.pk))
    assert MentorRequest.objects.get().initiative == own


@pytest.mark.parametrize("state", ["accepted", "active"])
def test_whom_i_mentor_leads_to_a_page_that_opens(client, state):
    it = pair.PairingFactory(state=state)
    client.force_login(it.mentor.person)
    address = f"/mentorship/asked/{it.public_id}/"
    assert f'href="{address}"' in client.get("/mentorship/").text
    assert client.get(address, follow=True).status_code == 200


def test_a_request_is_changed_withdrawn_and_looked_for_again(client, cast):
    request = pair.MentorRequestFactory(by=cast.teacher, affiliation=cast.teacher.affiliations.get())
    client.force_login(cast.teacher)
    edit = page("edit_request", request.public_id)
    seen = client.get(edit).context["form"]["seen"].value()
    client.post(edit, asked(title="Another", seen=seen))
    request.refresh_from_db()
    assert request.title == "Another"
    act = page("act_on_request", request.public_id)
    client.post(act, {"move": "withdraw"})
    request.refresh_from_db()
    assert request.state == "withdrawn"
    assert "Withdrawn" in said(client, request.get_absolute_url())
    assert client.get(edit).url == request.get_absolute_url()
    assert client.post(act, {"move": "close"}).status_code == 404


@pytest.mark.parametrize(
    ("state", "word"), [("completed", "Completed"), ("active", "Under way"), ("open", "A mentor is sought")]
)
def test_my_requests_say_how_far_each_has_come(client, cast, state, word):
    if state == "open":
        pair.MentorRequestFactory(by=cast.teacher)
    else:
        pair.PairingFactory(state=state, request__state="paired", request__by=cast.teacher)
    client.force_login(cast.teacher)
    mine = said(client, page("mentorship")).split("My requests")[1].split("</table>")[0]
    assert [it for it in ("Completed", "Under way", "A mentor is sought") if it in mine] == [word]


def test_somebody_elses_change_is_not_overwritten(client, cast):
    request = pair.MentorRequestFactory(by=cast.teacher, affiliation=cast.teacher.affiliations.get())
    client.force_login(cast.teacher)
    edit = page("edit_request", request.public_id)
    seen = client.get(edit).context["form"]["seen"].value()
    MentorRequest.objects.update(text="Changed elsewhere.")
    answer = client.post(edit, asked(seen=seen))
    assert "Somebody else changed this meanwhile" in answer.content.decode()


@pytest.mark.parametrize("state", MentorRequest.State)
def test_the_page_of_a_request_opens_in_every_state_for_all_who_see_it(client, cast, state):
    of_pairing = {"proposed": "proposed", "accepted": "accepted", "paired": "active"}.get(str(state), "declined")
    it = pair.PairingFactory(state=of_pairing, request__state=state)
    if of_pairing == "active":
        pair.LogEntryFactory(pairing=it)
        pair.OutcomeFactory(pairing=it)
    mentor_reads = of_pairing != "declined"
    for person, status in (
        (it.request.by, 200),
        (it.mentor.person, 200 if mentor_reads else 404),
        (cast.coordinator, 200),
    ):
        client.force_login(person)
        said(client, it.request.get_absolute_url(), status)
    client.force_login(cast.outsider)
    said(client, it.request.get_absolute_url(), 404)
    assert client.post(page("act_on_request", it.request.public_id), {"move": "withdraw"}).status_code == 404


@pytest.mark.parametrize(
    ("state", "named"),
    [("proposed", False), ("accepted", True), ("active", True), ("declined", False), ("withdrawn", False)],
)
def test_a_teacher_learns_who_said_yes_and_not_who_is_asked(client, cast, state, named):
    it = pair.PairingFactory(state=state, mentor__person__family_name="Secretname")
    client.force_login(it.request.by)
    assert ("Secretname" in said(client, it.request.get_absolute_url())) == named


def test_who_was_its_mentor_before_does_not_learn_who_said_yes(client, cast):
    it = pair.PairingFactory(mentor__person__family_name="Secretname")
    before = pair.PairingFactory(request=it.request, state="dissolved").mentor.person
    client.force_login(before)
    text = said(client, it.request.get_absolute_url())
    assert "Secretname" not in text
    assert it.get_absolute_url() not in text


def test_a_right_that_was_lost_since_is_shown_to_the_coordinator(client, cast):
    kept = pair.MentorRequestFactory(by=cast.teacher, affiliation=cast.teacher.affiliations.get())
    lost = pair.MentorRequestFactory()
    client.force_login(cast.coordinator)
    assert "could not ask today" not in said(client, kept.get_absolute_url())
    assert "could not ask today" in said(client, lost.get_absolute_url())
    client.force_login(lost.by)
    assert "could not ask today" not in said(client, lost.get_absolute_url())


def test_a_teacher_may_not_do_what_is_the_coordinators(client, cast):
    request = pair.MentorRequestFactory(by=cast.teacher, affiliation=cast.teacher.affiliations.get())
    client.force_login(cast.teacher)
    said(client, page("desk_close_request", request.public_id), 403)
    said(client, page("desk_mentors"), 403)
    said(client, page("desk_terms"), 403)
    colleague = pair.PairingFactory(state="proposed", request=request).mentor.person
    client.force_login(colleague)
    assert client.post(page("act_on_request", request.public_id), {"move": "withdraw"}).status_code == 403


def test_the_desk_admits_declines_clears_and_lets_go(client, cast):
    first, second = pair.MentorFactory(state="offered", clearance_until=None), pair.MentorFactory(state="offered")
    client.force_login(cast.coordinator)
    until = (localdate() + timedelta(days=50)).isoformat()
    client.post(page("desk_admit_mentor", first.public_id), {"clearance_until": until})
    first.refresh_from_db()
    assert (first.state, first.clearance_until.isoformat()) == ("active", until)
    decline = page("desk_decline_mentor", second.public_id)
    assert "This field is required" in client.post(decline, {"reason": ""}).content.decode()
    client.post(decline, {"reason": "Not now."})
    second.refresh_from_db()
    assert second.state == "declined"
    assert client.get(decline).url == page("desk_mentor", second.public_id)
    client.post(page("desk_clear_mentor", first.public_id), {"until": ""})
    first.refresh_from_db()
    assert first.clearance_until is None
    answer = client.post(page("desk_clear_mentor", first.public_id), {"until": "2020-01-01"}, follow=True)
    assert "That day is over" in answer.content.decode()
    client.post(page("desk_act_on_mentor", first.public_id), {"move": "end"})
    first.refresh_from_db()
    assert first.state == "ended"


def test_coordinators_elsewhere_read_a_mentor_and_decide_nothing(client, cast):
    mentor = pair.MentorFactory(state="offered")
    client.force_login(make.CoordinatorFactory(region=make.RegionFactory()).person)
    assert "admit and clear them" in said(client, page("desk_mentor", mentor.public_id))
    assert client.post(page("desk_admit_mentor", mentor.public_id)).status_code == 403
    assert client.post(page("desk_clear_mentor", mentor.public_id)).status_code == 403
    said(client, page("desk_decline_mentor", mentor.public_id), 403)
    said(client, page("desk_terms"), 403)


def test_the_list_of_requests_begins_with_who_has_waited_longest(client, cast):
    new = pair.MentorRequestFactory(title="New one")
    old = pair.MentorRequestFactory(title="Old one", asked_at=now() - timedelta(days=20), risen_at=now())
    pair.MentorRequestFactory(title="Closed one", state="closed")
    client.force_login(cast.coordinator)
    assert list(client.get(page("desk_requests")).context["page"]) == [old, new]
    text = said(client, f"{page('desk_requests')}?state=closed")
    assert "Closed one" in text
    assert "Old one" not in text
    said(client, f"{page('desk_requests')}?state=nonsense")


def test_regional_coordinators_list_requests_of_their_region(client, cast):
    region = make.RegionFactory()
    mine = pair.MentorRequestFactory(affiliation__institution__region=region)
    other = pair.MentorRequestFactory()
    client.force_login(make.CoordinatorFactory(region=region).person)
    assert list(client.get(page("desk_requests")).context["page"]) == [mine]
    said(client, page("desk_close_request", other.public_id), 404)


def test_a_search_is_closed_with_a_reason(client, cast):
    request = pair.MentorRequestFactory()
    client.force_login(cast.coordinator)
    close = page("desk_close_request", request.public_id)
    assert "This field is required" in client.post(close, {"reason": ""}).content.decode()
    client.post(close, {"reason": "Nobody has time in June."})
    request.refresh_from_db()
    assert request.state == "closed"
    assert client.get(close).url == request.get_absolute_url()
    client.post(page("act_on_request", request.public_id), {"move": "reopen"})
    request.refresh_from_db()
    assert request.state == "open"


def test_terms_are_laid_down_on_their_page(client, cast):
    client.force_login(cast.coordinator)
    assert 'value="7"' in said(client, page("desk_terms"))
    client.post(page("desk_terms"), {"answer_days": "5", "stalled_weeks": "3"})
    assert (Terms.current().answer_days, Terms.current().stalled_weeks) == (5, 3)
    answer = client.post(page("desk_terms"), {"answer_days": "0", "stalled_weeks": "3"})
    assert "greater than or equal to 1" in answer.content.decode()
    assert 'value="5"' in said(client, page("desk_terms"))


def test_the_desk_shows_what_waits_and_nothing_else(client, cast):
    assert list(rows_of(cast.teacher)) == []
    assert list(rows_of(cast.coordinator)) == []
    pair.MentorFactory(state="offered")
    pair.MentorRequestFactory()
    pair.MentorRequestFactory(risen_at=now())
    pair.MentorFactory(clearance_until=localdate() + timedelta(days=29))
    pair.MentorFactory(state="ended", clearance_until=localdate())
    pair.MentorRequestFactory(state="closed")
    rows = [(str(row.text), row.count) for row in rows_of(cast.coordinator)]
    assert ("person offers to mentor", 1) in rows
    assert ("request for a mentor was not answered in time", 1) in rows
    assert ("teacher seeks a mentor", 1) in rows
    assert ("mentor has a clearance that ends within 30 days, or has ended", 1) in rows
    client.force_login(cast.coordinator)
    text = said(client, page("desk_mentorship"))
    assert "request for a mentor was not answered in time" in text
    assert "person offers to mentor" in said(client, "/desk/")


def test_ones_own_offer_stands_on_nobodys_own_desk(cast):
    pair.MentorFactory(state="offered", person=cast.coordinator)
    assert list(rows_of(cast.coordinator)) == []


@pytest.mark.parametrize("name", ["desk_mentors", "desk_requests", "mentorship", "desk_mentorship"])
def test_lists_ask_as_much_for_one_as_for_three(client, cast, name):
    client.force_login(cast.coordinator)
    theme = Direction.objects.create(name="Robotics", slug="robotics")
    own = make.AffiliationFactory(person=cast.coordinator)
    counts = []
    for number in (1, 2):
        for _ in range(number):
            mentor = pair.MentorFactory(directions=[theme], clearance_by=cast.coordinator)
            make.AffiliationFactory(person=mentor.person)
            pair.MentorFactory(state="offered")
            pair.MentorRequestFactory(affiliation=own)
            pair.PairingFactory(mentor=mentor, state="proposed")
        counts.append(questions(client, page(name)))
    assert counts[0] == counts[1]


def test_mails_lead_to_pages_that_open(client, cast):
    it = pair.PairingFactory(state="accepted")
    request = it.request
    client.force_login(request.by)
    said(client, page("agree", it.public_id))
    it = pair.PairingFactory(state="proposed")
    client.force_login(it.mentor.person)
    said(client, page("asked", it.public_id))
    assert OutboxMail.objects.count() == 0
