"""Materials: who adds them, who opens them and when, and the mail that is only sent when asked for."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal import hooks
from cluster_portal.hooks import GuardianPage
from cluster_portal.links import signed_token
from cluster_portal.models import AuditEntry, OutboxMail, Upload
from cluster_portal.moves import Refused
from courses import actions
from courses.child_afterwards import materials_and_feedback
from courses.models import Material, Pool, Seat
from members.actions.consent import decide
from members.views.guardians import OPENED
from tests import factories as make
from tests.browsing import at, said

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj\n"
DAY = timedelta(days=1)


def pdf(name="plan.pdf"):
    return SimpleUploadedFile(name, PDF)


def opens(client, address):
    response = client.get(address)
    if response.streaming:
        assert response.getvalue().startswith(b"%PDF")
    return response.status_code


@pytest.fixture
def instructor(run):
    person = make.PersonFactory()
    run.instructors.add(person)
    return person


@pytest.fixture
def inside(run):
    run.pools.update(taken=1)
    return make.EnrolmentFactory(run=run).person


@pytest.fixture
def over(run):
    """A session of yesterday."""
    return make.SessionFactory(run=run, starts_at=now() - DAY)


def listed(client, run):
    return [it.title for it in client.get(run.get_absolute_url()).context["materials"]]


ENTERED = {"title": "Plan", "kind": "file", "shown": "before", "url": "", "session": ""}


@pytest.mark.parametrize("who", ["instructor", "coordinator"])
def test_who_leads_the_run_adds_a_file(who, run, cast, demo, request):
    person = request.getfixturevalue("instructor") if who == "instructor" else cast.coordinator
    response = at(person).post(
        reverse("courses:materials", args=[run.public_id]), {**ENTERED, "file": pdf()}, follow=True
    )
    it = Material.objects.get()
    assert said(response) == ["The material is added. Nobody was written to."]
    assert (it.added_by, it.upload.name, it.upload.about_id, it.is_public) == (person, "plan.pdf", it.public_id, False)
    assert OutboxMail.objects.count() == 0


def test_a_link_and_a_recording_have_an_address(run, instructor):
    address = reverse("courses:materials", args=[run.public_id])
    for kind in ("link", "recording"):
        at(instructor).post(address, {**ENTERED, "kind": kind, "url": f"https://example.org/{kind}"})
    assert list(Material.objects.values_list("kind", "url", "upload")) == [
        ("link", "https://example.org/link", None),
        ("recording", "https://example.org/recording", None),
    ]


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        ({}, ["file"]),
        ({"kind": "link"}, ["url"]),
        ({"kind": "link", "url": "javascript:alert(1)"}, ["url"]),
        ({"file": SimpleUploadedFile("x.exe", b"MZ\x00\x01")}, ["file"]),
        ({"kind": "link", "url": "https://example.org/", "title": ""}, ["title"]),
    ],
)
def test_what_is_no_material_is_said_at_its_field(facts, wrong, run, instructor):
    response = at(instructor).post(reverse("courses:materials", args=[run.public_id]), {**ENTERED, **facts})
    assert (sorted(response.context["form"].errors), Material.objects.count()) == (wrong, 0)


def test_a_session_of_another_run_is_none_to_choose(run, instructor):
    foreign = make.SessionFactory()
    facts = {**ENTERED, "kind": "link", "url": "https://example.org/", "session": foreign.pk}
    response = at(instructor).post(reverse("courses:materials", args=[run.public_id]), facts)
    assert sorted(response.context["form"].errors) == ["session"]


@pytest.mark.parametrize("name", ["teacher", "contact", "outsider"])
def test_nobody_else_keeps_materials(name, run, cast, demo):
    it = make.MaterialFactory(run=run)
    client = at(getattr(cast, name))
    pages = [
        client.get(reverse("courses:materials", args=[run.public_id])),
        client.get(reverse("courses:material", args=[run.public_id, it.public_id])),
        client.post(reverse("courses:remove_material", args=[run.public_id, it.public_id])),
        client.post(reverse("courses:tell_of_materials", args=[run.public_id])),
    ]
    assert [page.status_code for page in pages] == [404] * 4


def test_an_instructor_keeps_those_of_their_own_run_only(instructor):
    other = make.MaterialFactory()
    assert opens(at(instructor), reverse("courses:materials", args=[other.run.public_id])) == 404


def test_a_coordinator_needs_the_second_factor_here_too(run, cast):
    response = at(cast.coordinator).get(reverse("courses:materials", args=[run.public_id]))
    assert response["Location"] == reverse("mfa_index")


def test_it_is_corrected_and_the_change_is_noted(run, instructor):
    it = make.MaterialFactory(run=run)
    address = reverse("courses:material", args=[run.public_id, it.public_id])
    at(instructor).post(address, {"title": "Slides", "url": it.url, "session": "", "shown": "after", "is_public": "on"})
    it.refresh_from_db()
    assert (it.title, it.shown, it.is_public) == ("Slides", "after", True)
    entry = AuditEntry.objects.get(verb="courses.material.change")
    assert (entry.fields, entry.values) == (["is_public", "shown", "title"], {"is_public": "True", "shown": "after"})


def test_the_file_goes_with_what_is_removed(run, instructor, django_capture_on_commit_callbacks):
    it = actions.add_material(run, by=instructor, file=pdf(), title="Plan", kind="file")
    storage, name = it.upload.file.storage, it.upload.file.name
    address = reverse("courses:remove_material", args=[run.public_id, it.public_id])
    page = at(instructor).get(address)
    assert ("plan.pdf is deleted" in page.content.decode(), Material.objects.count()) == (True, 1)
    with django_capture_on_commit_callbacks(execute=True):
        at(instructor).post(address)
    assert (Material.objects.count(), Upload.objects.count(), storage.exists(name)) == (0, 0, False)


def test_before_is_at_once_and_after_is_when_its_session_has_ended(run, inside, over):
    ahead = run.sessions.last()
    make.MaterialFactory(run=run, title="Reading")
    make.MaterialFactory(run=run, title="Of yesterday", session=over, shown="after")
    make.MaterialFactory(run=run, title="Of the next", session=ahead, shown="after")
    make.MaterialFactory(run=run, title="Of the whole run", shown="after")
    assert listed(at(inside), run) == ["Reading", "Of yesterday"]


def test_what_is_for_after_the_run_is_shown_when_the_last_session_has_ended(inside, run, time_machine):
    make.MaterialFactory(run=run, title="Recording", shown="after")
    last = run.sessions.get().ends_at
    time_machine.move_to(last - timedelta(minutes=1), tick=False)
    before = Material.objects.shown_at(now()).count()
    time_machine.move_to(last, tick=False)
    assert (before, Material.objects.shown_at(now()).count()) == (0, 1)


@pytest.fixture
def files(run, instructor, over):
    """A file for those who take part, one for everybody, and one whose time has not come."""
    facts = {"by": instructor, "kind": "file"}
    return [
        actions.add_material(run, file=pdf(), title="Inside", **facts),
        actions.add_material(run, file=pdf(), title="Public", is_public=True, **facts),
        actions.add_material(run, file=pdf(), title="Later", shown="after", is_public=True, **facts),
    ]


@pytest.mark.parametrize(
    ("reader", "codes"),
    [
        (None, [404, 200, 404]),
        ("outsider", [404, 200, 404]),
        ("inside", [200, 200, 404]),
        ("instructor", [200, 200, 200]),
        ("coordinator", [200, 200, 200]),
    ],
)
def test_a_file_opens_for_whom_it_is_meant(reader, codes, files, inside, instructor, cast, demo):
    people = {"inside": inside, "instructor": instructor, "outsider": cast.outsider, "coordinator": cast.coordinator}
    client = at(people[reader]) if reader else Client()
    assert [opens(client, reverse("file", args=[it.upload.public_id])) for it in files] == codes


@pytest.mark.parametrize("state", ["held", "waiting", "offered", "cancelled", "declined"])
def test_whose_place_is_not_certain_sees_what_everybody_sees(state, files, run):
    person = make.EnrolmentFactory(run=run, state=state).person
    assert opens(at(person), reverse("file", args=[files[0].upload.public_id])) == 404
    assert listed(at(person), run) == ["Public"]


def test_what_a_draft_has_for_everybody_nobody_sees(files, run):
    make.RunFactory._meta.model.objects.filter(pk=run.pk).update(state="draft")
    assert opens(Client(), reverse("file", args=[files[1].upload.public_id])) == 404


def test_the_page_of_a_run_shows_leaders_what_those_inside_see(files, run, instructor, inside):
    assert listed(at(instructor), run) == listed(at(inside), run) == ["Inside", "Public"]
    assert listed(Client(), run) == ["Public"]


@pytest.fixture
def child(run, cast, text):
    """A child who takes part, with a guardian who consented."""
    it = make.GuardianshipFactory(child=make.ChildFactory(), guardian__contact_email="guardian@example.org")
    decide(it.child, "taking_part", "granted", by=it.guardian, channel="link", text=text)
    make.EnrolmentFactory(run=run, person=it.child)
    return it


def by_link(guardianship):
    """A phone on which the link of a guardian was opened."""
    client = Client()
    session = client.session
    session[OPENED] = [guardianship.public_id]
    session.save()
    return client, signed_token("members.consent", guardianship.public_id)


def test_a_guardian_opens_the_materials_of_the_child(child, files):
    enrolment = child.child.enrolments.get()
    client = at(child.guardian)
    page = client.get(reverse("courses:materials_of_mine", args=[enrolment.public_id]))
    assert [it.title for it in page.context["materials"]] == ["Inside", "Public"]
    assert [opens(client, it.address) for it in page.context["materials"]] == [200, 200]
    assert opens(client, reverse("courses:material_of_mine", args=[enrolment.public_id, files[2].public_id])) == 404


def test_without_an_account_the_link_of_the_consent_opens_them(child, files):
    enrolment = child.child.enrolments.get()
    client, token = by_link(child)
    page = client.get(reverse("courses:materials_by_link", args=[token, enrolment.public_id]))
    assert [opens(client, it.address) for it in page.context["materials"]] == [200, 200]
    stranger = Client().get(reverse("courses:materials_by_link", args=[token, enrolment.public_id]))
    assert stranger.status_code == 404


def test_a_guardian_opens_nothing_of_other_children(child, files, run):
    other = make.EnrolmentFactory(run=run, person=make.ChildFactory())
    client, token = by_link(child)
    codes = [
        opens(client, reverse("courses:materials_by_link", args=[token, other.public_id])),
        opens(client, reverse("courses:material_by_link", args=[token, other.public_id, files[0].public_id])),
        opens(at(child.guardian), reverse("courses:materials_of_mine", args=[other.public_id])),
    ]
    assert codes == [404, 404, 404]


def test_the_page_of_the_child_leads_there(child, files):
    enrolment = child.child.enrolments.get()
    rows = [part.rows[0].links for part in materials_and_feedback(GuardianPage(child.guardian, [child.child]))]
    assert rows == [[(reverse("courses:materials_of_mine", args=[enrolment.public_id]), "Materials")]]


def test_the_page_says_whom_a_mail_would_reach(run, instructor, inside, child):
    make.MaterialFactory(run=run)
    make.EnrolmentFactory(run=run, person=make.PersonFactory(email=None))
    make.EnrolmentFactory(run=run, state="waiting")
    shown = at(instructor).get(reverse("courses:materials", args=[run.public_id])).context
    assert (shown["people"], shown["mails"], shown["unreached"]) == (3, 2, 1)


def test_the_mail_goes_to_those_inside_and_to_guardians_once(run, instructor, inside, child):
    make.MaterialFactory(run=run, title="Slides")
    make.MaterialFactory(run=run, title="Secret of later", shown="after")
    address = reverse("courses:tell_of_materials", args=[run.public_id])
    assert said(at(instructor).post(address, follow=True)) == ["2 mails are on their way."]
    mails = OutboxMail.objects.filter(template="courses/materials")
    assert set(mails.values_list("to", flat=True)) == {inside.pk, child.guardian.pk}
    assert ["Slides" in it.body_text and "Secret" not in it.body_text for it in mails] == [True, True]
    assert said(at(instructor).post(address, follow=True)) == [
        "Everybody who can be reached has this mail already. Add a material, then write again."
    ]


def test_another_material_makes_another_mail(run, instructor, inside):
    for count in (1, 2):
        make.MaterialFactory(run=run)
        assert actions.tell_of_materials(run, by=instructor) == 1
        assert OutboxMail.objects.count() == count


def test_nobody_is_told_of_what_nobody_sees(run, instructor, inside):
    make.MaterialFactory(run=run, shown="after")
    with pytest.raises(Refused, match="Nobody would see a material yet"):
        actions.tell_of_materials(run, by=instructor)


def test_a_mail_is_not_sent_to_whoever_left_meanwhile(run, instructor, inside):
    make.MaterialFactory(run=run)
    actions.tell_of_materials(run, by=instructor)
    mail = OutboxMail.objects.get()
    due = hooks.mail_kinds["courses/materials"].still_due
    before = due(mail)
    actions.cancel_enrolment(inside.enrolments.get(), by=inside)
    assert (before, due(mail)) == (True, False)


def test_as_many_queries_for_five_materials_as_for_one(run, instructor, inside):
    counts = []
    clients = [(at(instructor), reverse("courses:materials", args=[run.public_id]))]
    clients += [(at(inside), run.get_absolute_url()), (Client(), run.get_absolute_url())]
    clients += [(at(inside), reverse("courses:materials_of_mine", args=[inside.enrolments.get().public_id]))]
    for more in (1, 4):
        for _ in range(more):
            make.MaterialFactory(run=run, is_public=True, session=make.SessionFactory(run=run))
        for client, address in clients:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
    assert counts[:4] == counts[4:]


def count_said(client, run):
    return client.get(reverse("courses:materials", args=[run.public_id])).context["mails"]


def test_the_page_counts_the_mails_that_leave_now_and_has_no_button_for_none(run, instructor, inside):
    make.MaterialFactory(run=run)
    client, found = at(instructor), []
    for more in (0, 1):
        make.EnrolmentFactory.create_batch(more, run=run)
        said = count_said(client, run)
        found.append((said, actions.tell_of_materials(run, by=instructor), count_said(client, run)))
    assert found == [(1, 1, 0), (1, 1, 0)]
    assert "Write to them" not in client.get(reverse("courses:materials", args=[run.public_id])).content.decode()


def test_nobody_is_written_to_because_a_material_was_removed(run, instructor, inside):
    first, second = make.MaterialFactory(run=run), make.MaterialFactory(run=run)
    actions.tell_of_materials(run, by=instructor)
    for it in (second, first):
        actions.remove_material(it, by=instructor)
        make.MaterialFactory(run=run, announced_at=now())
        with pytest.raises(Refused, match="has this mail already"):
            actions.tell_of_materials(run, by=instructor)


def test_what_people_were_told_of_stays_when_a_session_is_added(run, instructor, inside, over):
    run.sessions.exclude(pk=over.pk).delete()
    it = make.MaterialFactory(run=run, shown="after")
    actions.tell_of_materials(run, by=instructor)
    make.SessionFactory(run=run, starts_at=now() + 9 * DAY)
    assert list(Material.objects.shown_at(now())) == [it]


def test_what_is_moved_to_a_later_session_is_new_again(run, instructor, inside):
    it = make.MaterialFactory(run=run)
    actions.tell_of_materials(run, by=instructor)
    actions.change_material(it, by=instructor, shown="after")
    assert (Material.objects.shown_at(now()).count(), Material.objects.get().announced_at) == (0, None)


def test_what_belongs_to_a_cancelled_session_is_neither_published_nor_moved_by_itself(run, instructor, over):
    it = make.MaterialFactory(run=run, session=over, shown="after", is_public=True)
    type(over).objects.filter(pk=over.pk).update(state="cancelled")
    assert Material.objects.shown_at(now()).count() == 0
    client, address = at(instructor), reverse("courses:material", args=[run.public_id, it.public_id])
    form = client.get(address).context["form"]
    assert form["session"].value() == over.pk
    client.post(address, {"title": "Mended", "url": it.url, "session": over.pk, "shown": "after"})
    it.refresh_from_db()
    assert (it.title, it.session) == ("Mended", over)
    listed = client.get(reverse("courses:materials", args=[run.public_id])).content.decode()
    assert "Its session was cancelled: say where it belongs" in listed


def test_a_second_press_adds_no_second_material(run, instructor):
    client, address = at(instructor), reverse("courses:materials", args=[run.public_id])
    for facts in ({"kind": "link", "url": "https://example.org/"}, {"kind": "file", "file": pdf}):
        for _ in range(2):
            posted = {name: value() if callable(value) else value for name, value in facts.items()}
            page = client.post(address, {**ENTERED, **posted})
        assert "is there already" in str(page.context["form"].errors)
    assert Material.objects.count() == 2


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(run, instructor):
    it = make.MaterialFactory(run=run)
    client, address = at(instructor), reverse("courses:material", args=[run.public_id, it.public_id])
    seen = client.get(address).context["form"]["seen"].value()
    actions.change_material(it, by=instructor, title="Newer")
    page = client.post(address, {"title": it.title, "url": it.url, "session": "", "shown": "before", "seen": seen})
    assert ("Somebody else changed this" in page.content.decode(), Material.objects.get().title) == (True, "Newer")


def test_only_addresses_of_the_web_are_links(run, instructor):
    facts = {**ENTERED, "kind": "link", "url": "ftp://example.org/a"}
    page = at(instructor).post(reverse("courses:materials", args=[run.public_id]), facts)
    assert list(page.context["form"].errors) == ["url"]


def test_after_the_end_a_recording_for_after_is_what_is_asked_for(run, instructor, over):
    run.sessions.exclude(pk=over.pk).delete()
    form = at(instructor).get(reverse("courses:materials", args=[run.public_id])).context["form"]
    assert (form["kind"].value(), form["shown"].value()) == ("recording", "after")


def test_materials_of_a_session_that_people_choose_are_for_who_has_a_seat(run, instructor, inside, over):
    Pool.objects.create(session=over, places=2)
    make.MaterialFactory(run=run, session=over, title="Workshop")
    seated = make.EnrolmentFactory(run=run)
    Seat.objects.create(enrolment=seated, session=over, pool=over.pools.get(), state="confirmed")
    assert [listed(at(person), run) for person in (inside, seated.person)] == [[], ["Workshop"]]
    actions.tell_of_materials(run, by=instructor)
    assert [it.to for it in OutboxMail.objects.all()] == [seated.person]
