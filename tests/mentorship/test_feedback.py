"""How it was: asked once of both sides, reminded once, read by coordinators alone."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused
from cluster_portal.reminders import queue_due_reminders
from mentorship import actions
from mentorship.feedback import feedback_read_by
from mentorship.models import Pairing, PairingFeedback
from tests.mentorship import factories as pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
ASKED, REMINDED = "mentorship/feedback_asked", "mentorship/feedback_reminder"


@pytest.fixture
def pairing(cast):
    request = pair.MentorRequestFactory(affiliation=cast.teacher.affiliations.get(), state="paired", title="Team One")
    return pair.PairingFactory(request=request)


@pytest.fixture
def ended(cast, pairing):
    actions.complete_pairing(pairing, cast.teacher)
    return pairing


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


def asked(template):
    rows = OutboxMail.objects.filter(template=template).exclude(state="cancelled")
    return sorted(rows.values_list("to", flat=True))


def day_after_the_end(pairing, days, hours=0):
    pairing.refresh_from_db()
    return pairing.state_since + timedelta(days=days, hours=hours)


@pytest.mark.parametrize("ends", ["complete", "dissolve"])
def test_both_are_asked_once_after_the_end(cast, pairing, ends):
    actions.ACTIONS["pairing"][ends](pairing, cast.coordinator)
    both = sorted([cast.teacher.pk, pairing.mentor.person_id])
    for hours in (2, 3, 20):
        queue_due_reminders(day_after_the_end(pairing, 0, hours))
        assert asked(ASKED) == both
    mail = OutboxMail.objects.filter(template=ASKED).first()
    assert mail.not_before == pairing.state_since + timedelta(hours=1)


def test_a_week_later_who_has_not_answered_is_reminded_once(cast, ended):
    queue_due_reminders(day_after_the_end(ended, 0, 2))
    actions.give_feedback(ended, cast.teacher, 5, "Well prepared.")
    for days in (6.5, 7.5):
        queue_due_reminders(day_after_the_end(ended, days))
    assert asked(REMINDED) == [ended.mentor.person_id]
    queue_due_reminders(day_after_the_end(ended, 20))
    assert asked(REMINDED) == [ended.mentor.person_id]


def test_nobody_is_asked_while_it_is_under_way(pairing):
    queue_due_reminders(now())
    assert asked(ASKED) == []


def test_who_was_suspended_is_not_asked(cast, ended):
    type(cast.teacher).objects.filter(pk=cast.teacher.pk).update(suspended_at=now())
    queue_due_reminders(day_after_the_end(ended, 0, 2))
    assert asked(ASKED) == [ended.mentor.person_id]


def test_a_mail_that_waits_is_cancelled_by_the_answer(cast, ended):
    queue_due_reminders(day_after_the_end(ended, 0))
    actions.give_feedback(ended, cast.teacher, 4)
    queue_due_reminders(day_after_the_end(ended, 0))
    assert asked(ASKED) == [ended.mentor.person_id]


def test_an_answer_makes_the_mail_needless_at_sending(cast, ended):
    queue_due_reminders(day_after_the_end(ended, 0, 2))
    mail = OutboxMail.objects.get(template=ASKED, to=cast.teacher)
    still_due = hooks.mail_kinds[ASKED].still_due
    assert still_due(mail)
    actions.give_feedback(ended, cast.teacher, 4)
    assert not still_due(mail)


def test_each_side_says_it_once(cast, ended):
    actions.give_feedback(ended, cast.teacher, 4, "Tuesdays suited us.")
    actions.give_feedback(ended, ended.mentor.person, 5)
    said = refused(actions.give_feedback, ended, cast.teacher, 1)
    assert said == "You have said how it was. Thank you; the coordinator reads it."
    rows = PairingFeedback.objects.order_by("pk").values_list("by", "helpful", "text")
    assert list(rows) == [(cast.teacher.pk, 4, "Tuesdays suited us."), (ended.mentor.person_id, 5, "")]
    lines = AuditEntry.objects.filter(verb="mentorship.pairing.give_feedback")
    assert {(it.reason, str(it.values)) for it in lines} == {("", "{}")}


def test_nothing_is_said_before_the_end_by_others_or_too_late(cast, pairing):
    assert refused(actions.give_feedback, pairing, cast.teacher, 4).startswith("This pairing is not ended.")
    actions.complete_pairing(pairing, cast.teacher)
    for person in (cast.contact, cast.coordinator, cast.outsider):
        assert refused(actions.give_feedback, pairing, person, 4).startswith("Mentor and teacher say how it was.")
    with time_machine.travel(day_after_the_end(pairing, 30, 1)):
        assert refused(actions.give_feedback, pairing, cast.teacher, 4).startswith("The time to say how it was ended")


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_once_it_is_kept_once(cast, ended, together):
    say = partial(actions.give_feedback, ended, cast.teacher, 4)
    assert sorted(together(say, say)) == ["done", "refused"]
    assert PairingFeedback.objects.count() == 1


def test_the_form_keeps_what_one_says(client, cast, ended):
    client.force_login(cast.teacher)
    address = f"{ended.get_absolute_url()}feedback/"
    assert address in client.get(ended.get_absolute_url()).text
    assert "Only the coordinator reads what you say" in client.get(address).text
    assert client.post(address, {"text": "No number."}).status_code == 200
    assert client.post(address, {"helpful": 4, "text": "Tuesdays suited us."}).status_code == 302
    assert PairingFeedback.objects.get().text == "Tuesdays suited us."
    assert "You have said how it was." in client.get(address).text
    assert address not in client.get(ended.get_absolute_url()).text


def test_the_form_is_for_mentor_and_teacher(client, cast, ended):
    found = {}
    for name in ("teacher", "coordinator", "contact", "outsider"):
        client.force_login(getattr(cast, name))
        found[name] = client.get(f"{ended.get_absolute_url()}feedback/").status_code
    assert found == {"teacher": 200, "coordinator": 404, "contact": 404, "outsider": 404}


def test_before_the_end_the_page_says_so(client, cast, pairing):
    client.force_login(cast.teacher)
    assert "This pairing is not ended." in client.get(f"{pairing.get_absolute_url()}feedback/").text


def test_the_other_side_reads_it_nowhere(client, cast, ended):
    actions.give_feedback(ended, cast.teacher, 1, "Never came on time.")
    client.force_login(ended.mentor.person)
    for page in ("", "feedback/", "log/", "messages/"):
        assert "Never came" not in client.get(f"{ended.get_absolute_url()}{page}").text


def test_a_coordinator_who_is_in_it_does_not_read_it(cast, ended):
    actions.give_feedback(ended, ended.mentor.person, 2)
    assert list(feedback_read_by(cast.coordinator, [ended])) == list(PairingFeedback.objects.all())
    Pairing.objects.filter(pk=ended.pk).update(mentor=pair.MentorFactory(person=cast.coordinator))
    assert list(feedback_read_by(cast.coordinator, [ended])) == []
    own = pair.PairingFactory(request__by=cast.coordinator, state="completed", ended_on=localdate())
    pair.PairingFeedbackFactory(pairing=own)
    assert list(feedback_read_by(cast.coordinator, [own])) == []
