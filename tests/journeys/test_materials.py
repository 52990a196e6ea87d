"""An instructor adds materials, a teacher finds them afterwards and says on a phone how it was; five make a result."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.timezone import now

from cluster_portal.links import signed_link
from courses import actions
from courses.models import Enrolment, FeedbackAnswer
from members.models import Person
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = 390


@pytest.fixture
def over(portal):
    """A workshop of this morning in which the teacher and four others were."""
    run = make.RunFactory(course__title="Prompts for teachers", course__kind="workshop", admits="everyone")
    make.SessionFactory(run=run, title="First prompts", starts_at=now() - timedelta(hours=5))
    run.instructors.add(Person.objects.get(email="instructor@example.org"))
    make.EnrolmentFactory(run=run, person=Person.objects.get(email="teacher@example.org"))
    return run


def four_others_answer(run):
    for place, number in enumerate((5, 4, 4, 2)):
        it = make.EnrolmentFactory(run=run, person__email=f"other{place}@example.org")
        answers = {asked.public_id: number if asked.kind == "scale" else "" for asked in run.feedback_questions.all()}
        actions.give_feedback(it, by=it.person, answers=answers)


def test_materials_are_seen_after_and_feedback_is_given_on_a_phone(visit, over, tmp_path):
    handout = tmp_path / "handout.txt"
    handout.write_text("Ask, read, ask again.")
    coordinator, instructor, teacher = visit("coordinator"), visit("instructor", width=PHONE), visit("teacher")

    coordinator.go(f"/desk/runs/{over.public_id}/")
    coordinator.follow("Feedback")
    coordinator.look("Nothing is asked yet")
    coordinator.press("Ask the standard questions")
    coordinator.look("What helped you most?")

    instructor.go(over.get_absolute_url())
    instructor.follow("Materials")
    instructor.look("No materials yet")
    instructor.fill(title="Handout", kind="file", shown="after")
    instructor.page.locator("[name=file]").set_input_files(handout)
    instructor.press("Add the material")
    instructor.look("The material is added. Nobody was written to.", "1 mail would leave")
    instructor.press("Write to them")
    instructor.sees("1 mail is on its way.")

    teacher.go(over.get_absolute_url())
    teacher.look("Handout")
    with teacher.page.expect_download() as download:
        teacher.page.get_by_role("link", name="Handout").click()
    assert Path(download.value.path()).read_text() == "Ask, read, ask again."

    four_others_answer(over)
    instructor.go(f"/runs/{over.public_id}/feedback/")
    instructor.look("The answers of 4 wait.", "Nothing to be shown yet")
    mine = Enrolment.objects.get(run=over, person__email="teacher@example.org")
    phone = visit(width=PHONE)
    phone.go(signed_link("courses.feedback", f"{mine.public_id}.{mine.person.public_id}"))
    phone.look("How was it?", "I learned something that I can use.")
    for group in phone.page.get_by_role("main").get_by_role("group").all():
        group.get_by_label("4", exact=True).check()
    phone.page.get_by_label("What helped you most?").fill("The examples.")
    phone.press("Give feedback")
    phone.look("Feedback is given. Thank you.")
    assert FeedbackAnswer.objects.filter(is_shown=True).count() == 30
    instructor.page.reload()
    instructor.look("Mean: 3.8 of 5", "The examples.")
