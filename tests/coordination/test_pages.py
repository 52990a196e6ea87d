"""Every page of the example, as each kind of reader: it answers, or says no in the right way."""

import pytest
from django.test import Client
from django.urls import reverse

from cluster_portal.models import OutboxMail
from competitions.models import Competition, Plan
from courses.models import Course, Pathway, Run
from members.models import Agreement, Group, Institution, Person
from mentorship.models import Mentor, MentorRequest, Pairing
from tests.examples import load_example

pytestmark = pytest.mark.django_db

PUBLIC, SIGNED_IN, DESK, LED, COORDINATORS = range(5)  # LED: of whoever teaches a run or coordinates it
READERS = {None: PUBLIC, "teacher": SIGNED_IN, "contact": DESK, "coordinator": COORDINATORS}


def agreement_pages():
    yield PUBLIC, reverse("members:standing") + "?on=2027-01-01"
    yield from [(COORDINATORS, reverse(f"members:{name}", args=[Agreement.objects.get().public_id])) for name in (
        "desk_agreement", "desk_accession", "desk_terminate", "desk_signing_sheet",
    )]  # fmt: skip
    yield from [(COORDINATORS, reverse(f"members:{name}")) for name in ("desk_agreements", "desk_new_agreement")]


def consent_pages():
    group = Group.objects.get()
    yield SIGNED_IN, reverse("members:children")
    yield SIGNED_IN, reverse("members:class_consent", args=[group.public_id])
    yield SIGNED_IN, reverse("members:consent_telephone", args=[group.public_id])
    yield SIGNED_IN, reverse("members:child_consent", args=[group.public_id, group.members.first().public_id])
    yield COORDINATORS, reverse("members:desk_consent")
    yield COORDINATORS, reverse("members:desk_consent_ages")
    yield COORDINATORS, reverse("members:desk_consent_document", args=["photo", "en"])


def member_pages():
    school = Institution.objects.get(name="School 1")
    yield from [(PUBLIC, reverse(f"members:{name}")) for name in ("apply", "initiatives", "verify_any", "verify_keys")]
    yield from [(SIGNED_IN, reverse(f"members:{name}")) for name in ("classes", "certificates", "erase", "desk_import")]
    yield from [(DESK, reverse(f"members:{name}")) for name in (
        "desk_addresses", "desk_hours", "desk_hours_xlsx", "desk_unanswered", "desk_initiatives", "desk_new_initiative",
        "desk_invite_list",
    )]  # fmt: skip
    yield DESK, reverse("members:unanswered_sheet", args=[school.slug])
    yield from [(COORDINATORS, reverse(f"members:{name}")) for name in ("desk_duplicates", "desk_applications")]


def pathway_pages():
    slug = Pathway.objects.get().slug
    yield PUBLIC, reverse("courses:pathways")
    yield PUBLIC, reverse("courses:pathway", args=[slug])
    for name, args in (("desk_pathways", []), ("desk_new_pathway", []), ("desk_pathway", [slug])):
        yield COORDINATORS, reverse(f"courses:{name}", args=args)
    yield COORDINATORS, reverse("courses:desk_edit_pathway", args=[slug])


def competition_pages():
    decided = Competition.objects.get(state="concluded")
    judged = Competition.objects.published().order_by("closes_at").first()
    plan = Plan.objects.public().first()
    yield from [(PUBLIC, reverse(f"competitions:{name}")) for name in ("competitions", "library", "library_feed")]
    yield from [(PUBLIC, it.get_absolute_url()) for it in (decided, judged)]
    yield PUBLIC, reverse("competitions:competition_ics", args=[judged.slug])
    yield from [(PUBLIC, reverse(f"competitions:{name}", args=[plan.slug])) for name in (
        "plan", "plan_pdf", "plan_zip", "plan_dc",
    )]  # fmt: skip
    yield SIGNED_IN, reverse("competitions:juries")
    yield from [(COORDINATORS, reverse(f"competitions:{name}")) for name in (
        "desk_competitions", "desk_new_competition", "desk_library",
    )]  # fmt: skip
    yield from [(COORDINATORS, reverse(f"competitions:{name}", args=[judged.slug])) for name in (
        "desk_competition", "desk_edit_competition", "desk_hold_again", "desk_entries", "desk_jury",
        "desk_invite_juror", "desk_assign_jury", "desk_results", "desk_publish", "desk_results_xlsx", "desk_protocol",
    )]  # fmt: skip
    yield COORDINATORS, reverse("competitions:desk_diplomas", args=[decided.slug])


def mentorship_pages():
    risen = MentorRequest.objects.risen().get()
    yield from [(PUBLIC, reverse(f"mentorship:{name}")) for name in ("mentorship", "outcomes")]
    yield from [(SIGNED_IN, reverse(f"mentorship:{name}")) for name in ("offer", "ask")]
    yield from [(COORDINATORS, reverse(f"mentorship:{name}")) for name in (
        "desk_mentorship", "desk_mentors", "desk_requests", "desk_pairings", "desk_intake", "desk_terms", "desk_thanks",
        "desk_institutions", "desk_unserved", "desk_figures_xlsx", "desk_concerns",
    )]  # fmt: skip
    yield from [(COORDINATORS, reverse(f"mentorship:{name}", args=[risen.public_id])) for name in (
        "desk_match", "desk_close_request",
    )]  # fmt: skip
    offered = Mentor.objects.waiting().get().public_id
    yield from [(COORDINATORS, reverse(f"mentorship:{name}", args=[offered])) for name in (
        "desk_mentor", "desk_decline_mentor",
    )]  # fmt: skip
    yield LED, risen.get_absolute_url()
    yield LED, Pairing.objects.get(state="completed").get_absolute_url()


