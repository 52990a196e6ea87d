"""The same way by keyboard alone, and with JavaScript off."""

import pytest

from courses.models import Enrolment
from members.models import Agreement, Institution

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_by_keyboard_alone_a_teacher_signs_in_enrols_and_leaves(visit):
    teacher = visit()
    teacher.go("/")
    teacher.tab_to("Skip to the content")
    teacher.by_key("^Sign in$", to="**/accounts/login/")
    teacher.tab_to("Email")
    teacher.page.keyboard.type("teacher@example.org")
    teacher.tab_to("^Password")
    teacher.page.keyboard.type("demo-cluster")
    teacher.page.keyboard.press("Enter")
    teacher.page.wait_for_url("**/me/")
    teacher.by_key("^Programme$", to="**/courses/")
    teacher.by_key("AI Tools in Teaching", to="**/runs/*/")
    teacher.by_key("^Enrol$", key="Space")
    teacher.sees("You are in. A mail with the dates")
    assert "You are in" in teacher.page.evaluate("document.activeElement.innerText")  # the focus went on to what it did
    teacher.by_key("^Leave")
    teacher.look("You can take part")
    assert Enrolment.objects.filter(person__email="teacher@example.org").latest("pk").state == "cancelled"


def test_lists_of_the_desk_are_walked_by_j_and_k(visit):
    coordinator = visit("coordinator")
    coordinator.go("/desk/outbox/")
    coordinator.tab_to(coordinator.page.locator("main tbody a").first.inner_text())
    first = coordinator.page.evaluate("document.activeElement.href")
    coordinator.page.keyboard.press("j")
    assert coordinator.page.evaluate("document.activeElement.href") != first
    coordinator.page.keyboard.press("k")
    assert coordinator.page.evaluate("document.activeElement.href") == first


def test_hundreds_of_boxes_are_narrowed_by_typing_and_keep_what_is_ticked(visit):
    Institution.objects.bulk_create(
        Institution(name=f"Lyceum {number}", slug=f"lyceum-{number}", kind="school") for number in range(100, 160)
    )
    coordinator = visit("coordinator")
    coordinator.go(f"/desk/agreements/{Agreement.objects.get().public_id}/accession/")
    boxes = coordinator.page.locator("[name=institutions]")
    boxes.first.check()
    coordinator.page.keyboard.press("Shift+Tab")
    coordinator.page.keyboard.type("LYCEUM 12")
    coordinator.page.keyboard.press("Enter")  # does not send the form
    assert boxes.locator("visible=true").count() == 11
    coordinator.look("Lyceum 125")
    assert not coordinator.page.get_by_text("Lyceum 130").is_visible()


def test_without_javascript_a_teacher_searches_filters_enrols_and_leaves(visit):
    teacher = visit("teacher", java_script_enabled=False)
    teacher.go("/")
    teacher.page.get_by_role("searchbox").fill("tols teaching")
    teacher.page.keyboard.press("Enter")
    teacher.sees("AI Tools in Teaching")
    teacher.go("/courses/")
    teacher.page.get_by_label("Kind").select_option(label="Course")
    teacher.press("Show", exact=True)
    teacher.sees("1 to choose from")
    teacher.follow("AI Tools in Teaching")
    teacher.press("Enrol", exact=True)
    teacher.sees("You are in. A mail with the dates")
    assert teacher.cut_off() == []
    teacher.press("Leave")
    teacher.sees("You can take part")
    teacher.page.locator("summary").first.click()
    teacher.page.get_by_role("button", name="Русский").click()
    assert teacher.page.locator("html").get_attribute("lang") == "ru"
