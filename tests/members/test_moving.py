"""Moving by invitation, and an invitation that is sent again."""

import time
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.links import signed_token
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused
from members import actions
from members.actions import affiliations
from members.models import Affiliation
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(demo):
    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def url_of(name, *args):
    return reverse(f"members:{name}", args=args)


def of(person):
    return person.affiliations.order_by("pk").first()


def history(person):
    return list(person.affiliations.order_by("pk").values_list("institution__name", "role", "state"))


@pytest.fixture
def moving(cast):
    """The teacher keeps a class, and is invited to move by the contact of both schools."""
    actions.create_class(cast.school, cast.teacher, [cast.teacher], name="7 B", school_year=2026)
    other = make.AffiliationFactory(person=cast.contact, institution__name="School 9", role="contact").institution
    return actions.move_person(of(cast.teacher), other, "teacher", by=cast.contact)


def test_who_declines_to_move_stays_with_all_their_classes(cast, moving):
    actions.decline_invitation(moving, by=cast.teacher)
    assert history(cast.teacher) == [("School 1", "teacher", "active"), ("School 9", "teacher", "declined")]
    assert cast.school.groups.get().keepers.get() == cast.teacher


def test_who_got_another_role_meanwhile_leaves_it_all_the_same(cast, moving):
    actions.change_role(of(cast.teacher), "staff", by=cast.coordinator)
    moving.refresh_from_db()
    actions.accept_invitation(moving, by=cast.teacher)
    assert history(cast.teacher) == [
        ("School 1", "teacher", "ended"), ("School 9", "teacher", "active"), ("School 1", "staff", "ended"),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_who_is_moved_while_they_are_erased_deadlocks_nobody(cast, together, monkeypatch):
    """Both take the person before the affiliation: the second waits, and is refused."""
    close = affiliations.close_affiliation
    monkeypatch.setattr(affiliations, "close_affiliation", lambda *args: (close(*args), time.sleep(1)))
    other = make.InstitutionFactory()
    it = of(cast.teacher)
    moves = partial(actions.move_person, it, other, "teacher", by=cast.coordinator)
    erases = partial(actions.erase_person, cast.teacher, by=cast.coordinator)
    assert set(together(moves, erases)) <= {"done", "refused"}


def test_who_accepts_to_move_leaves_what_they_had(cast, moving):
    actions.accept_invitation(moving, by=cast.teacher)
    assert history(cast.teacher) == [("School 1", "teacher", "ended"), ("School 9", "teacher", "active")]
    assert cast.school.groups.get().keepers.count() == 0


def test_what_has_ended_meanwhile_keeps_nobody_from_moving(cast, moving):
    actions.end_affiliation(of(cast.teacher), by=cast.teacher)
    actions.accept_invitation(moving, by=cast.teacher)
    assert history(cast.teacher) == [("School 1", "teacher", "ended"), ("School 9", "teacher", "active")]


def test_the_last_who_answers_is_not_invited_to_move(cast):
    head = make.AffiliationFactory(institution=cast.school, role="head")
    other = make.AffiliationFactory(person=head.person, institution__name="School 9", role="head").institution
    Affiliation.objects.filter(pk=head.pk).update(state="ended", ends_on=now().date())
    make.AffiliationFactory(institution=cast.school, role="head", person=head.person, state="invited")
    with pytest.raises(Refused, match="Nobody else answers for School 1"):
        actions.move_person(of(cast.contact), other, "teacher", by=head.person)
    assert history(cast.contact) == [("School 1", "contact", "active")]


def test_what_is_pending_stands_on_all_pages(cast, moving, signed_in):
    contact, teacher = signed_in(cast.contact), signed_in(cast.teacher)
    link = reverse("members:invitation", args=[signed_token("members.invitation", moving.public_id)])
    pages = {
        "ends when they accept": contact.get(url_of("desk_person", of(cast.teacher).public_id)),
        "their place at School 1 ends": contact.get(url_of("desk_person", moving.public_id)),
        "your place at School 1 ends": teacher.get(link),
        "Accepting ends your place at School 1": teacher.get(reverse("coordination:me")),
    }
    assert [said in page.content.decode() for said, page in pages.items()] == [True] * 4
    colleague = make.AffiliationFactory(institution=moving.institution, role="contact").person
    page = signed_in(colleague).get(url_of("desk_person", moving.public_id)).content.decode()
    assert "School 1" not in page


def test_the_move_page_says_what_came_of_it(cast, signed_in):
    other = make.AffiliationFactory(person=cast.contact, institution__name="School 9", role="contact").institution
    said = {"institution": other.pk, "role": "teacher"}
    page = signed_in(cast.contact).post(url_of("desk_move", of(cast.teacher).public_id), said, follow=True)
    assert "Invited. Here it ends when they accept." in page.content.decode()


def test_an_invitation_is_sent_again_once_a_day(cast, moving, signed_in):
    with time_machine.travel(now() + timedelta(days=15)):
        client, url = signed_in(cast.contact), url_of("desk_send_again", moving.public_id)
        for page in (url_of("desk_people"), url_of("desk_person", moving.public_id)):
            assert url in client.get(page).content.decode()
        assert "The invitation is on its way again." in client.post(url, follow=True).content.decode()
        assert "was sent less than a day ago" in client.post(url, follow=True).content.decode()
    assert [it.to for it in OutboxMail.objects.filter(template="members/invitation")] == [cast.teacher] * 2
    assert AuditEntry.objects.filter(verb="members.affiliation.send_again").count() == 1


def test_three_invitations_cost_as_many_queries_as_one(cast, signed_in):
    client, counts = signed_in(cast.contact), []
    client.get(url_of("desk_people"))
    for rows in (1, 2):
        make.AffiliationFactory.create_batch(rows, institution=cast.school, state="invited")
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url_of("desk_people")).content.decode().count("/send-again/") == 2 * rows - 1
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_only_an_invitation_that_waits_is_sent_again(cast, moving, signed_in):
    actions.decline_invitation(moving, by=cast.teacher)
    with pytest.raises(Refused, match="answered or withdrawn already"):
        actions.send_again(moving, by=cast.contact)
    client, url = signed_in(cast.contact), url_of("desk_send_again", moving.public_id)
    assert url not in client.get(url_of("desk_people")).content.decode()
    assert client.get(url).status_code == 405


@pytest.mark.parametrize(("who", "status"), [("teacher", 403), ("outsider", 403), ("stranger", 404), ("contact", 403)])
def test_who_may_not_decide_sends_nothing_again(who, status, cast, signed_in):
    stranger = make.AffiliationFactory(role="contact").person
    it = make.AffiliationFactory(institution=cast.school, role="head", state="invited")
    client = signed_in(stranger if who == "stranger" else getattr(cast, who))
    assert client.post(url_of("desk_send_again", it.public_id)).status_code == status
    assert OutboxMail.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_who_send_again_at_once_send_one_mail(cast, together):
    it = make.AffiliationFactory(institution=cast.school, state="invited", invited_by=cast.contact)
    by = [cast.contact, cast.coordinator]
    assert sorted(together(*[partial(actions.send_again, it, person) for person in by])) == ["done", "refused"]
    assert OutboxMail.objects.count() == 1
