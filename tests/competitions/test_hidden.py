"""Whoever judges in a blind competition sees nowhere who entered: audit, outbox, desk, files, back room, copies."""

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from cluster_portal.admin import AuditEntryAdmin, OutboxMailAdmin, ReadOnlyAdmin, UploadAdmin
from cluster_portal.audit import record
from cluster_portal.hidden import seen_by
from cluster_portal.models import AuditEntry, OutboxMail, Upload
from cluster_portal.moves import may_move
from cluster_portal.outbox import queue_mail
from cluster_portal.personal import Table, what_goes
from competitions.models import Authorship, Entry, Review
from members.models import Tie
from tests import factories as make
from tests.competitions.test_blind import keep

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
STATES = ["invited", "active"]
REVIEW = "competitions.review"


@pytest.fixture
def entry():
    it = make.EntryFactory(state="admitted", title="A plan")
    person = make.PersonFactory(family_name="Zzyzxova", email="zzyzxova@example.org")
    it.author = make.AuthorshipFactory(entry=it, person=person)
    it.kept = keep(it, "plan.txt", b"text")
    record("competitions.entry.admit", it, by=person)
    record("competitions.authorship.begin", it.author, by=person)
    queue_mail("competitions/withdrawn", about=it, to=person)
    queue_mail("competitions/deadline_moved", about=it.competition, to=person)
    record("members.person.enter", person, by=None)
    return it


@pytest.fixture
def judge(cast, entry):
    """A coordinator who is asked into the jury; another keeps the competition."""
    make.JurorFactory(competition=entry.competition, person=cast.coordinator, state="invited")
    return cast.coordinator


def about(rows):
    return {(it.model, it.object_id) for it in rows}


def test_another_coordinator_sees_all_of_it(entry, client):
    other = make.CoordinatorFactory().person
    assert Entry.objects.visible_to(other).filter(pk=entry.pk).exists()
    assert ("competitions.entry", entry.public_id) in about(AuditEntry.objects.visible_to(other))
    assert OutboxMail.objects.visible_to(other).filter(to=entry.author.person).count() == 2


@pytest.mark.parametrize("state", STATES)
def test_audit_and_outbox_leave_out_what_is_about_it(entry, judge, state):
    judge.juries.update(state=state)
    lines = about(AuditEntry.objects.visible_to(judge))
    hidden = {it for it in lines if it[0].startswith("competitions.")}
    assert hidden == set()
    assert ("members.person", entry.author.person.public_id) in lines
    assert OutboxMail.objects.visible_to(judge).filter(to=entry.author.person).count() == 0


def test_that_an_author_made_a_co_author_known_is_hidden_as_well(entry, judge):
    lead = entry.author.person
    colleague, pupil = make.PersonFactory(), make.PersonFactory()
    make.AuthorshipFactory(entry=entry, person=colleague, is_lead=False, state="invited", invited_by=lead)
    for it in (colleague, pupil):
        record("members.person.enter", it, by=lead)
    told = {it.object_id for it in AuditEntry.objects.visible_to(judge).filter(actor=lead.public_id)}
    assert (pupil.public_id in told, colleague.public_id in told) == (True, False)
    keeper = make.CoordinatorFactory().person
    told = {it.object_id for it in AuditEntry.objects.visible_to(keeper).filter(actor=lead.public_id)}
    assert {pupil.public_id, colleague.public_id} <= told


@pytest.mark.parametrize("state", ["declined", "ended"])
def test_whoever_said_no_sees_it_again(entry, judge, state):
    judge.juries.update(state=state)
    assert ("competitions.entry", entry.public_id) in about(AuditEntry.objects.visible_to(judge))


@pytest.mark.parametrize("facts", [{"state": "concluded"}, {"is_blind": False}])
def test_when_names_may_be_known_nothing_is_hidden(entry, judge, facts):
    type(entry.competition).objects.filter(pk=entry.competition_id).update(**facts)
    assert ("competitions.entry", entry.public_id) in about(AuditEntry.objects.visible_to(judge))


def test_the_pages_say_nothing(entry, judge, client):
    client.force_login(judge)
    pages = [reverse("coordination:audit"), reverse("coordination:outbox"), reverse("competitions:desk_competitions")]
    pages += [f"{reverse('coordination:outbox')}?q=zzyzxova", f"{reverse('coordination:search')}?q=plan"]
    for page in pages:
        said = client.get(page).content.decode()
        assert (page, entry.public_id in said, entry.title in said) == (page, False, False)


@pytest.mark.parametrize(
    "name", ["desk_entries", "desk_jury", "desk_assign_jury", "desk_invite_juror", "desk_results", "desk_protocol"]
)
def test_the_desk_of_the_competition_is_not_there(entry, judge, client, name):
    client.force_login(judge)
    assert client.get(reverse(f"competitions:{name}", args=[entry.competition.slug])).status_code == 404


def test_entries_files_and_mails_are_not_there_by_their_address(entry, judge, client):
    client.force_login(judge)
    mail = OutboxMail.objects.filter(to=entry.author.person).first()
    for page in (
        reverse("competitions:entry", args=[entry.public_id]),
        reverse("file", args=[entry.kept.upload.public_id]),
        reverse("coordination:mail", args=[mail.public_id]),
    ):
        assert client.get(page).status_code == 404


