"""Questions when enrolling: the desk asks them, whoever enrols answers, the roster shows, the night erases."""

import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from openpyxl import load_workbook

from cluster_portal.links import signed_token
from cluster_portal.moves import Refused
from courses import actions
from courses.models import Answer, Enrolment, Question
from courses.retention import OTHER_DAYS, SENSITIVE_DAYS
from members.retention import run_retention
from tests import factories as make

pytestmark = pytest.mark.django_db
REPLACED = "so the question stays as it is"


@pytest.fixture
def desk(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


@pytest.fixture
def teacher(cast):
    client = Client()
    client.force_login(cast.teacher)
    return client


def ask(run, text, kind="text", **facts):
    return make.QuestionFactory(run=run, text=text, kind=kind, **facts)


def field(question):
    return f"question_{question.public_id}"


def texts(run):
    return list(run.questions.values_list("text", flat=True))


def test_the_desk_adds_questions_in_their_order(desk, run):
    address = reverse("courses:desk_questions", args=[run.public_id])
    desk.post(address, {"text": "What do you teach?", "kind": "text", "choices": ""})
    desk.post(address, {"text": "Lunch?", "kind": "choice", "choices": "Fish\nRice\n\nFish", "is_sensitive": "on"})
    rows = run.questions.values_list("position", "text", "choices", "is_sensitive")
    assert list(rows) == [(1, "What do you teach?", [], False), (2, "Lunch?", ["Fish", "Rice"], True)]
    assert "Fish, Rice" in desk.get(address).content.decode()


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        ({"kind": "choice", "choices": "One"}, ["choices"]),
        ({"kind": "choice", "choices": "One\n" + "x" * 81}, ["choices"]),
        ({"kind": "text", "choices": "", "text": ""}, ["text"]),
        ({"kind": "number", "choices": ""}, ["kind"]),
    ],
)
def test_a_question_that_nobody_could_answer_is_said_at_its_field(desk, run, facts, wrong):
    page = desk.post(reverse("courses:desk_questions", args=[run.public_id]), {"text": "Lunch?", **facts})
    assert (sorted(page.context["form"].errors), Question.objects.count()) == (wrong, 0)


def test_the_desk_orders_edits_and_removes(desk, run, cast):
    first, second = ask(run, "First", position=1), ask(run, "Second", position=2)
    act = reverse("courses:desk_act_on_question", args=[run.public_id, second.public_id])
    desk.post(act, {"move": "up"})
    assert texts(run) == ["Second", "First"]
    edit = reverse("courses:desk_question", args=[run.public_id, first.public_id])
    assert desk.get(edit).status_code == 200
    desk.post(edit, {"text": "Last", "kind": "yes_no", "choices": "", "is_required": "on"})
    assert list(run.questions.values_list("text", "kind", "is_required")) == [
        ("Second", "text", False), ("Last", "yes_no", True),
    ]  # fmt: skip
    desk.post(act, {"move": "remove"})
    assert texts(run) == ["Last"]
    assert desk.post(act, {"move": "remove"}).status_code == 404
    with pytest.raises(Refused, match="the first already"):
        actions.move_question_up(run.questions.get(), by=cast.coordinator)


def test_an_unknown_move_and_a_foreign_question_are_404(desk, run):
    asked, other = ask(run, "First"), make.RunFactory()
    assert desk.post(reverse("courses:desk_act_on_question", args=[run.public_id, asked.public_id])).status_code == 404
    assert desk.get(reverse("courses:desk_question", args=[other.public_id, asked.public_id])).status_code == 404


@pytest.mark.parametrize("name", ["desk_questions", "desk_question", "desk_act_on_question"])
def test_only_coordinators_of_the_run_keep_its_questions(name, run, teacher, demo):
    arguments = [run.public_id] + ([] if name == "desk_questions" else [ask(run, "First").public_id])
    address = reverse(f"courses:{name}", args=arguments)
    elsewhere = Client()
    elsewhere.force_login(make.CoordinatorFactory(region=make.RegionFactory()).person)
    assert [teacher.post(address).status_code, elsewhere.post(address).status_code] == [403, 404]


def test_who_enrols_is_asked_and_answers(teacher, run, cast):
    lunch = ask(run, "Lunch?", "choice", choices=["Fish", "Rice"], is_required=True)
    note, parking = ask(run, "Anything else?", position=2), ask(run, "Parking?", "yes_no", position=3)
    address = reverse("courses:enrol", args=[run.public_id])
    page = teacher.post(address, {"pool": run.pools.get().public_id}, follow=True)
    assert list(page.context["form"].fields)[1:] == ["asked", field(lunch), field(note), field(parking)]
    teacher.post(address, {"asked": "yes", field(lunch): "Rice", field(note): "", field(parking): "yes"})
    it = Enrolment.objects.get()
    assert sorted(it.answers.values_list("question__text", "text")) == [("Lunch?", "Rice"), ("Parking?", "yes")]


