"""A person with a row in every table that can point to a person, each text a marker of its own."""

from datetime import UTC, date, datetime, timedelta

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group as Rights
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.db import connection

from cluster_portal.audit import record
from cluster_portal.models import CalendarEntry, CalendarFeed, OutboxMail, Upload
from cluster_portal.outbox import queue_mail
from cluster_portal.uploads import keep_upload
from courses.models import Answer, ClassBooking, FinalWork, Seat
from members.models import (
    Application,
    ApplicationNote,
    ConsentDecision,
    ConsentRequest,
    ConsentText,
    ErasureRequest,
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
from tests.competitions import everywhere
from tests.mentorship import everywhere as mentorship

AT = datetime(2027, 1, 2, 10, tzinfo=UTC)
# What identifies the person: must be in the copy, and nowhere after erasing.
GONE = {
    "login": "marker-login@example.org",
    "contact": "marker-contact@example.org",
    "family": "Markerfamily",
    "given": "Markergiven",
    "patronymic": "Markerpatronymic",
    "certificate": "Markercertificate",
    "paper": "Markerpaper",
    "badge": "Markerbadge",
    "why revoked": "Markerrevoked",
    "other address": "marker-other@example.org",
    "agent": "Markerbrowser/5.0",
    "device": "Markerdevice",
    "network": "203.0.113.77",
    "file": "Markerfile",
    "slip": "Markerslip",
    "mail": "Markermailtext",
    "error": "Markererror",
    "why": "Markerwhy",
    "note": "Markernote",
    "why erase": "Markererasure",
    "why not erase": "Markeranswer",
    "why refused": "Markerrefusal",
    "diet": "Markerdiet",
    "work": "Markerwork",
    "work note": "Markerworknote",
    "work file": "Markerworkfile",
    "log": "Markerlog",
    "zone": "Asia/Vladivostok",
    "born": "1983-07-19",
    **everywhere.GONE,
    **mentorship.GONE,
}
# Written in the name of an institution, and the names under an agreement: erasure leaves these, and says so.
KEPT = {"signatory": "Markersignatory", "progress": "Markerprogress", **everywhere.KEPT, **mentorship.KEPT}


def person_everywhere() -> tuple[Person, list[str]]:
    """The person, and every marker that a copy must have."""
    person = make.PersonFactory(
        email=GONE["login"],
        contact_email=GONE["contact"],
        family_name=GONE["family"],
        given_name=GONE["given"],
        patronymic=GONE["patronymic"],
        name_on_certificate=GONE["certificate"],
        birth_date=date.fromisoformat(GONE["born"]),
        time_zone=GONE["zone"],
    )
    other = make.PersonFactory(family_name="Otherfamily")
    _signed_in(person)
    _at_work(person, other)
    _with_children(person, other)
    _in_courses(person)
    everywhere.in_competitions(person, other)
    mentorship.in_mentorship(person, other)
    _on_the_ground(person, other)
    return person, [*GONE.values(), *KEPT.values()]


def _signed_in(person):
    address = EmailAddress.objects.create(user=person, email=GONE["other address"], verified=True, primary=True)
    EmailConfirmation.objects.create(email_address=address, key="k" * 60)
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    Session.objects.create(session_key="s" * 32, session_data="x", expire_date=AT + timedelta(days=900))
    UserSession.objects.create(user=person, ip=GONE["network"], user_agent=GONE["agent"], session_key="s" * 32)
    make.DeviceFactory(person=person, name=GONE["device"])
    LogEntry.objects.create(user=person, object_repr=GONE["log"], action_flag=2, change_message="[]")
    person.groups.add(Rights.objects.create(name="Rights"))
    person.user_permissions.add(Permission.objects.first())


def _at_work(person, other):
    agreement = make.AgreementFactory()
    party = make.PartyFactory(agreement=agreement, signatory=KEPT["signatory"], signed_by=person)
    school = make.PartyFactory(agreement=agreement).institution
    make.AffiliationFactory(person=person, institution=school)
    make.AffiliationFactory(person=other, institution=school, role="contact", invited_by=person)
    make.AffiliationFactory(person=person, institution=party.institution, state="asked")
    make.CoordinatorFactory(person=person, region=make.RegionFactory())
    it = Application.objects.create(
        state="received", name="New school", kind="school", why=GONE["why"], applicant=person
    )
    ApplicationNote.objects.create(application=it, by=person, text=GONE["note"])
    Import.objects.create(kind="people", by=person)
    initiative = Initiative.objects.create(title="Robots", responsible=school, starts_on="2026-01-01")
    ProgressNote.objects.create(initiative=initiative, by=person, text=KEPT["progress"])
    queue_mail("members/asked", about=person.affiliations.get(state="asked"), to=other)


def _with_children(person, other):
    group = Group.objects.create(institution=make.InstitutionFactory(), name="7 B", school_year=2026)
    group.keepers.add(person)
    GroupMember.objects.create(group=group, person=person, since="2026-09-01")
    child = make.PersonFactory(email=None, birth_date=date(2016, 1, 1))
    Guardianship.objects.create(guardian=person, child=child, how="paper", asserted_by=other)
    Tie.objects.create(kind="relative", first=person, second=child)
    text = ConsentText.objects.create(purpose="name", version=1, language="en", title="Name", text="Text")
    slip = Upload.objects.create(
        about_model="members.consentdecision", about_id="x", name=f"{GONE['slip']}.pdf", content_type="application/pdf",
        size=1, uploaded_by=other,
    )  # fmt: skip
    for whose in (child, person):
        ConsentRequest.objects.create(child=whose, purpose="name", asked_by=person)
        ConsentDecision.objects.create(
            child=whose, purpose="name", text=text, decided_by=person, decision="granted", channel="paper", scan=slip
        )
    for about, by in ((person, person), (child, person)):
        asked = ErasureRequest.objects.create(
            person=about, asked_by=by, reason=GONE["why erase"], state="declined", answer=GONE["why not erase"]
        )
        ErasureWord.objects.create(request=asked, by=other)
    theirs = ErasureRequest.objects.create(person=child, asked_by=other, state="asked")
    ErasureWord.objects.create(request=theirs, by=person, agrees=True, said_at=AT)
    make.CertificateFactory(
        person=person,
        name_printed=GONE["paper"],
        badge=GONE["badge"],
        state="revoked",
        revoked_because=GONE["why revoked"],
    )
    make.CertificateFactory(person=child, issued_to=person, name_printed="Of a child", state="superseded")
    RecordView.objects.create(child=person, viewer=other.public_id, page="class")
    RecordView.objects.create(child=child, viewer=person.public_id, page="class")


def _in_courses(person):
    run = make.RunFactory()
    make.SessionFactory(run=run)
    pool = make.PoolFactory(run=run, taken=1)
    group = make.GroupFactory()
    booking = ClassBooking.objects.create(run=run, pool=pool, group=group, by=person, held_until=AT)
    enrolment = make.EnrolmentFactory(run=run, pool=pool, person=person, booking=booking, refusal=GONE["why refused"])
    Answer.objects.create(enrolment=enrolment, question=make.QuestionFactory(run=run), text=GONE["diet"])
    session = make.SessionFactory(run=run)
    places = make.PoolFactory(run=None, session=session, taken=1)
    Seat.objects.create(enrolment=enrolment, session=session, pool=places, state=Seat.State.CONFIRMED)
    run.instructors.add(person)
    make.AttendanceFactory(session=run.sessions.first(), enrolment=enrolment, noted_by=person)
    work = FinalWork.objects.create(enrolment=enrolment, text=GONE["work"], note=GONE["work note"])
    keep_upload(ContentFile(b"A text.", name=f"{GONE['work file']}.txt"), about=work, by=person)
    make.MaterialFactory(run=run, added_by=person)


def _on_the_ground(person, other):
    Upload.objects.create(
        about_model="members.import", about_id="x", name=f"{GONE['file']}.pdf", content_type="application/pdf", size=1,
        uploaded_by=person,
    )  # fmt: skip
    OutboxMail.objects.create(
        key="k", template="members/admitted", about_model="x", about_id="x", to=person, language="en", state="failed",
        subject=GONE["mail"], body_text=GONE["mail"], address=GONE["login"], error=GONE["error"], message_id="<m>",
    )  # fmt: skip
    CalendarFeed.objects.create(person=person)
    CalendarEntry.objects.create(
        person=person, about_model="x", about_id="x", uid="u", status="confirmed", starts_at=AT,
        ends_at=AT + timedelta(hours=1),
    )  # fmt: skip
    person.stopped_mails.create(template="members/expiring")
    record("members.person.change", person, by=person, fields=["family_name"])
    record("members.person.change", other, by=person, fields=["family_name"])


def dump_of_every_text(but: tuple[str, ...] = ()) -> str:
    """Every row of every table of the database, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        names = [name for (name,) in cursor.fetchall() if name not in but]
        return "\n".join(f"{name}\n{rows_of(cursor, name)}" for name in names)


def rows_of(cursor, name: str) -> str:
    """All rows of a table in a fixed order, as PostgreSQL writes them."""
    cursor.execute(f'SELECT t::text FROM "{name}" AS t ORDER BY 1')  # noqa: S608 - a name of ours
    return "\n".join(row for (row,) in cursor.fetchall())


def people_but(person) -> list[dict]:
    """Every other person, with where they belong, as they are now."""
    others = Person.objects.exclude(pk=person.pk).order_by("pk")
    return list(others.values())