def pages():
    run = Run.objects.get(course__title="AI Tools in Teaching")
    draft = Run.objects.get(state="draft")
    institution = Institution.objects.get(name="School 1")
    mail = OutboxMail.objects.first()
    yield from [(PUBLIC, reverse(name)) for name in (
        "coordination:home", "coordination:search", "coordination:privacy", "coordination:accessibility",
        "members:directory", "members:agreements", "courses:programme",
        "members:theme_css", "members:emblem_svg", "members:favicon_svg", "members:directory_print",
        "members:directory_xlsx",
        "account_login", "account_signup", "account_reset_password", "healthz", "readyz",
    )]  # fmt: skip
    yield PUBLIC, reverse("coordination:search") + "?q=shcool"
    yield PUBLIC, institution.get_absolute_url()
    yield PUBLIC, Agreement.objects.get().get_absolute_url()
    yield PUBLIC, reverse("file", args=[Agreement.objects.get().text.public_id])
    yield PUBLIC, Course.objects.get(title="AI Tools in Teaching").get_absolute_url()
    yield PUBLIC, run.get_absolute_url()
    yield PUBLIC, reverse("courses:programme_ics")
    yield PUBLIC, reverse("courses:run_ics", args=[run.public_id])
    yield from [(PUBLIC, f"{reverse('courses:programme')}?view={view}") for view in ("week", "timetable&paper=yes")]
    yield from agreement_pages()
    yield from [(SIGNED_IN, reverse(name)) for name in ("coordination:me", "courses:works_to_read")]
    yield SIGNED_IN, reverse("coordination:my_calendar")
    yield SIGNED_IN, reverse("members:profile")
    yield from consent_pages()
    yield from member_pages()
    yield SIGNED_IN, reverse("members:join", args=[institution.slug])
    yield from [
        (SIGNED_IN, reverse(name))
        for name in ("account_email", "account_change_password", "mfa_index", "usersessions_list", "account_logout")
    ]
    yield from [(DESK, reverse(name)) for name in (
        "coordination:desk", "members:desk_people", "members:desk_invite", "members:desk_institutions",
    )]  # fmt: skip
    yield from [(COORDINATORS, reverse(name)) for name in (
        "courses:desk_runs", "courses:desk_new_course", "courses:desk_rights_lost", "courses:desk_approvals",
        "members:desk_regions", "members:desk_directions", "members:desk_start", "members:desk_start_name",
        "members:desk_start_accent", "members:desk_start_place", "members:desk_start_institutions",
        "members:desk_start_agreement", "members:desk_new_institution", "coordination:outbox", "coordination:audit",
    )]  # fmt: skip
    yield COORDINATORS, reverse("coordination:mail", args=[mail.public_id])
    yield DESK, reverse("members:desk_edit_institution", args=[institution.slug])
    yield from desk_pages_of_courses(run, draft)
    yield from pathway_pages()
    yield from competition_pages()
    yield from mentorship_pages()


def desk_pages_of_courses(run, draft):
    session, pool = run.sessions.first(), run.pools.get()
    yield COORDINATORS, reverse("courses:desk_edit_course", args=[run.course.slug])
    yield COORDINATORS, reverse("courses:desk_review")
    yield COORDINATORS, reverse("courses:desk_repeat", args=[run.public_id])
    yield COORDINATORS, reverse("courses:desk_new_run", args=[run.course.slug])
    yield from [(COORDINATORS, reverse(f"courses:{name}", args=[run.public_id])) for name in (
        "desk_run", "desk_edit_run", "desk_new_session", "desk_roster", "desk_roster_xlsx", "desk_attendance_sheet",
        "desk_questions", "desk_attendance_xlsx", "desk_feedback", "desk_certificates",
    )]  # fmt: skip
    yield from [(LED, reverse(f"courses:{name}", args=[run.public_id])) for name in (
        "attendance", "works", "materials", "feedback_results",
    )]  # fmt: skip
    yield COORDINATORS, reverse("courses:desk_pattern", args=[draft.public_id])
    yield COORDINATORS, reverse("courses:desk_edit_session", args=[run.public_id, session.public_id])
    yield COORDINATORS, reverse("courses:desk_places", args=[run.public_id, pool.public_id])


def expected(needs, has):
    if has >= needs:
        return {200}
    if has == PUBLIC:
        return {302}
    return {404} if needs == LED else {403}


@pytest.fixture
def example(demo):
    load_example("petrogradsky")


def test_every_page_answers_each_reader_as_it_should(example):
    wrong = []
    for name, has in READERS.items():
        client = Client(raise_request_exception=False)
        if name:
            client.force_login(Person.objects.get(email=f"{name}@example.org"))
        for needs, url in pages():
            response = client.get(url)
            if response.streaming:
                b"".join(response.streaming_content)
            status = response.status_code
            if status not in expected(needs, has) and not (url.startswith("/accounts/") and status in {200, 302}):
                wrong.append((name, url, status))
    assert wrong == [], "\n".join(map(str, wrong))
