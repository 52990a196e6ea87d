"""Finding people who are here twice, and making two entries one."""

from datetime import date

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal import hooks
from cluster_portal.models import CalendarEntry, CalendarFeed, OutboxMail, Upload
from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mail
from competitions.models import Pick
from courses import actions as courses
from courses.models import ClassBooking, Pool
from members import actions
from members.duplicates import find_duplicates
from members.models import (
    Application,
    ApplicationNote,
    ConsentDecision,
    ConsentRequest,
    ConsentText,
    ErasureWord,
    Group,
    GroupMember,
    Guardianship,
    Import,
    Initiative,
    Person,
    ProgressNote,
    RecordView,
    Tie,
)
from tests import factories as make
from tests.mentorship import factories as mentoring

pytestmark = pytest.mark.django_db
BORN = date(1990, 1, 1)


@pytest.fixture
def pair(cast):
    """The same woman twice: entered by two schools."""
    facts = {"family_name": "Ivanova", "given_name": "Anna", "birth_date": BORN}
    return make.PersonFactory(**facts), make.PersonFactory(**facts)


def merge(cast, pair):
    actions.merge_people(*pair, by=cast.coordinator)
    for person in pair:
        person.refresh_from_db()
    return pair


def application(person):
    return Application.objects.create(applicant=person, name="School", kind="school", why="Because", state="received")


def application_note(person):
    return ApplicationNote.objects.create(application=application(make.PersonFactory()), by=person, text="x")


def consent(child):
    text = ConsentText.objects.create(purpose="photo", version=1, language="en", title="T", text="T", sha256="0" * 64)
    facts = {"purpose": "photo", "text": text, "sha256": "0" * 64, "decision": "granted", "channel": "paper"}
    return ConsentDecision.objects.create(child=child, decided_by=make.PersonFactory(), **facts)


def asked(**facts):
    return ConsentRequest.objects.create(**{"child": make.PersonFactory(), "purpose": "photo"} | facts)


def guardianship(**facts):
    two = {"guardian": make.PersonFactory(), "child": make.PersonFactory()}
    return Guardianship.objects.create(how="paper", **two | facts)


def tie(first, second):
    return Tie.objects.create(kind="mentor", first=first, second=second)


def session(person):
    return UserSession.objects.create(user=person, session_key="k", ip="127.0.0.1", user_agent="x")


def group(person=None):
    made = Group.objects.create(institution=make.InstitutionFactory(), name="7 B", school_year=2026)
    if person is not None:
        made.keepers.add(person)
    return made


def mail(person):
    return queue_mail("members/admitted", about=make.AffiliationFactory(person=person), to=person)


def entry(person):
    return CalendarEntry.objects.create(
        person=person,
        about_model="x",
        about_id="y",
        uid="z",
        status="confirmed",
        starts_at=now(),
        ends_at=now().replace(year=2099),
    )


def upload(person):
    return Upload.objects.create(
        uploaded_by=person,
        about_model="x",
        about_id="y",
        name="a.pdf",
        content_type="x",
        size=1,
        sha256="0" * 64,
        file="a.pdf",
    )


def booking(person):
    pool = make.PoolFactory()
    return ClassBooking.objects.create(run=pool.run, pool=pool, group=make.GroupFactory(), by=person, held_until=now())


def attendance(person):
    enrolment = make.EnrolmentFactory()
    session = make.SessionFactory(run=enrolment.run)
    return make.AttendanceFactory(session=session, enrolment=enrolment, noted_by=person)


def initiative():
    return Initiative.objects.create(responsible=make.InstitutionFactory(), title="Lab", starts_on=BORN, ends_on=BORN)


def member(person):
    return GroupMember.objects.create(group=group(), person=person, since=BORN)