def test_the_back_room_leaves_it_out(entry, judge):
    judge.is_superuser = True
    judge.save()
    request = RequestFactory().get("/admin/")
    request.user = judge
    shown = AuditEntryAdmin(AuditEntry, admin.site).get_queryset(request)
    assert {it for it in about(shown) if it[0].startswith("competitions.")} == set()
    assert OutboxMailAdmin(OutboxMail, admin.site).get_queryset(request).filter(to=entry.author.person).count() == 0
    assert ReadOnlyAdmin(Upload, admin.site).get_queryset(request).filter(name="plan.txt").count() == 0
    for model in (Entry, Authorship):
        assert ReadOnlyAdmin(model, admin.site).get_queryset(request).count() == 0
    assert UploadAdmin(Upload, admin.site).get_queryset(request).count() == Upload.objects.count() - 1


def test_every_registered_model_of_the_back_room_asks(judge):
    wrong = [
        model._meta.label
        for model, it in admin.site._registry.items()
        if model._meta.app_label == "competitions" and not isinstance(it, ReadOnlyAdmin)
    ]
    assert wrong == []


def test_rows_that_point_to_it_are_left_out_too(entry, judge):
    review = make.ReviewFactory(entry=entry)
    other = make.PersonFactory()
    first, second = sorted([entry.author.person, other], key=lambda it: it.pk)
    Tie.objects.create(
        first=first, second=second, kind="co_author", about_model="competitions.entry", about_id=entry.public_id
    )
    assert seen_by(Review.objects.all(), judge).count() == 0
    assert seen_by(Tie.objects.all(), judge).count() == 0
    assert seen_by(Review.objects.all(), other).get() == review


def test_erasing_and_copies_tell_nothing(entry, judge, client):
    table = Table("competitions.Authorship", "id", "person", owners=("person",), heading="Authors", deleted=True)
    person = entry.author.person
    assert list(what_goes([table], person, judge)) == []
    assert list(what_goes([table], person, person)) == [("Authors", 1)]
    client.force_login(judge)
    answer = client.post(reverse("members:desk_copy", args=[person.public_id]))
    assert answer.status_code == 302


def test_lists_of_a_region_know_it_as_well(entry):
    region = make.RegionFactory()
    entry.competition.host = make.InstitutionFactory(region=region)
    entry.competition.save()
    judge = make.CoordinatorFactory(region=region).person
    assert Entry.objects.visible_to(judge).count() == 1
    make.JurorFactory(competition=entry.competition, person=judge)
    assert Entry.objects.visible_to(judge).count() == 0


# A coordinator who competes: nothing tells who judges


@pytest.fixture
def rival(cast, entry):
    """A coordinator with an entry of their own; somebody judges, and another coordinator keeps the competition."""
    make.CoordinatorFactory()
    own = make.EntryFactory(competition=entry.competition, state="admitted")
    make.AuthorshipFactory(entry=own, person=cast.coordinator)
    juror = make.JurorFactory(competition=entry.competition, person__email="qwvjk@example.org")
    review = make.ReviewFactory(entry=own, juror=juror)
    record("competitions.review.assign", review, by=None)
    queue_mail("competitions/reviews_assigned", about=juror, to=juror.person, occasion=review.public_id)
    cast.coordinator.own = own
    return cast.coordinator


def test_audit_and_outbox_tell_no_author_who_judges(rival):
    jury = {it for it in about(AuditEntry.objects.visible_to(rival)) if it[0] in {"competitions.juror", REVIEW}}
    assert (jury, OutboxMail.objects.visible_to(rival).filter(to__email="qwvjk@example.org").count()) == (set(), 0)
    other = make.CoordinatorFactory().person
    assert REVIEW in {model for model, _pk in about(AuditEntry.objects.visible_to(other))}


@pytest.mark.parametrize(
    "name", ["desk_entries", "desk_jury", "desk_assign_jury", "desk_invite_juror", "desk_results", "desk_protocol"]
)
def test_who_competes_has_no_desk_of_the_competition(entry, rival, client, name):
    client.force_login(rival)
    page = reverse(f"competitions:{name}", args=[entry.competition.slug])
    assert client.get(page).status_code == 404
    client.force_login(make.CoordinatorFactory().person)
    assert client.get(page).status_code == 200


def test_who_competes_sees_their_own_entry_only(entry, rival, client):
    client.force_login(rival)
    pages = [reverse("competitions:entry", args=[it.public_id]) for it in (rival.own, entry)]
    assert [client.get(page).status_code for page in pages] == [200, 404]


@pytest.mark.parametrize("name", ["admit", "disqualify"])
def test_who_competes_decides_about_nobody(entry, rival, name):
    assert not may_move(rival, entry, name)
    assert may_move(make.CoordinatorFactory().person, entry, name)


def test_the_page_of_the_competition_says_who_decides(entry, rival, client):
    client.force_login(rival)
    text = client.get(reverse("competitions:desk_competition", args=[entry.competition.slug])).content.decode()
    assert "You compete here, or judge without knowing" in text
    assert reverse("competitions:desk_jury", args=[entry.competition.slug]) not in text


def test_who_was_only_asked_to_be_an_author_keeps_the_desk(cast, entry, client):
    asked = make.AuthorshipFactory(entry=entry, person=cast.coordinator, state="invited", is_lead=False)
    client.force_login(cast.coordinator)
    page = reverse("competitions:desk_jury", args=[entry.competition.slug])
    assert client.get(page).status_code == 200
    Authorship.objects.filter(pk=asked.pk).update(state="confirmed")
    assert client.get(page).status_code == 404
