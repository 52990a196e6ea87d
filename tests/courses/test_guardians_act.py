"""Guardians act for their child wherever the child could: signed in, by the link of a consent or of an offer."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal import hooks, mailtext
from cluster_portal.links import signed_token
from cluster_portal.models import OutboxMail
from cluster_portal.moves import available_moves
from cluster_portal.uploads import uploads_about
from courses import actions
from courses.mails import page_of_child
from courses.models import Enrolment, Pool, Run, Seat
from members.actions import decide, end_guardianship
from members.models import Guardianship
from tests import factories as make
from tests.courses.test_works import file

pytestmark = pytest.mark.django_db
State = Enrolment.State


@pytest.fixture
def text():
    return make.ConsentTextFactory()


@pytest.fixture
def child(cast, text):
    child = make.ChildFactory(family_name="Gromov")
    make.AffiliationFactory(institution=cast.school, role="student", person=child)
    make.GuardianshipFactory(child=child, guardian__given_name="Irina")
    return child


@pytest.fixture
def guardianship(child):
    return child.guarded_by.get()


@pytest.fixture
def guardian(guardianship):
    return guardianship.guardian


@pytest.fixture
def consented(child, guardian, text):
    decide(child, "taking_part", "granted", by=guardian, channel="link", text=text)


@pytest.fixture
def signed_in(guardian):
    client = Client()
    client.force_login(guardian)
    return client


@pytest.fixture
def token(guardianship):
    return signed_token("members.consent", guardianship.public_id)


@pytest.fixture
def by_link(child, token):
    """A browser in which the link was opened with the birth date."""
    client = Client()
    client.post(reverse("members:consent", args=[token]), {"birth_date": child.birth_date.isoformat()})
    return client


def fresh(it):
    return type(it).objects.get(pk=it.pk)


def offered_to(child, run, cast):
    """A place that is offered to the child, after somebody left."""
    first = actions.enrol(run, cast.teacher, by=cast.teacher)
    actions.enrol(run, cast.colleague, by=cast.colleague)
    it = actions.enrol(run, child, by=child)
    actions.cancel_enrolment(first, by=cast.teacher)
    return fresh(it)


def test_a_guardian_enrols_the_child_signed_in(signed_in, run, child, consented):
    page = signed_in.get(reverse("members:child", args=[child.public_id])).content.decode()
    address = reverse("courses:enrol_child", args=[child.public_id, run.public_id])
    assert (address in page, "Open for enrolment" in page) == (True, True)
    assert signed_in.get(address).status_code == 200
    assert Enrolment.objects.count() == 0
    page = signed_in.post(address, {"asked": "yes"}, follow=True).content.decode()
    assert ("Ilya is in." in page, Enrolment.objects.get().state) == (True, State.CONFIRMED)


def test_a_guardian_enrols_the_child_by_the_link(by_link, token, run, child, guardian):
    page = by_link.get(reverse("members:consent", args=[token]), follow=True).content.decode()
    assert "Open for enrolment" in page
    by_link.post(reverse("courses:enrol_by_link", args=[token, run.public_id]), {"asked": "yes"})
    assert (Enrolment.objects.get().person, Enrolment.objects.get().state) == (child, State.HELD)
    page = by_link.get(reverse("members:consent", args=[token])).content.decode()
    assert "waits for your answer." in page


@pytest.mark.parametrize(("move", "state"), [("accept", State.CONFIRMED), ("decline", State.DECLINED)])
@pytest.mark.parametrize("way", ["signed in", "link", "offer"])
def test_a_guardian_answers_an_offer(
    way, move, state, run, cast, child, guardian, consented, signed_in, by_link, token
):
    it = offered_to(child, run, cast)
    if way == "signed in":
        signed_in.post(reverse("courses:act_on_enrolment", args=[it.public_id]), {"move": move})
    elif way == "link":
        by_link.post(reverse("courses:act_by_link", args=[token, it.public_id]), {"move": move})
    else:
        mailed = signed_token("courses.offer", f"{it.public_id}.{guardian.public_id}")
        Client().post(reverse("courses:offer", args=[mailed]), {"answer": move})
    assert fresh(it).state == state


@pytest.mark.parametrize("way", ["signed in", "link"])
def test_a_guardian_leaves_for_the_child_and_nobody_calls_it_taken_out(
    way, run, child, consented, signed_in, by_link, token
):
    it = actions.enrol(run, child, by=child)
    client, address = (
        (signed_in, reverse("courses:act_on_enrolment", args=[it.public_id]))
        if way == "signed in"
        else (by_link, reverse("courses:act_by_link", args=[token, it.public_id]))
    )
    assert client.post(address, {"move": "cancel"}).status_code == 302
    assert fresh(it).state == State.CANCELLED
    assert OutboxMail.objects.filter(template="courses/taken_out").count() == 0
    assert OutboxMail.objects.filter(template="courses/left").count() == 1


def test_the_list_of_children_says_where_each_takes_part(signed_in, run, child):
    actions.enrol(run, child, by=child)
    page = signed_in.get(reverse("members:children")).content.decode()
    assert ("Takes part in" in page, run.course.title in page, "waits for your answer." in page) == (True, True, True)


def test_strangers_and_former_guardians_find_nothing(run, child, guardianship, by_link, token, signed_in, cast):
    it = actions.enrol(run, child, by=child)
    stranger = Client()
    stranger.force_login(cast.outsider)
    enrol = reverse("courses:enrol_child", args=[child.public_id, run.public_id])
    act = reverse("courses:act_on_enrolment", args=[it.public_id])
    assert stranger.get(enrol).status_code == 404
    assert stranger.post(act, {"move": "cancel"}).status_code == 404
    unopened = Client()
    assert unopened.post(reverse("courses:act_by_link", args=[token, it.public_id])).status_code == 404
    assert unopened.get(reverse("courses:enrol_by_link", args=[token, run.public_id])).status_code == 404
    end_guardianship(guardianship, by=guardianship.guardian)
    assert signed_in.post(act, {"move": "cancel"}).status_code == 404
    assert by_link.post(reverse("courses:act_by_link", args=[token, it.public_id])).status_code == 404
    assert fresh(it).state == State.HELD


def test_the_link_of_one_child_acts_for_no_other(run, cast, child, by_link, token):
    other = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
    make.GuardianshipFactory(child=other)
    it = actions.enrol(run, other, by=other)
    assert (
        by_link.post(reverse("courses:act_by_link", args=[token, it.public_id]), {"move": "cancel"}).status_code == 404
    )
    mailed = signed_token("courses.offer", f"{it.public_id}.{child.public_id}")
    assert Client().get(reverse("courses:offer", args=[mailed])).status_code == 404


def test_a_child_of_age_is_not_acted_for_any_more(run, child, guardian, signed_in, consented):
    it = actions.enrol(run, child, by=child)
    child.birth_date = now().date() - timedelta(days=19 * 366)
    child.save()
    assert (
        signed_in.post(reverse("courses:act_on_enrolment", args=[it.public_id]), {"move": "cancel"}).status_code == 404
    )
    assert available_moves(guardian, fresh(it)) == {}


ALLOWED = {
    ("child", "offered"): {"accept", "decline", "cancel"},
    ("guardian", "offered"): {"accept", "decline", "cancel"},
    ("coordinator", "offered"): {"cancel"},
    ("coordinator", "held"): {"refuse", "cancel"},
    **{
        (who, state): {"cancel"} for who in ("child", "guardian") for state in ("asked", "held", "waiting", "confirmed")
    },
    **{("coordinator", state): {"cancel"} for state in ("asked", "waiting", "confirmed")},
}


@pytest.mark.parametrize("state", Enrolment.State)
@pytest.mark.parametrize("role", ["child", "guardian", "coordinator", "stranger"])
def test_moves_by_role_and_state(role, state, run, cast, child, guardian):
    it = make.EnrolmentFactory(run=run, person=child, state=state)
    who = {"child": child, "guardian": guardian, "coordinator": cast.coordinator, "stranger": cast.outsider}[role]
    assert set(available_moves(who, it)) == ALLOWED.get((role, state.value), set())


OF_ENROLMENTS = [
    "confirmed", "held", "hold_lapsed", "left", "offer_lapsed", "offered", "refused", "run_cancelled",
    "session_cancelled", "sessions_changed", "taken_out", "taken_out_of_class", "waiting", "reminder_day",
    "reminder_hour",
]  # fmt: skip


@pytest.mark.parametrize("name", OF_ENROLMENTS)
def test_each_mail_to_a_guardian_names_the_child_and_never_says_that_the_guardian_takes_part(name, child, guardian):
    run = make.RunFactory(course__title="AI Tools")
    session = make.SessionFactory(run=run, starts_at=now() + timedelta(days=2))
    state = {"offered": "offered", "held": "held"}.get(name, "confirmed")
    it = make.EnrolmentFactory(run=run, person=child, state=state)
    wanted = hooks.WantedMail(f"courses/{name}", it, guardian, session.public_id)
    if name.startswith("reminder"):
        wanted = hooks.WantedMail(f"courses/{name}", session, guardian, session.starts_at.isoformat(), ground=it)
    subject, body = mailtext.rendered(wanted, hooks.sender())
    assert ("Ilya" in subject, "Ilya" in body) == (True, True)
    for never in ("You have a place", "your enrolment", "your calendar", "your place", "is yours", "held for you"):
        assert never not in subject + body


@pytest.mark.parametrize(
    "name", ["seat_cancelled", "seat_chosen", "seat_given_up", "seat_moved", "seat_swapped", "wish_granted"]
)
def test_mails_about_chosen_sessions_name_the_child_too(name, run, child, guardian):
    session = make.SessionFactory(run=run, title="Agents")
    pool = Pool.objects.create(session=session, places=5)
    it = make.EnrolmentFactory(run=run, person=child)
    seat = Seat.objects.create(session=session, pool=pool, enrolment=it, state="confirmed")
    subject, body = mailtext.rendered(hooks.WantedMail(f"courses/{name}", seat, guardian), hooks.sender())
    assert ("Ilya" in subject, "Ilya" in body) == (True, True)
    for never in ("you have", "You have", "your place", "Your place", "your calendar", "is yours"):
        assert never not in subject + body


def test_a_mail_to_a_guardian_opens_the_page_of_the_child(run, child, guardian, client):
    actions.enrol(run, child, by=child)
    mail = OutboxMail.objects.get(template="courses/held", to=guardian)
    address = page_of_child(mail)["child"].removeprefix("http://testserver")
    assert "Consent for Ilya G." in client.get(address).content.decode()


def still_due(mail):
    return hooks.mail_kinds[mail.template].still_due(mail)


def test_consent_is_asked_again_when_a_mail_leaves(run, child, guardian, consented, text):
    actions.enrol(run, child, by=child)
    mail = OutboxMail.objects.get(template="courses/confirmed")
    assert still_due(mail) is True
    decide(child, "taking_part", "withdrawn", by=guardian, channel="link", text=text)
    assert still_due(mail) is False


def test_nobody_who_is_a_guardian_no_more_gets_the_mail(run, child, guardianship):
    actions.enrol(run, child, by=child)
    mail = OutboxMail.objects.get(template="courses/held")
    Guardianship.objects.filter(pk=guardianship.pk).update(ended_at=now())
    assert still_due(mail) is False


def test_an_offer_is_not_sent_after_a_refusal(run, cast, child, guardian, text):
    offered_to(child, run, cast)
    mail = OutboxMail.objects.get(template="courses/offered")
    assert still_due(mail) is True
    decide(child, "taking_part", "refused", by=guardian, channel="link", text=text)
    assert still_due(mail) is False


@pytest.fixture
def event(cast):
    """A meeting of one slot with two workshops of one place each."""
    run = make.RunFactory(course__kind="event")
    make.PoolFactory(run=run, places=9)
    starts = now() + timedelta(days=9)
    for title in ("Robotics", "Drawing"):
        session = make.SessionFactory(run=run, title=title, starts_at=starts, ends_at=starts + timedelta(hours=1))
        make.PoolFactory(run=None, session=session, places=1)
    return run


def sessions_of(page):
    return {
        offer.session.title: (offer.button, offer.has_seat)
        for day in page.context["days"]
        for slot in day.slots
        for offer in slot.offers
    }


@pytest.mark.parametrize("way", ["signed in", "by link"])
def test_a_guardian_chooses_swaps_and_wishes_for_the_child(way, event, child, cast, consented, request, token):
    client = request.getfixturevalue("signed_in" if way == "signed in" else "by_link")
    it = actions.enrol(event, child, by=child)
    ways = {"signed in": ("sessions", [it.public_id]), "by link": ("sessions_by_link", [token, it.public_id])}
    name, words = ways[way]
    page = reverse(f"courses:{name}", args=words)
    back = (
        reverse("members:child", args=[child.public_id])
        if way == "signed in"
        else reverse("members:consent", args=[token])
    )
    assert f'href="{page}"' in client.get(back).content.decode()
    assert sessions_of(client.get(page)) == {"Robotics": ("choose", False), "Drawing": ("choose", False)}

    def press(title, move):
        client.post(f"{page}{event.sessions.get(title=title).public_id}/", {"move": move})
        return {seat.session.title: seat.state for seat in it.seats.live().select_related("session")}

    assert press("Robotics", "choose") == {"Robotics": "confirmed"}
    assert press("Drawing", "swap") == {"Drawing": "confirmed"}
    other = actions.enrol(event, cast.teacher, by=cast.teacher)
    actions.choose_seat(other, event.sessions.get(title="Robotics"), by=cast.teacher)
    assert press("Robotics", "wish") == {"Drawing": "confirmed", "Robotics": "waiting"}
    assert f"{child.given_name} waits for “Robotics”" in client.get(page).content.decode()
    assert press("Drawing", "give_up") == {"Robotics": "waiting"}


def test_sessions_are_chosen_by_those_who_guard_the_child_and_nobody_else(event, child, cast, consented, signed_in):
    it = actions.enrol(event, child, by=child)
    page = reverse("courses:sessions", args=[it.public_id])
    stranger = Client()
    stranger.force_login(make.GuardianshipFactory().guardian)
    press = page + event.sessions.first().public_id + "/"
    assert (stranger.get(page).status_code, stranger.post(press, {"move": "choose"}).status_code) == (404, 404)
    assert signed_in.post(press, {"move": "nonsense"}).status_code == 404
    assert signed_in.post(f"{page}000000000000/", {"move": "choose"}).status_code == 404
    assert not it.seats.exists()
    end_guardianship(child.guarded_by.get(), by=cast.coordinator)
    assert signed_in.get(page).status_code == 404


def test_ones_own_sessions_stand_on_the_page_of_the_run(event, cast, client):
    it = actions.enrol(event, cast.teacher, by=cast.teacher)
    client.force_login(cast.teacher)
    assert client.get(reverse("courses:sessions", args=[it.public_id])).url == event.get_absolute_url()


@pytest.fixture
def in_run(child, consented):
    """The child is in a run that asks for a final work, online, and its first session is over."""
    run = make.RunFactory(needs_work=True, online_link="https://meet.example.net/1")
    make.SessionFactory(run=run, title="First", starts_at=now() - timedelta(days=2))
    make.SessionFactory(run=run, title="Second")
    make.PoolFactory(run=run, places=9, taken=1, sort="online")
    return make.EnrolmentFactory(run=run, person=child)


def pages_of(child, token, it):
    """The page of the child, signed in and by the link, and there the addresses of marks, of the work, of joining."""
    own = [reverse("members:child", args=[child.public_id])]
    own += [reverse(f"courses:{name}", args=[it.public_id]) for name in ("marks_of_mine", "hand_in")]
    linked = [reverse("members:consent", args=[token])]
    linked += [reverse(f"courses:{name}", args=[token, it.public_id]) for name in ("marks_by_link", "hand_in_by_link")]
    return own, linked


def test_a_guardian_of_a_child_online_finds_the_joining_page_and_the_mail_says_where(
    in_run, child, signed_in, by_link, token
):
    session = in_run.run.sessions.get(title="Second")
    for client, (page, *_rest) in zip((signed_in, by_link), pages_of(child, token, in_run), strict=True):
        assert f"/join/{session.public_id}.{in_run.public_id}:" in client.get(page).content.decode()
    guardian = child.guarded_by.get().guardian
    _subject, body = mailtext.rendered(hooks.WantedMail("courses/confirmed", in_run, guardian), hooks.sender())
    assert "the joining link stands on the page of Ilya here" in " ".join(body.split())


@pytest.mark.parametrize("state", ["published", "closed"])
def test_marks_and_work_stay_in_reach_of_guardians_when_the_run_is_closed(
    in_run, child, signed_in, by_link, token, state
):
    session = in_run.run.sessions.get(title="First")
    make.AttendanceFactory(session=session, enrolment=in_run, mark="late")
    Run.objects.update(state=state)
    for client, (page, marks, work) in zip((signed_in, by_link), pages_of(child, token, in_run), strict=True):
        seen = client.get(page).content.decode()
        assert [address in seen for address in (marks, work)] == [True, True]
        assert [mark and mark.mark for _session, mark in client.get(marks).context["lines"]] == ["late", None]
        assert client.get(work).status_code == 200


def test_a_guardian_by_link_opens_the_file_that_they_handed_in(in_run, guardian, by_link, token):
    work = actions.hand_in_work(in_run, by=guardian, text="A robot", files=[file()])
    address = reverse("courses:work_file_by_link", args=[token, in_run.public_id, uploads_about(work).get().public_id])
    page = by_link.get(reverse("courses:hand_in_by_link", args=[token, in_run.public_id]))
    assert address in page.content.decode()
    assert b"".join(by_link.get(address).streaming_content) == b"A lesson on agents."
    assert Client().get(address).status_code == 404
    other = actions.hand_in_work(make.EnrolmentFactory(run=in_run.run), by=guardian, text="x", files=[file()])
    address = reverse("courses:work_file_by_link", args=[token, in_run.public_id, uploads_about(other).get().public_id])
    assert by_link.get(address).status_code == 404