def test_a_required_question_without_an_answer_is_said_and_nobody_is_enrolled(teacher, run, cast):
    lunch = ask(run, "Lunch?", is_required=True)
    page = teacher.post(reverse("courses:enrol", args=[run.public_id]), {"asked": "yes", field(lunch): " "})
    assert list(page.context["form"].errors) == [field(lunch)]
    with pytest.raises(Refused, match=r"“Lunch.” has to be answered"):
        actions.enrol(run, cast.teacher, by=cast.teacher)
    assert Enrolment.objects.count() == 0


@pytest.mark.parametrize("kind", ["choice", "yes_no"])
def test_an_answer_that_is_not_offered_is_refused(run, cast, kind):
    lunch = ask(run, "Lunch?", kind, choices=["Fish", "Rice"] if kind == "choice" else [])
    with pytest.raises(Refused, match="have changed"):
        actions.enrol(run, cast.teacher, by=cast.teacher, answers={lunch.public_id: "Cake"})


def enrolled(run, person, **answers):
    said = {Question.objects.get(text=text).public_id: answer for text, answer in answers.items()}
    return actions.enrol(run, person, by=person, answers=said)


def test_what_was_answered_can_be_corrected_by_its_person_only(teacher, run, cast):
    lunch = ask(run, "Lunch", is_required=True)
    it = enrolled(run, cast.teacher, Lunch="Fish")
    address = reverse("courses:answers", args=[it.public_id])
    assert "Fish" in teacher.get(address).content.decode()
    assert teacher.post(address, {field(lunch): "Rice"})["Location"] == run.get_absolute_url()
    assert it.answers.get().text == "Rice"
    assert list(teacher.post(address, {field(lunch): ""}).context["form"].errors) == [field(lunch)]
    colleague = Client()
    colleague.force_login(cast.colleague)
    assert colleague.get(address).status_code == 404
    actions.cancel_enrolment(it, by=cast.teacher)
    assert teacher.get(address).status_code == 404
    with pytest.raises(Refused, match="has ended"):
        actions.change_answers(it, by=cast.teacher, answers={lunch.public_id: "Rice"})


def test_a_guardian_answers_by_the_link_also_for_who_came_with_a_class(run, cast):
    lunch = ask(run, "Lunch", is_sensitive=True)
    make.ConsentTextFactory()
    child = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
    guardianship = make.GuardianshipFactory(child=child)
    it = make.EnrolmentFactory(run=run, person=child, state="held")  # as a class booking makes it
    token, client = signed_token("members.consent", guardianship.public_id), Client()
    address = reverse("courses:answers_by_link", args=[token, it.public_id])
    assert client.get(address).status_code == 404
    page = reverse("members:consent", args=[token])
    client.post(page, {"birth_date": child.birth_date.isoformat()})
    assert "Answer the questions" in client.get(page).content.decode()
    client.post(address, {field(lunch): "No nuts"})
    assert it.answers.get().text == "No nuts"


def test_the_roster_and_its_spreadsheet_show_the_answers(desk, run, cast):
    ask(run, "Lunch"), ask(run, "Parking", "yes_no", position=2)
    enrolled(run, cast.teacher, Lunch="Fish", Parking="yes")
    enrolled(run, cast.colleague, Parking="no")
    page = desk.get(reverse("courses:desk_roster", args=[run.public_id])).content.decode()
    assert ("Fish" in page, page.count("<dt>Parking</dt>")) == (True, 2)
    sheet = load_workbook(
        io.BytesIO(desk.get(reverse("courses:desk_roster_xlsx", args=[run.public_id])).content)
    ).active
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[0][-2:] == ["Lunch", "Parking"]
    assert sorted([row[-2] or "", row[-1]] for row in rows[1:]) == [["", "No"], ["Fish", "Yes"]]


CHANGES = [{"kind": "yes_no"}, {"kind": "choice", "choices": ["Yes", "No"]}, {"text": "May we publish your photo?"}]


@pytest.mark.parametrize("changes", CHANGES)
def test_once_answered_a_question_stays_what_people_answered(run, cast, changes):
    ask(run, "Lunch")
    enrolled(run, cast.teacher, Lunch="Fish")
    with pytest.raises(Refused, match=REPLACED):
        actions.change_question(run.questions.get(), by=cast.coordinator, **changes)
    actions.change_question(run.questions.get(), by=cast.coordinator, text="Lunch", is_required=True)
    it = run.questions.get()
    assert (it.text, it.kind, it.is_required) == ("Lunch", "text", True)