# Every column of any app that points to a person → how a row comes to be. A new column needs a line here or below.
ROWS = {
    "account.EmailAddress.user": lambda it: EmailAddress.objects.create(user=it, email="a@example.org"),
    "admin.LogEntry.user": lambda it: LogEntry.objects.create(user=it, action_flag=1),
    "cluster_portal.CalendarEntry.person": entry,
    "cluster_portal.CalendarFeed.person": lambda it: CalendarFeed.objects.create(person=it),
    "cluster_portal.OutboxMail.to": mail,
    "cluster_portal.Upload.uploaded_by": upload,
    "competitions.Authorship.invited_by": lambda it: make.AuthorshipFactory(invited_by=it),
    "competitions.Authorship.person": lambda it: make.AuthorshipFactory(person=it),
    "competitions.DeclaredConflict.person": lambda it: make.JurorFactory().conflicts.create(person=it),
    "competitions.Juror.person": lambda it: make.JurorFactory(person=it),
    "competitions.Pick.by": lambda it: Pick.objects.create(plan=make.PlanFactory(), by=it, note="Try it."),
    "competitions.Thanks.person": lambda it: make.PlanFactory().thanks.create(person=it),
    "competitions.UsageNote.person": lambda it: make.PlanFactory().notes.create(person=it, text="x"),
    "courses.Attendance.noted_by": attendance,
    "courses.ClassBooking.by": booking,
    "courses.Enrolment.person": lambda it: make.EnrolmentFactory(person=it),
    "courses.Material.added_by": lambda it: make.MaterialFactory(added_by=it),
    "courses.Run_instructors.person": lambda it: make.RunFactory().instructors.add(it),
    "members.Affiliation.invited_by": lambda it: make.AffiliationFactory(invited_by=it),
    "members.Affiliation.person": lambda it: make.AffiliationFactory(person=it),
    "members.Application.applicant": application,
    "members.ApplicationNote.by": application_note,
    "members.Certificate.issued_to": lambda it: make.CertificateFactory(issued_to=it),
    "members.Certificate.person": lambda it: make.CertificateFactory(person=it),
    "members.ConsentRequest.asked_by": lambda it: asked(asked_by=it),
    "members.ConsentRequest.child": lambda it: asked(child=it),
    "members.Device.person": lambda it: make.DeviceFactory(person=it),
    "members.ErasureRequest.asked_by": lambda it: make.ErasureRequestFactory(asked_by=it),
    "members.ErasureRequest.person": lambda it: make.ErasureRequestFactory(person=it),
    "members.ErasureWord.by": lambda it: ErasureWord.objects.create(request=make.ErasureRequestFactory(), by=it),
    "members.Group_keepers.person": group,
    "members.GroupMember.person": member,
    "members.Guardianship.asserted_by": lambda it: guardianship(asserted_by=it),
    "members.Guardianship.child": lambda it: guardianship(child=it),
    "members.Guardianship.guardian": lambda it: guardianship(guardian=it),
    "members.Import.by": lambda it: Import.objects.create(kind="people", by=it),
    "members.Party.signed_by": lambda it: make.PartyFactory(signed_by=it),
    "members.Person.merged_into": lambda it: make.PersonFactory(merged_into=it, erased_at=now()),
    "members.ProgressNote.by": lambda it: ProgressNote.objects.create(initiative=initiative(), by=it, text="x"),
    "members.RecordView.child": lambda it: RecordView.objects.create(child=it, viewer="x", page="class"),
    "members.StoppedMail.person": lambda it: it.stopped_mails.create(template="members/admitted"),
    "members.Tie.first": lambda it: tie(it, make.PersonFactory()),
    "members.Tie.second": lambda it: tie(Person.objects.order_by("pk").first(), it),
    "mentorship.Concern.by": lambda it: mentoring.ConcernFactory(by=it),
    "mentorship.LogEntry.by": lambda it: mentoring.LogEntryFactory(by=it),
    "mentorship.Meeting.planned_by": lambda it: mentoring.MeetingFactory(planned_by=it),
    "mentorship.Mentor.clearance_by": lambda it: mentoring.MentorFactory(clearance_by=it),
    "mentorship.Mentor.person": lambda it: mentoring.MentorFactory(person=it),
    "mentorship.MentorApproval.by": lambda it: mentoring.MentorApprovalFactory(by=it),
    "mentorship.MentorRequest.by": lambda it: mentoring.MentorRequestFactory(by=it),
    "mentorship.Message.by": lambda it: mentoring.MessageFactory(by=it),
    "mentorship.Outcome.by": lambda it: mentoring.OutcomeFactory(by=it),
    "mentorship.PairingFeedback.by": lambda it: mentoring.PairingFeedbackFactory(by=it),
    "mentorship.PairingFile.by": lambda it: mentoring.PairingFileFactory(by=it),
    "mentorship.PairingStudent.person": lambda it: mentoring.PairingStudentFactory(person=it),
    "mentorship.TakenBack.by": lambda it: mentoring.TakenBackFactory(by=it),
    "mfa.Authenticator.user": lambda it: Authenticator.objects.create(user=it, type="totp", data={}),
    "usersessions.UserSession.user": session,
}  # fmt: skip
STAYS = {
    "members.ConsentDecision.child": "append-only: read through merged_into",
    "members.ConsentDecision.decided_by": "append-only: read through merged_into",
    "members.ConsentDecision.recorded_by": "append-only: read through merged_into",
    "members.Coordinator.person": "coordinators are never merged, former ones neither",
    "members.Person_groups.person": "Django's own groups, which nothing here uses",
    "members.Person_user_permissions.person": "Django's own permissions, which nothing here uses",
}


