"""The outbox at the desk: who sees it, what it shows, what one can do."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.delivery import deliver_due_mail
from cluster_portal.hooks import DeskRow
from cluster_portal.models import OutboxMail
from cluster_portal.moves import available_moves, make_move
from cluster_portal.outbox import ACTIONS, queue_mail
from coordination.outbox import failing_mail
from members.accounts import queue_account_mail
from members.models import Region
from tests import factories as make

pytestmark = pytest.mark.django_db
State = OutboxMail.State
POSSIBLE = {"queued": {"hold"}, "draft": {"release"}, "failed": {"retry"}}


@pytest.fixture
def coordinator(cast, client):
    client.force_login(cast.coordinator)
    return cast.coordinator


@pytest.fixture
def second_factor(monkeypatch):
    monkeypatch.setattr("members.access.is_mfa_enabled", lambda person: True)


@pytest.fixture
def mail(db):
    enrolment = make.EnrolmentFactory(state="offered", run__course__title="AI Tools")
    return queue_mail("courses/offered", about=enrolment, to=enrolment.person)


def page(client, mail):
    return client.get(reverse("coordination:mail", args=[mail.public_id])).content.decode()


def press(client, mail, move):
    return client.post(reverse("coordination:act_on_mail", args=[mail.public_id]), {"move": move})


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("role", ["coordinator", "regional", "contact", "teacher"])
def test_moves_by_role_and_state(cast, role, state):
    region = Region.objects.create(name="North", slug="north") if role == "regional" else None
    people = {"regional": make.CoordinatorFactory(region=region).person} if region else {}
    person = people.get(role) or getattr(cast, role)
    allowed = POSSIBLE.get(state.value, set()) if role == "coordinator" else set()
    assert set(available_moves(person, OutboxMail(state=state))) == allowed


def test_every_move_of_people_has_an_action():
    assert set(ACTIONS) == set().union(*POSSIBLE.values())


def test_secrets_are_masked(client, coordinator, second_factor, mail):
    text = page(client, mail)
    assert "•••••" in text
    assert "/offer/" not in text
    assert "⟦" not in text


def test_demonstration_shows_the_link_to_click(client, coordinator, demo, mail):
    assert f'href="http://testserver/offer/{mail.about_id}.{mail.to.public_id}:' in page(client, mail)


def test_account_mail_shows_its_state_only(client, coordinator, second_factor, settings):
    person = make.PersonFactory()
    queue_account_mail("account/reset_password", person, person.email)
    mail = OutboxMail.objects.get()
    assert "Somebody, we hope you" not in page(client, mail)
    settings.DEMO = True
    assert "/accounts/password/reset/key/" in page(client, mail)


def test_hold_release_and_history(client, coordinator, demo, mail):
    press(client, mail, "hold")
    assert deliver_due_mail() == 0
    press(client, mail, "release")
    assert deliver_due_mail() == 1
    text = page(client, mail)
    steps = [
        text.index(word) for word in ("Written<", "Held<", "Released<", "Taken by the worker<", "Kept, not sent</p>")
    ]
    assert steps == sorted(steps)
    assert coordinator.full_name in text


def test_failed_mail_stands_at_the_desk_and_is_tried_again(client, coordinator, demo, mail):
    OutboxMail.objects.update(state="failed", error="no such user", error_code="refused_550")
    (row,) = failing_mail(coordinator)
    assert (row.count, row.url) == (1, "/desk/outbox/?state=failed")
    assert "no such user" in client.get(row.url).content.decode()
    press(client, mail, "retry")
    mail.refresh_from_db()
    assert (mail.state, mail.error, list(failing_mail(coordinator))) == (State.QUEUED, "", [])


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("no_server", "почтовый сервер не ответил"),
        ("refused_451", "почтовый сервер не принял адрес (451)"),
        ("the worker was lost", "отправка прервалась"),
        ("tail_of_the_dog", "tail_of_the_dog"),
    ],
)
def test_history_says_why_in_the_readers_language(client, coordinator, demo, mail, reason, said):
    type(coordinator).objects.filter(pk=coordinator.pk).update(language="ru")
    OutboxMail.objects.update(state="sending")
    mail.refresh_from_db()
    make_move(mail, "put_back", by=None, reason=reason)
    assert f": {said}<" in page(client, mail)


def test_erased_mail_keeps_a_name_and_says_why_it_is_not_tried_again(client, coordinator, demo, mail):
    OutboxMail.objects.update(state="failed", subject="", body_text="")
    assert "A mail whose text was erased</a>" in client.get(reverse("coordination:outbox")).content.decode()
    assert "A mail whose text was erased</h1>" in page(client, mail)
    press(client, mail, "retry")
    assert "Its text was erased" in page(client, mail)


def test_calm_outbox_says_that_nothing_needs_one(client, coordinator, second_factor, mail):
    text = client.get(reverse("coordination:outbox")).content.decode()
    assert "Nothing needs you" in text
    assert "count-row" not in text


def test_what_needs_somebody_stands_first_with_one_button_each(client, coordinator, demo, mail):
    enrolment = make.EnrolmentFactory()
    held = queue_mail("courses/confirmed", about=enrolment, to=enrolment.person, draft=True)
    OutboxMail.objects.exclude(pk=held.pk).update(state="failed")
    text = client.get(reverse("coordination:outbox")).content.decode()
    steps = [text.index(it) for it in ("mail could not be delivered", "mail is held until you", "<table")]
    assert steps == sorted(steps)
    assert "Nothing needs you" not in text
    failed = client.get(reverse("coordination:outbox"), {"state": "failed"}).content.decode()
    assert failed.count('value="retry"') == 1


def test_list_shows_the_time_by_which_it_is_sorted(client, coordinator, demo, mail):
    OutboxMail.objects.update(queued_at="2026-03-01T09:00Z", state_since="2026-03-04T09:00Z")
    text = client.get(reverse("coordination:outbox")).content.decode()
    assert 'datetime="2026-03-01T' in text
    assert 'datetime="2026-03-04T' not in text


@pytest.mark.parametrize(("shown", "word"), [(True, "Kept, not sent"), (False, "Sent")])
def test_demonstration_says_that_it_sends_nothing(client, coordinator, second_factor, settings, mail, shown, word):
    settings.DEMO = shown
    OutboxMail.objects.update(state="sent", sent_at=mail.queued_at)
    assert f"<span>{word}</span>" in client.get(reverse("coordination:outbox")).content.decode()
    assert f"<span>{word}</span>" in page(client, mail)


def test_late_click_gets_a_sentence(client, coordinator, demo, mail):
    OutboxMail.objects.update(state="sent", sent_at=mail.queued_at)
    answer = client.post(reverse("coordination:act_on_mail", args=[mail.public_id]), {"move": "hold"}, follow=True)
    assert "already answered" in answer.content.decode()


@pytest.mark.parametrize("move", ["claim", "send", "cancel", "nonsense", ""])
def test_moves_of_the_portal_are_not_peoples(client, coordinator, demo, mail, move):
    assert press(client, mail, move).status_code == 404


def test_only_coordinators_of_the_whole_cluster_see_mail(client, cast, demo, mail):
    regional = make.CoordinatorFactory(region=Region.objects.create(name="North", slug="north")).person
    for person, status in ((cast.teacher, 403), (cast.contact, 403), (regional, 404)):
        client.force_login(person)
        assert client.get(reverse("coordination:mail", args=[mail.public_id])).status_code == status
    assert mail.subject not in client.get(reverse("coordination:outbox")).content.decode()


def test_list_takes_as_many_queries_for_one_as_for_three(client, coordinator, demo, mail, django_assert_num_queries):
    url = reverse("coordination:outbox")
    client.get(url)
    with django_assert_num_queries(8) as one:  # two of them: whether the reader judges, asks for a mentor or is one
        client.get(url)
    for _ in range(2):
        enrolment = make.EnrolmentFactory()
        queue_mail("courses/confirmed", about=enrolment, to=enrolment.person)
    with django_assert_num_queries(len(one)):
        client.get(url)


def test_state_filter_narrows_the_list(client, coordinator, demo, mail):
    assert mail.subject in client.get(reverse("coordination:outbox"), {"state": "queued"}).content.decode()
    assert mail.subject not in client.get(reverse("coordination:outbox"), {"state": "sent"}).content.decode()
    assert client.get(reverse("coordination:outbox"), {"state": "nonsense"}).status_code == 200


def test_it_is_searched_by_the_person_written_to(client, coordinator, demo, mail):
    other = make.EnrolmentFactory(person__family_name="Sorokina", state="offered")
    wanted = queue_mail("courses/offered", about=other, to=other.person)
    page = client.get(reverse("coordination:outbox"), {"q": "sorokna"}).context["page"]
    assert list(page) == [wanted]


def test_kept_mail_is_not_marked_as_done(client, coordinator, demo, mail):
    OutboxMail.objects.update(state="sent", sent_at=now())
    [kept] = client.get(reverse("coordination:outbox")).context["page"]
    assert (str(kept.word), kept.tone) == ("Kept, not sent", "neutral")


@pytest.mark.parametrize(
    ("count", "waited", "age"),
    [
        (1, timedelta(seconds=20), "just now"),
        (3, timedelta(seconds=20), "just now"),
        (1, timedelta(days=2), "for 2\xa0days"),
        (3, timedelta(days=2), "the oldest for 2\xa0days"),
    ],
)
def test_a_line_of_the_desk_says_how_long_it_has_waited(count, waited, age):
    assert DeskRow("wait", count, now() - waited, "/", "See").age == age


def test_a_line_of_the_desk_without_a_time_says_none():
    assert DeskRow("wait", 1, None, "/", "See").age == ""
