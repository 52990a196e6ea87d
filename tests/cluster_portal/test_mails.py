"""The words of every kind of mail: there, readable, and told apart by their subjects."""

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.urls import resolve
from django.utils.timezone import now

from cluster_portal import hooks, mailtext
from cluster_portal.links import PATHS, read_link, signed_link, signed_token
from courses.models import ClassBooking, FinalWork, Pool, Seat
from members.models import Coverage
from tests import factories as make
from tests.competitions.mail_examples import example_of_competitions
from tests.mentorship.mail_examples import example_of_mentorship

pytestmark = pytest.mark.django_db
FOLDER = settings.BASE_DIR / "templates" / "mail"


def example_with_ground(template, to):
    """A mail that is about one thing and has another for its ground, or None."""
    if template.startswith("members/coordinator_"):
        return hooks.WantedMail(template, to, to, "north:2027-01-31", ground=make.CoordinatorFactory(person=to))
    if template == "members/party_withdrawn":
        left = {"withdrawn_on": date(2027, 1, 31), "withdrawn_because": "Сделано."}
        party = make.PartyFactory(institution__name="School 9", **left)
        return hooks.WantedMail(template, party.agreement, to, "school:2027-01-31", ground=party)
    if template == "members/roll_ending":
        party, covered = make.PartyFactory(institution__name="School 9"), make.InstitutionFactory(name="School 9 B")
        roll = {"since": date(2026, 1, 31), "until": date(2027, 1, 31), "document": "№ 1"}
        line = Coverage.objects.create(party=party, institution=covered, **roll)
        return hooks.WantedMail(template, party.agreement, to, "2027-01-31:30", ground=[line])
    if template == "members/certificates_of_age":
        return hooks.WantedMail(template, to, to, "2027-01-31", ground=[make.CertificateFactory(person=to)])
    return None


def example_of(template, to):
    """A mail of this kind, about something that has all that its text may mention."""
    return example_with_ground(template, to) or plain_example(template, to)


def plain_example(template, to):
    app = template.partition("/")[0]
    if app == "account":
        return hooks.WantedMail(template, to, to, address="somebody@example.org")
    if app == "competitions":
        return example_of_competitions(template, to)
    if app == "mentorship":
        return example_of_mentorship(template, to)
    return example_of_members(template, to) if app == "members" else example_of_courses(template, to)


def example_of_members(template, to):
    if template.startswith("members/agreement_"):
        terminated = {"state": "terminated", "terminated_because": "Сделано."} if "terminated" in template else {}
        agreement = make.AgreementFactory(valid_until=date(2027, 1, 31), **terminated)
        make.ClauseFactory(agreement=agreement, number="2.1")
        make.PartyFactory(agreement=agreement, institution__name="School 9")
        return hooks.WantedMail(template, agreement, to, "2027-01-31:30")
    if template.startswith("members/application_"):
        application = make.ApplicationFactory(applicant=to, name="School 9")
        application.notes.create(by=make.PersonFactory(), text="Сколько вас?")
        return hooks.WantedMail(template, application, to)
    if template.startswith("members/erasure_"):
        answer = {"state": "declined", "answer": "Сначала экзамен."} if "declined" in template else {}
        return hooks.WantedMail(template, make.ErasureRequestFactory(asked_by=make.PersonFactory(), **answer), to)
    if template.startswith("members/certificate_"):
        return hooks.WantedMail(template, make.CertificateFactory(person=to, revoked_because="Сделано."), to)
    if template == "members/consent_lapsing":
        return hooks.WantedMail(template, to, to, "2027-01-31")
    if template in {"members/guardianship_ended", "members/birth_date_changed"}:
        return hooks.WantedMail(template, make.GuardianshipFactory(guardian=to), to)
    affiliation = make.AffiliationFactory(
        institution__name="School 9", invited_by=make.PersonFactory(family_name="Host")
    )
    return hooks.WantedMail(template, affiliation, to)


def example_of_courses(template, to):
    run = make.RunFactory(course__title="AI Tools", online_link="https://meet.example.net/1")
    session = make.SessionFactory(run=run, title="Agents", place="Hall", starts_at=now() + timedelta(days=2))
    if template.startswith("courses/class_"):
        facts = {"group": make.GroupFactory(), "by": to, "held_until": now() + timedelta(days=9)}
        return hooks.WantedMail(
            template, ClassBooking.objects.create(run=run, pool=make.PoolFactory(run=run), **facts), to
        )
    if template.startswith("courses/work_"):
        return example_about_work(template, to, run)
    if template.startswith(("courses/seat_", "courses/wish_")):
        seat = {"session": session, "pool": Pool.objects.create(session=session, places=5), "state": "confirmed"}
        return hooks.WantedMail(
            template, Seat.objects.create(enrolment=make.EnrolmentFactory(run=run, person=to), **seat), to
        )
    if "reminder" in template and "feedback" not in template:
        online = make.EnrolmentFactory(run=run, person=to, pool=make.PoolFactory(run=run, sort="online"))
        return hooks.WantedMail(template, session, to, session.starts_at.isoformat(), ground=online)
    make.MaterialFactory(run=run)
    enrolment = make.EnrolmentFactory(run=run, person=to, state="offered" if "offered" in template else "waiting")
    return hooks.WantedMail(template, enrolment, to, session.public_id)