def columns_that_point_to_people():
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if field.concrete and not field.many_to_many and field.related_model is Person:
                yield f"{model._meta.label}.{field.name}"


def test_every_column_that_points_to_a_person_is_merged_or_stays_for_a_reason():
    assert set(columns_that_point_to_people()) == set(ROWS) | set(STAYS)


@pytest.mark.parametrize("column", ROWS)
def test_no_column_points_to_the_emptied_entry_any_more(column, cast, pair):
    label, name = column.rsplit(".", 1)
    _kept, gone = pair
    ROWS[column](gone)
    rows = apps.get_model(label)._base_manager.filter(**{name: gone})
    assert rows.exists()
    merge(cast, pair)
    assert list(rows.exclude(**({"pk": gone.pk} if column.endswith("merged_into") else {"pk": None}))) == []


def test_the_emptied_entry_says_nothing_and_who_it_is(cast, pair):
    kept, gone = merge(cast, pair)
    assert (gone.email, gone.family_name, gone.birth_date, gone.is_active) == (None, "", None, False)
    assert (gone.merged_into, gone.has_usable_password()) == (kept, False)
    assert [it.pk for it in kept.selves] == [kept.pk, gone.pk]


def test_every_app_takes_part_in_merging():
    assert {"members", "mentorship", "competitions", "courses", "cluster_portal"} <= set(hooks.personal_data)
    assert hooks.personal_data["members"].merge is actions.merge_members


def test_consent_decisions_stay_and_are_read_through_the_one_who_is_kept(cast, pair):
    decision = consent(pair[1])
    kept, gone = merge(cast, pair)
    decision.refresh_from_db()
    assert (decision.child, decision.child.merged_into) == (gone, kept)


def test_what_the_kept_entry_lacks_comes_from_the_other(cast, pair):
    kept, gone = pair
    Person.objects.filter(pk=gone.pk).update(patronymic="Petrovna", contact_email="anna@example.org")
    merge(cast, pair)
    assert (kept.patronymic, kept.contact_email) == ("Petrovna", "anna@example.org")


def test_who_only_signs_in_with_the_emptied_entry_goes_on_signing_in(cast, pair):
    kept, gone = pair
    Person.objects.filter(pk=kept.pk).update(email=None, password="!")
    gone.set_password("a long enough password")
    gone.save()
    EmailAddress.objects.create(user=gone, email=gone.email, verified=True, primary=True)
    address = gone.email
    merge(cast, pair)
    assert (kept.email, kept.check_password("a long enough password")) == (address, True)
    assert EmailAddress.objects.get().user == kept


def test_sessions_of_the_emptied_entry_end(cast, pair):
    client = Client()
    client.force_login(pair[1])
    merge(cast, pair)
    assert client.get("/me/").status_code == 302


def test_the_same_live_affiliation_twice_is_there_once_and_the_older_stays(cast, pair):
    rows = [make.AffiliationFactory(person=person, institution=cast.school) for person in reversed(pair)]
    kept, _gone = merge(cast, pair)
    states = dict(kept.affiliations.values_list("pk", "state"))
    assert states == {rows[0].pk: "active", rows[1].pk: "ended"}


def test_an_active_affiliation_stays_before_an_older_invitation(cast, pair):
    old = make.AffiliationFactory(person=pair[0], institution=cast.school, state="invited")
    active = make.AffiliationFactory(person=pair[1], institution=cast.school)
    kept, _gone = merge(cast, pair)
    assert dict(kept.affiliations.values_list("pk", "state")) == {old.pk: "declined", active.pk: "active"}


@pytest.mark.parametrize("holder", [0, 1])
def test_of_two_live_enrolments_the_one_with_a_place_stays_and_nobody_is_told(holder, cast, pair, run):
    run.pools.update(places=1, taken=1)
    pool = run.pools.get()
    held = make.EnrolmentFactory(run=run, pool=pool, person=pair[holder])
    waits = make.EnrolmentFactory(run=run, pool=pool, person=pair[1 - holder], state="waiting")
    kept, _gone = merge(cast, pair)
    states = dict(kept.enrolments.values_list("pk", "state"))
    assert states == {held.pk: "confirmed", waits.pk: "cancelled"}
    assert (Pool.objects.get().taken, OutboxMail.objects.count()) == (1, 0)


