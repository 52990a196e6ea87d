"""Feedback: asked after the last session, given once, and read only of five people together, as nobody's."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now
from openpyxl import load_workbook

from cluster_portal.hooks import GuardianPage
from cluster_portal.links import signed_token
from cluster_portal.models import AuditEntry
from cluster_portal.moves import Refused
from courses import actions
from courses.child_afterwards import materials_and_feedback
from courses.completion import completion_of
from courses.feedback import FEWEST, OPEN_FOR, can_give_feedback, results_of, why_no_feedback
from courses.models import Enrolment, FeedbackAnswer, Run
from courses.retention import FEEDBACK_DAYS
from members.retention import run_retention
from members.views.guardians import OPENED
from tests import factories as make
from tests.browsing import at
from tests.courses.conftest import silent

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def give(run, number=5, text=""):
    """One more person gives feedback; their enrolment."""
    it = make.EnrolmentFactory(run=run)
    scale, words = run.feedback_questions.all()
    actions.give_feedback(it, by=it.person, answers={scale.public_id: number, words.public_id: text})
    return it


def posted(run, number="4", text="The examples"):
    scale, words = run.feedback_questions.all()
    return {f"feedback_{scale.public_id}": number, f"feedback_{words.public_id}": text}


def link(enrolment, reader=None):
    reader = reader or enrolment.person
    token = signed_token("courses.feedback", f"{enrolment.public_id}.{reader.public_id}")
    return reverse("courses:feedback_by_link", args=[token])


def numbers(run):
    return dict(results_of(run).of_each[0].counts)


# Who gives it


def test_by_the_mailed_link_without_signing_in(over):
    it = make.EnrolmentFactory(run=over)
    response = Client().post(link(it), posted(over), follow=True)
    it.refresh_from_db()
    assert (response.status_code, response.context["why"]) == (200, "Feedback is given. Thank you.")
    assert it.feedback_on is not None
    assert sorted(FeedbackAnswer.objects.values_list("number", "text"), key=str) == [(4, ""), (None, "The examples")]


def test_signed_in_from_the_page_of_the_run(over):
    it = make.EnrolmentFactory(run=over)
    silent(over)
    client = at(it.person)
    assert client.get(over.get_absolute_url()).context["asks_feedback"] is True
    client.post(reverse("courses:feedback", args=[it.public_id]), posted(over))
    assert client.get(over.get_absolute_url()).context["asks_feedback"] is False


def test_a_sentence_has_to_be_answered_a_text_has_not(over):
    it = make.EnrolmentFactory(run=over)
    scale, _words = over.feedback_questions.all()
    page = Client().post(link(it), posted(over, number="", text="No"))
    assert (list(page.context["form"].errors), FeedbackAnswer.objects.count()) == ([f"feedback_{scale.public_id}"], 0)
    Client().post(link(it), posted(over, text=""))
    assert FeedbackAnswer.objects.count() == 2


@pytest.mark.parametrize("number", [0, 6, None, "5", "fine"])
def test_the_action_takes_one_to_five_only(number, over):
    it = make.EnrolmentFactory(run=over)
    scale = over.feedback_questions.first()
    with pytest.raises(Refused, match="has to be answered"):
        actions.give_feedback(it, by=it.person, answers={scale.public_id: number})
    it.refresh_from_db()
    assert (FeedbackAnswer.objects.count(), it.feedback_on) == (0, None)


def test_it_is_given_once(over):
    it = give(over)
    with pytest.raises(Refused, match="Feedback is given"):
        actions.give_feedback(it, by=it.person, answers={})
    assert FeedbackAnswer.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_child_and_guardian_at_once_give_it_once(over, together):
    it = make.EnrolmentFactory(run=over)
    answers = {over.feedback_questions.first().public_id: 3}
    both = [lambda: actions.give_feedback(Enrolment.objects.get(pk=it.pk), by=None, answers=answers)] * 2
    assert sorted(together(*both)) == ["done", "refused"]
    assert FeedbackAnswer.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_five_at_once_are_five(over, together):
    people = [make.EnrolmentFactory(run=over) for _ in range(FEWEST)]
    answers = {over.feedback_questions.first().public_id: 3}
    calls = [lambda it=it: actions.give_feedback(Enrolment.objects.get(pk=it.pk), it, answers) for it in people]
    assert together(*calls) == ["done"] * FEWEST
    assert results_of(over).shown == FEWEST


@pytest.mark.parametrize("state", ["held", "waiting", "offered", "cancelled", "declined", "lapsed"])
def test_only_those_who_took_part_give_it(state, over):
    it = make.EnrolmentFactory(run=over, state=state)
    assert Client().get(link(it)).context["why"] == "Feedback is for those who took part."


def test_not_before_the_last_session_has_ended(run):
    make.FeedbackQuestionFactory(run=run)
    it = make.EnrolmentFactory(run=run)
    assert why_no_feedback(it, now()) == "Feedback is given when the last session is over. A mail says so then."


def test_a_cancelled_session_is_not_waited_for(over):
    make.SessionFactory(run=over, state="cancelled")
    assert why_no_feedback(make.EnrolmentFactory(run=over), now()) == ""


def test_not_when_it_is_long_over(over, time_machine):
    it = make.EnrolmentFactory(run=over)
    time_machine.move_to(now() + OPEN_FOR)
    assert why_no_feedback(it, now()).startswith("Feedback could be given until ")


def test_not_where_nothing_is_asked(over):
    over.feedback_questions.all().delete()
    assert why_no_feedback(make.EnrolmentFactory(run=over), now()) == "Nothing is asked about this run."


def test_a_closed_run_asks_too_a_cancelled_one_does_not(over):
    it = make.EnrolmentFactory(run=over)
    found = []
    for state in ("closed", "cancelled"):
        Run.objects.filter(pk=over.pk).update(state=state)
        found.append(why_no_feedback(Enrolment.objects.get(pk=it.pk), now()) == "")
    assert found == [True, False]


@pytest.mark.parametrize("path", ["forged", "other purpose", "a stranger", "suspended"])
def test_a_link_that_is_not_ones_own_opens_nothing(path, over):
    it = make.EnrolmentFactory(run=over)
    if path == "suspended":
        it.person.suspended_at = now()
        it.person.save()
    address = {
        "forged": f"{link(it)[:-2]}x/",
        "other purpose": link(it).replace(link(it).split("/")[-2], signed_token("courses.leave", it.public_id)),
        "a stranger": link(it, make.PersonFactory()),
        "suspended": link(it),
    }[path]
    assert Client().post(address, posted(over)).status_code == 404
    assert FeedbackAnswer.objects.count() == 0


def test_nobody_else_gives_it_signed_in(over, cast):
    it = make.EnrolmentFactory(run=over)
    assert at(cast.teacher).get(reverse("courses:feedback", args=[it.public_id])).status_code == 404


def test_a_guardian_gives_it_for_the_child(over, guardianship):
    it = guardianship.child.enrolments.get()
    page = Client().get(link(it, guardianship.guardian))
    assert page.context["name"].startswith(guardianship.child.given_name)
    Client().post(link(it, guardianship.guardian), posted(over))
    it.refresh_from_db()
    assert it.feedback_on is not None


def test_a_former_guardian_gives_it_no_more(over, guardianship):
    guardianship.ended_at = now()
    guardianship.save()
    assert Client().get(link(guardianship.child.enrolments.get(), guardianship.guardian)).status_code == 404


def test_the_page_of_the_child_leads_there_with_and_without_an_account(over, guardianship):
    it = guardianship.child.enrolments.get()
    silent(over)
    token = signed_token("members.consent", guardianship.public_id)
    links = []
    for page in (GuardianPage(guardianship.guardian, [guardianship.child]),
                 GuardianPage(guardianship.guardian, [guardianship.child], token)):  # fmt: skip
        links += [address for part in materials_and_feedback(page) for address, _label in part.rows[0].links]
    assert links == [
        reverse("courses:feedback", args=[it.public_id]),
        reverse("courses:feedback_by_consent_link", args=[token, it.public_id]),
    ]
    phone = Client()
    session = phone.session
    session[OPENED] = [guardianship.public_id]
    session.save()
    phone.post(links[1], posted(over))
    assert FeedbackAnswer.objects.count() == 2


def test_it_counts_for_completion(over):
    over.needs_feedback, over.attendance_needed = True, 0
    over.save()
    it = make.EnrolmentFactory(run=over)
    before = completion_of(it).is_complete
    actions.give_feedback(it, by=it.person, answers={over.feedback_questions.first().public_id: 1})
    it.refresh_from_db()
    assert (before, completion_of(it).is_complete) == (False, True)


# Nobody's answers


def test_nothing_ties_an_answer_to_a_person(over):
    columns = {it.name for it in FeedbackAnswer._meta.concrete_fields}
    assert columns == {"id", "question", "number", "text", "is_shown"}
    before = AuditEntry.objects.count()
    give(over)
    assert AuditEntry.objects.count() == before


def test_nothing_is_shown_of_four(over, instructor):
    for _ in range(FEWEST - 1):
        give(over, number=2, text="Secret")
    page = at(instructor).get(reverse("courses:feedback_results", args=[over.public_id]))
    assert "Secret" not in page.content.decode()
    assert (page.context["results"].given, page.context["results"].shown, page.context["results"].waiting) == (4, 0, 4)
    assert at(instructor).get(reverse("courses:feedback_xlsx", args=[over.public_id])).status_code == 404


def test_five_are_shown_together(over):
    for number in (1, 3, 3, 5, 5):
        give(over, number, text=f"It was {number}")
    found = results_of(over)
    assert (found.shown, numbers(over), found.of_each[0].mean) == (5, {5: 2, 4: 0, 3: 2, 2: 0, 1: 1}, 3.4)
    assert sorted(found.of_each[1].texts) == ["It was 1", "It was 3", "It was 3", "It was 5", "It was 5"]


def test_two_looks_never_differ_by_fewer_than_five(over):
    looks = []
    for count in range(1, 13):
        give(over, 1 + count % 5, text=f"Text {count}")
        looks.append((results_of(over).shown, len(results_of(over).of_each[1].texts)))
    assert looks == [(0, 0)] * 4 + [(5, 5)] * 5 + [(10, 10)] * 3


def test_what_is_shown_is_written_anew_in_no_order(over):
    for count in range(FEWEST - 1):
        give(over, text=f"Text {count}")
    waiting = set(FeedbackAnswer.objects.values_list("pk", flat=True))
    give(over, text="Text 4")
    assert set(FeedbackAnswer.objects.values_list("pk", flat=True)) & waiting == set()
    with connection.cursor() as cursor:  # all by one transaction: none of them by that which wrote an enrolment alone
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM courses_feedbackanswer")
        assert cursor.fetchone() == (1,)


def test_the_order_of_texts_is_not_that_of_writing(over):
    for count in range(30):
        give(over, text=f"{count:02}")
    texts = results_of(over).of_each[1].texts
    assert (sorted(texts), texts == sorted(texts)) == ([f"{count:02}" for count in range(30)], False)


def test_an_empty_text_counts_and_is_not_read(over):
    for text in ("Good", "", " ", "", "Fine"):
        give(over, text=text)
    assert (results_of(over).shown, sorted(results_of(over).of_each[1].texts)) == (5, ["Fine", "Good"])


def test_who_is_erased_leaves_answers_that_are_nobodys(over):
    for number in range(FEWEST):
        it = give(over, number=number + 1)
    from members.actions.erasure import erase_person

    erase_person(it.person, by=None, reason="asked")
    assert results_of(over).shown == 5


# Who reads it


@pytest.mark.parametrize("who", ["instructor", "coordinator"])
def test_who_leads_the_run_reads_the_results(who, over, instructor, cast, demo):
    for _ in range(FEWEST):
        give(over, text="=HYPERLINK(1)")
    client = at(instructor if who == "instructor" else cast.coordinator)
    assert client.get(reverse("courses:feedback_results", args=[over.public_id])).context["results"].shown == 5
    sheet = load_workbook(
        io.BytesIO(client.get(reverse("courses:feedback_xlsx", args=[over.public_id])).content)
    ).active
    lines = list(sheet.iter_rows(values_only=True))
    assert lines[:2] == [("Question", "Answer", "People"), ("It was clear.", 5, 5)]
    assert lines[6:] == [("What helped?", "'=HYPERLINK(1)", None)] * 5


@pytest.mark.parametrize("name", ["teacher", "contact", "outsider"])
def test_nobody_else_reads_them(name, over, cast, demo):
    client = at(getattr(cast, name))
    codes = [
        client.get(reverse(f"courses:{page}", args=[over.public_id])).status_code
        for page in ("feedback_results", "feedback_xlsx")
    ]
    assert codes == [404, 404]


def test_as_many_queries_for_ten_answers_as_for_five(over, instructor):
    counts, client = [], at(instructor)
    address = reverse("courses:feedback_results", args=[over.public_id])
    for _ in range(2):
        for _ in range(FEWEST):
            give(over, text="Text")
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_texts_go_after_two_years_and_the_numbers_stay(over, time_machine):
    for _ in range(FEWEST):
        give(over, number=4, text="Text")
    end = over.sessions.get().ends_at
    found = []
    for days in (-1, 1):
        time_machine.move_to(end + timedelta(days=FEEDBACK_DAYS + days), tick=False)
        run_retention()
        found.append((len(results_of(over).of_each[1].texts), numbers(over)[4]))
    assert found == [(5, 5), (0, 5)]


def test_who_came_to_no_session_is_neither_asked_nor_counted(over):
    Run.objects.filter(pk=over.pk).update(needs_feedback=True)  # else two people would be asked in vain
    over.refresh_from_db()
    came, stayed_away = (make.EnrolmentFactory(run=over) for _number in range(2))
    assert (results_of(over).asked, can_give_feedback().count()) == (2, 2)  # nobody marked anything
    make.AttendanceFactory(session=over.sessions.get(), enrolment=came, mark="late")
    assert (results_of(over).asked, list(can_give_feedback())) == (1, [came])
    assert [why_no_feedback(it, now()) for it in (came, stayed_away)] == ["", "Feedback is for those who took part."]
    with pytest.raises(Refused, match="for those who took part"):
        actions.give_feedback(stayed_away, by=stayed_away.person, answers={})


def test_texts_stay_two_years_also_when_every_session_was_cancelled(over, time_machine):
    for _ in range(FEWEST):
        give(over, text="Text")
    over.sessions.update(state="cancelled")
    found = []
    for days in (-1, 1):
        time_machine.move_to(over.sessions.get().ends_at + timedelta(days=FEEDBACK_DAYS + days), tick=False)
        run_retention()
        found.append(len(results_of(over).of_each[1].texts))
    assert found == [5, 0]


def test_no_more_have_given_feedback_than_had_a_place(over):
    gone = [give(over) for _ in range(FEWEST)][:2]
    Enrolment.objects.filter(pk__in=[it.pk for it in gone]).update(state="cancelled")
    assert (results_of(over).asked, results_of(over).given) == (5, 5)


def test_the_form_says_that_groups_of_five_are_shown(over):
    text = Client().get(link(make.EnrolmentFactory(run=over))).content.decode()
    assert "with those of 5 people together, or never" in text