def example_about_work(template, to, run):
    if template == "courses/work_handed_in":
        run.instructors.add(to)
        return hooks.WantedMail(template, FinalWork.objects.create(enrolment=make.EnrolmentFactory(run=run)), to)
    enrolment = make.EnrolmentFactory(run=run, person=to)
    FinalWork.objects.create(enrolment=enrolment, state=template.partition("work_")[2], note="Ближе к делу.")
    return hooks.WantedMail(template, enrolment, to)


def test_every_template_has_its_kind_and_every_kind_its_templates():
    names = {str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.txt") if not path.name.startswith("_")}
    assert names == {f"{kind}.{part}.txt" for kind in hooks.mail_kinds for part in ("subject", "body")}


def test_every_reminder_is_a_kind_of_mail():
    assert set(hooks.reminders) <= set(hooks.mail_kinds)


@pytest.mark.parametrize("template", sorted(hooks.mail_kinds))
def test_text_is_whole(template):
    to = make.PersonFactory(given_name="Вера", time_zone="Asia/Seoul")
    subject, body = mailtext.rendered(example_of(template, to), hooks.sender())
    assert body.startswith("Hello Вера,\n\n")
    assert subject
    assert not any(gap in subject + body for gap in ("None", "{{", "{%", "  ", " ,", "()"))
    assert "\n\n\n" not in body
    secrets = {name: f"http://testserver/{name}/" for name in mailtext.secrets_in(body)}
    html = mailtext.as_html(mailtext.resolved(body, secrets), subject, "en", hooks.sender())
    assert html.count("<a ") >= len(secrets)
    assert "<script" not in html


def test_subjects_differ():
    subjects = {}
    for template in sorted(hooks.mail_kinds):
        subject, _body = mailtext.rendered(example_of(template, make.PersonFactory()), hooks.sender())
        assert subjects.setdefault(subject, template) == template


def test_confirmation_tells_those_online_of_the_joining_link_and_the_others_of_the_place():
    run = make.RunFactory(online_link="https://meet.example.net/1")
    words = []
    for sort in ("room", "online"):
        it = make.EnrolmentFactory(run=run, pool=make.PoolFactory(run=run, sort=sort))
        _subject, body = mailtext.rendered(hooks.WantedMail("courses/confirmed", it, it.person), hooks.sender())
        words.append(("Place: Room 5" in body, "the joining link" in body, run.online_link in body))
    assert words == [(True, False, False), (False, True, False)]


@pytest.mark.parametrize("template", ["courses/left", "courses/offer_lapsed", "courses/offered", "courses/taken_out"])
@pytest.mark.parametrize("state", ["cancelled", "declined", "offered"])
def test_nobody_is_promised_what_becomes_of_a_freed_place(template, state):
    it = make.EnrolmentFactory(state=state)
    subject, body = mailtext.rendered(hooks.WantedMail(template, it, it.person), hooks.sender())
    assert "goes to the next" not in subject + body


def test_who_was_taken_out_is_not_said_to_have_left():
    it = make.EnrolmentFactory(state="cancelled", run__course__title="AI Tools")
    subject, body = mailtext.rendered(hooks.WantedMail("courses/taken_out", it, it.person), hooks.sender())
    assert subject == "Check your plans: your enrolment in AI Tools was ended"
    assert "you have left" not in body


def test_subject_of_a_request_names_nobody():
    wanted = example_of("members/asked", make.PersonFactory())
    subject, body = mailtext.rendered(wanted, hooks.sender())
    assert wanted.about.person.family_name not in subject
    assert wanted.about.person.full_name in body


def test_end_of_an_affiliation_says_what_stays_and_promises_no_decision():
    _subject, body = mailtext.rendered(example_of("members/ended", make.PersonFactory()), hooks.sender())
    assert "What you are enrolled in stays; the coordinator sees that your institution has changed." in body


@pytest.mark.parametrize("purpose", sorted(PATHS))
def test_every_signed_link_leads_to_a_page(purpose):
    assert resolve(PATHS[purpose].format("token:of:somebody"))


def test_times_are_in_the_readers_zone_with_its_name():
    to = make.PersonFactory(time_zone="Asia/Seoul")
    wanted = example_of("courses/confirmed", to)
    _subject, body = mailtext.rendered(wanted, hooks.sender())
    session = wanted.about.run.sessions.get()
    hour = (session.starts_at + timedelta(hours=9)).strftime("%H:%M")
    assert f", {hour} (Seoul time, UTC+09:00): Agents, Hall" in body


def test_link_is_read_only_for_its_purpose_and_in_its_time():
    token = signed_token("courses.offer", "abc")
    assert signed_link("courses.offer", "abc").startswith("http://testserver/offer/abc:")
    assert read_link("courses.offer", token, timedelta(days=1)) == "abc"
    assert read_link("members.claim", token) is None
    assert read_link("courses.offer", token[:-1] + ("a" if token[-1] != "a" else "b")) is None
    assert read_link("courses.offer", token, timedelta(seconds=-1)) is None
    assert read_link("courses.offer", "") is None


@pytest.mark.parametrize("hue", [0, 60, 120, 258])
def test_html_wears_the_clusters_colour(hue):
    html = mailtext.as_html("Hello\n", "Subject", "en", hooks.Sender("Cluster", hue=hue))
    assert mailtext.blocks("A:\nhttp://testserver/x/\n")[0].label == "A"
    assert '<html lang="en">' in html