def test_two_places_in_one_run_become_one_and_the_next_is_offered_the_other(cast, pair, run):
    make.AffiliationFactory(institution=cast.school, person=pair[0])
    make.AffiliationFactory(institution=cast.school, person=pair[1])
    for person in pair:
        courses.enrol(run, person, by=person)
    third = courses.enrol(run, cast.teacher, by=cast.teacher)
    kept, _gone = merge(cast, pair)
    third.refresh_from_db()
    assert (kept.enrolments.live().count(), third.state, Pool.objects.get().taken) == (1, "offered", 2)
    entries = CalendarEntry.objects.filter(person=kept).values_list("status", flat=True)
    assert list(entries) == ["confirmed"]


def test_in_a_class_that_both_are_in_one_stays(cast, pair):
    made = group()
    for person in pair:
        GroupMember.objects.create(group=made, person=person, since=BORN)
    kept, _gone = merge(cast, pair)
    assert (made.memberships.now().count(), made.memberships.filter(person=kept).count()) == (1, 2)


def test_a_guardian_of_the_same_child_twice_is_one(cast, pair):
    child = make.PersonFactory()
    for person in pair:
        Guardianship.objects.create(guardian=person, child=child, how="paper")
    kept, _gone = merge(cast, pair)
    assert (kept.guards.now().count(), kept.guards.count()) == (1, 2)


def test_a_mail_that_both_were_to_get_goes_once(cast, pair):
    it = make.AffiliationFactory(institution=cast.school)
    for person in pair:
        queue_mail("members/admitted", about=it, to=person)
    kept, _gone = merge(cast, pair)
    assert sorted(OutboxMail.objects.filter(to=kept).values_list("state", flat=True)) == ["cancelled", "queued"]
    assert queue_mail("members/admitted", about=it, to=kept) is None


SIGN_IN = ["account/confirm_email", "account/reset_password", "members/invitation", "members/erase"]


@pytest.mark.parametrize("template", SIGN_IN)
def test_an_unsent_mail_to_the_emptied_entrys_own_address_never_leaves(template, cast, pair):
    it = make.AffiliationFactory(person=pair[1])
    sent = queue_mail("members/admitted", about=it, to=pair[1])
    keyed = queue_mail("members/invitation", about=it, to=pair[1], address=pair[1].email)
    OutboxMail.objects.filter(pk=keyed.pk).update(template=template)
    merge(cast, pair)
    assert dict(OutboxMail.objects.values_list("pk", "state")) == {sent.pk: "queued", keyed.pk: "cancelled"}


REFUSED = [
    ("themselves", "cannot be merged"),
    ("guardian", "guardian of the other"),
    ("birth dates", "birth dates differ"),
    ("coordinator", "never coordinators"),
    ("erased", "cannot be merged"),
]


@pytest.mark.parametrize(("case", "sentence"), REFUSED)
def test_what_is_not_one_person_is_refused(case, sentence, cast, pair):
    kept, gone = pair
    if case == "themselves":
        gone = kept
    elif case == "guardian":
        Guardianship.objects.create(guardian=kept, child=gone, how="paper")
    elif case == "birth dates":
        Person.objects.filter(pk=gone.pk).update(birth_date=date(1991, 1, 1))
    elif case == "coordinator":
        make.CoordinatorFactory(person=gone)
    else:
        Person.objects.filter(pk=gone.pk).update(erased_at=now())
    with pytest.raises(Refused, match=sentence):
        actions.merge_people(kept, gone, by=cast.coordinator)
    assert Person.objects.filter(merged_into__isnull=False).count() == 0


def test_a_regional_coordinator_merges_people_of_their_region_only(pair):
    here = make.RegionFactory()
    regional = make.CoordinatorFactory(region=here).person
    make.AffiliationFactory(person=pair[0], institution__region=here)
    assert find_duplicates(regional) == []
    with pytest.raises(Refused, match="your regions only"):
        actions.merge_people(*pair, by=regional)
    make.AffiliationFactory(person=pair[1], institution__region=here)
    assert len(find_duplicates(regional)) == 1
    actions.merge_people(*pair, by=Person.objects.get(pk=regional.pk))


@pytest.mark.parametrize("state", ["active", "ended"])
def test_inviting_a_foreign_head_does_not_make_them_mergeable(pair, state):
    here = make.RegionFactory()
    regional, (head, own) = make.CoordinatorFactory(region=here).person, pair
    make.AffiliationFactory(person=own, institution__region=here)
    make.AffiliationFactory(person=head, role="head", institution__region=make.RegionFactory())
    make.AffiliationFactory(person=head, institution__region=here, state="invited")
    assert find_duplicates(regional) == []
    make.AffiliationFactory(person=head, institution__region=here, state=state)
    with pytest.raises(Refused, match="your regions only"):
        actions.merge_people(own, head, by=regional)