def test_before_anybody_has_answered_all_of_a_question_may_change(run, cast):
    ask(run, "Lunch", is_sensitive=True)
    enrolled(run, cast.teacher)
    actions.change_question(run.questions.get(), by=cast.coordinator, text="What for lunch?", is_sensitive=False)
    assert list(run.questions.values_list("text", "is_sensitive")) == [("What for lunch?", False)]


def test_what_is_promised_to_be_erased_soon_is_not_kept_longer(desk, run, cast):
    ask(run, "Lunch", is_sensitive=True), ask(run, "Topic", position=2)
    enrolled(run, cast.teacher, Lunch="Fish", Topic="AI")
    lunch, topic = run.questions.all()
    with pytest.raises(Refused, match="so this stays sensitive"):
        actions.change_question(lunch, by=cast.coordinator, is_sensitive=False)
    actions.change_question(topic, by=cast.coordinator, is_sensitive=True)
    assert list(run.questions.values_list("text", "is_sensitive")) == [("Lunch", True), ("Topic", True)]
    address = reverse("courses:desk_question", args=[run.public_id, lunch.public_id])
    page = desk.post(address, {"text": "Lunch", "kind": "text"})
    assert page.context["form"].non_field_errors()[0].startswith("Whoever answered was told")


def test_an_answered_question_is_removed_only_when_it_is_sensitive(run, cast):
    ask(run, "Lunch")
    enrolled(run, cast.teacher, Lunch="Fish")
    with pytest.raises(Refused, match="1 person has answered this already"):
        actions.remove_question(run.questions.get(), by=cast.coordinator)
    run.questions.update(is_sensitive=True)
    actions.remove_question(run.questions.get(), by=cast.coordinator)
    assert (Question.objects.count(), Answer.objects.count()) == (0, 0)


def test_sensitive_answers_go_soon_after_the_last_session_and_the_others_later(run, cast, time_machine):
    ask(run, "Lunch", is_sensitive=True), ask(run, "Topic", position=2)
    enrolled(run, cast.teacher, Lunch="Fish", Topic="AI")
    end = run.sessions.get().ends_at
    left = []
    for days in (SENSITIVE_DAYS - 1, SENSITIVE_DAYS + 1, OTHER_DAYS - 1, OTHER_DAYS + 1):
        time_machine.move_to(end + timedelta(days=days))
        run_retention()
        left.append(sorted(Answer.objects.values_list("text", flat=True)))
    assert left == [["AI", "Fish"], ["AI"], ["AI"], []]


@pytest.mark.parametrize("how", ["left", "cancelled"])
def test_answers_of_who_left_or_whose_run_was_cancelled_go_too(how, run, cast, time_machine):
    ask(run, "Lunch", is_sensitive=True)
    it = enrolled(run, cast.teacher, Lunch="Fish")
    if how == "left":
        actions.cancel_enrolment(it, by=cast.teacher)
    else:
        actions.cancel_run(run, by=cast.coordinator)
    run_retention()
    assert Answer.objects.count() == 1
    time_machine.move_to(now() + timedelta(days=SENSITIVE_DAYS + 1))
    run_retention()
    assert Answer.objects.count() == 0


def test_where_every_session_was_cancelled_answers_go_after_the_last_that_was_planned(run, cast, time_machine):
    ask(run, "Lunch", is_sensitive=True), ask(run, "Topic", position=2)
    enrolled(run, cast.teacher, Lunch="Fish", Topic="AI")
    session = run.sessions.get()
    actions.cancel_session(session, by=cast.coordinator)
    left = []
    for days in (SENSITIVE_DAYS - 1, SENSITIVE_DAYS + 1, OTHER_DAYS + 1):
        time_machine.move_to(session.ends_at + timedelta(days=days))
        run_retention()
        left.append(sorted(Answer.objects.values_list("text", flat=True)))
    assert left == [["AI", "Fish"], ["AI"], []]


def test_a_cancelled_session_after_the_last_one_keeps_no_answer_longer(run, cast, time_machine):
    ask(run, "Lunch", is_sensitive=True)
    enrolled(run, cast.teacher, Lunch="Fish")
    end = run.sessions.get().ends_at
    later = make.SessionFactory(run=run, starts_at=end + timedelta(days=90), ends_at=end + timedelta(days=90, hours=1))
    actions.cancel_session(later, by=cast.coordinator)
    time_machine.move_to(end + timedelta(days=SENSITIVE_DAYS + 1))
    run_retention()
    assert Answer.objects.count() == 0


def test_the_page_on_privacy_says_how_long_answers_stay(client):
    page = client.get("/privacy/").content.decode()
    assert "Answers to sensitive questions of a course, after its last session" in page
