"""Stopping a kind of bulk mail: by the page of its link, by one press in the mail program; and wanting it again."""

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client

from cluster_portal import hooks
from cluster_portal.links import signed_token
from cluster_portal.message import message_of
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.outbox import queue_mail
from members import actions
from members.models import StoppedMail
from members.stopping import PURPOSE, has_stopped, token_text
from tests import factories as make

pytestmark = pytest.mark.django_db
TEMPLATE = "competitions/deadline_near"


def path_for(person, template=TEMPLATE):
    return f"/unsubscribe/{signed_token(PURPOSE, token_text(person, template))}/"


@pytest.fixture
def author(db):
    return make.AuthorshipFactory().person


def reminder_for(author):
    return queue_mail(TEMPLATE, about=author.authorships.get().entry.competition, to=author)


def test_looking_at_the_page_stops_nothing(author):
    page = Client().get(path_for(author))
    assert "Reminders of the deadline of a competition" in page.content.decode()
    assert not has_stopped(author, TEMPLATE)


def test_one_press_in_the_mail_program_stops_it_and_what_waits_does_not_leave(author):
    mail = reminder_for(author)
    client = Client(enforce_csrf_checks=True)  # as RFC 8058 has it: no page was seen, no token is known
    answer = client.post(path_for(author), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 302
    assert has_stopped(author, TEMPLATE)
    mail.refresh_from_db()
    assert mail.state == OutboxMail.State.CANCELLED
    client.post(path_for(author), {"List-Unsubscribe": "One-Click"})
    assert AuditEntry.objects.filter(verb="members.person.stop_mail").count() == 1


def test_it_can_be_wanted_again(author):
    actions.stop_mail(author, TEMPLATE, by=author)
    Client().post(path_for(author), {"again": "yes"})
    assert not has_stopped(author, TEMPLATE)
    assert "You get this mail now" in Client().get(path_for(author)).content.decode()


def test_no_other_mail_is_stopped_by_it(author):
    for bad in (path_for(author, "members/invited"), path_for(author, "no/such"), "/unsubscribe/forged/"):
        assert Client().post(bad).status_code == 404
    assert StoppedMail.objects.count() == 0


def test_the_mail_says_where_it_ends_in_its_head_and_in_its_text(author):
    mail = reminder_for(author)
    message = message_of(mail, hooks.mail_kinds[TEMPLATE], author.address, hooks.sender())
    where = message.ready["List-Unsubscribe"].strip("<>")
    assert message.ready["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.search(r"Stop it here:\nhttp\S+/unsubscribe/\S+", message.body)
    assert Client().post(urlsplit(where).path).status_code == 302
    assert has_stopped(author, TEMPLATE)


def test_two_entries_of_one_person_are_merged_with_what_both_stopped():
    from members.actions.merging import merge_members

    kept, gone = make.PersonFactory(), make.PersonFactory()
    for person, template in ((kept, "a/a"), (gone, "a/a"), (gone, "a/b")):
        actions.stop_mail(person, template, by=person)
    merge_members(kept, gone)
    assert sorted(kept.stopped_mails.values_list("template", flat=True)) == ["a/a", "a/b"]