def test_an_invitation_alone_makes_nobody_mergeable(pair):
    here = make.RegionFactory()
    regional = make.CoordinatorFactory(region=here).person
    for person, state in zip(pair, ["active", "invited"], strict=True):
        make.AffiliationFactory(person=person, institution__region=here, state=state)
    with pytest.raises(Refused, match="your regions only"):
        actions.merge_people(*pair, by=regional)


def test_two_who_share_nothing_are_not_merged_even_by_the_coordinator(cast, pair):
    with pytest.raises(Refused, match="Nothing says that these two are one person"):
        actions.merge_people(pair[0], cast.teacher, by=cast.coordinator)


FOUND = [
    ({"family_name": "ИВАНОВА", "given_name": "Алёна"}, "Same name and birth date"),
    ({"patronymic": "Петровна"}, "Same name and birth date"),
    ({"birth_date": None, "contact_email": "Shared@example.org"}, "Same name and e-mail"),
    ({"family_name": "Петрова", "contact_email": "shared@example.org"}, "Same e-mail and birth date"),
    ({"contact_email": "shared@example.org"}, "Same name, birth date and e-mail"),
    ({"birth_date": date(1991, 1, 1)}, None),
    ({"birth_date": date(1991, 1, 1), "contact_email": "shared@example.org"}, None),
    ({"birth_date": None}, None),
    ({"family_name": "Петрова", "birth_date": None, "contact_email": "shared@example.org"}, None),
]


@pytest.mark.parametrize(("other", "reason"), FOUND)
def test_doubles_are_found_with_the_reason(other, reason, cast):
    facts = {"family_name": "Иванова", "given_name": "Алена", "birth_date": BORN}
    first = make.PersonFactory(**facts, contact_email="shared@example.org")
    second = make.PersonFactory(**facts | other)
    found = [(it.first, it.second, it.reason) for it in find_duplicates(cast.coordinator)]
    assert found == ([(first, second, reason)] if reason else [])


def test_a_name_at_the_same_institution_without_a_birth_date_is_found(cast):
    first = make.PersonFactory(family_name="Kim", given_name="Min")
    second = make.PersonFactory(family_name="Kim", given_name="Min", birth_date=None)
    for person in (first, second):
        make.AffiliationFactory(institution=cast.school, person=person, role="student")
    (found,) = find_duplicates(cast.coordinator)
    assert (found.first, found.second, "same institution" in found.reason) == (first, second, True)


def test_the_list_asks_the_database_as_often_for_three_pairs(cast, pair, django_assert_num_queries):
    make.AffiliationFactory(person=pair[0])
    find_duplicates(cast.coordinator)
    with django_assert_num_queries(3):
        find_duplicates(cast.coordinator)
    for name in ("Kim", "Lee"):
        for person in make.PersonFactory.create_batch(2, family_name=name):
            make.AffiliationFactory(person=person)
    with django_assert_num_queries(3):
        assert len(find_duplicates(cast.coordinator)) == 3


def test_the_page_shows_both_and_merges_on_the_press_only(cast, pair, demo):
    client = Client()
    client.force_login(cast.coordinator)
    assert "Same name and birth date" in client.get(reverse("members:desk_duplicates")).content.decode()
    url = reverse("members:desk_merge", args=[it.public_id for it in pair])
    page = client.get(url).content.decode()
    assert ("This cannot be undone" in page, pair[0].email in page, pair[1].email in page) == (True, True, True)
    assert not Person.objects.filter(merged_into__isnull=False).exists()
    assert client.post(url)["Location"] == reverse("members:desk_duplicates")
    assert Person.objects.get(pk=pair[1].pk).merged_into == pair[0]
    assert client.get(url).status_code == 404


def test_contacts_merge_nobody(cast, pair, demo):
    client = Client()
    client.force_login(cast.contact)
    assert client.get(reverse("members:desk_duplicates")).status_code == 403
    assert client.post(reverse("members:desk_merge", args=[it.public_id for it in pair])).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_in_opposite_directions_one_happens(cast, pair, together):
    kept, gone = pair
    first = lambda: actions.merge_people(kept, gone, by=cast.coordinator)  # noqa: E731
    second = lambda: actions.merge_people(gone, kept, by=cast.coordinator)  # noqa: E731
    assert sorted(together(first, second)) == ["done", "refused"]
    assert Person.objects.filter(merged_into__isnull=False).count() == 1
