"""A contact writes a commitment down, publishes it, and everybody follows it on a phone."""

import pytest

from members.models import Initiative

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_commitment_from_draft_to_outcome(visit, tmp_path):
    contact, anybody = visit("contact"), visit(width=390)
    contact.go("/desk/initiatives/")
    contact.look("Your institutions have no initiative yet")
    contact.follow("New initiative")
    contact.look()
    contact.fill(title="AI corner in every school", summary="One room with machines.", starts_on="2026-01-10")
    contact.press("Save")
    contact.look("Add its milestones, then publish it.", "AI corner in every school")
    contact.page.get_by_text("Add a milestone").click()
    contact.fill(title="Rooms are chosen", due_on="2026-03-01")
    contact.press("Add")
    contact.look("Rooms are chosen", "overdue")
    contact.press("Publish")
    contact.look("Published: everybody sees it now.")

    contact.follow("Write down progress")
    contact.fill(text="Six rooms are chosen.", milestone="Rooms are chosen")
    (tmp_path / "minutes.txt").write_text("Six rooms.")
    contact.page.get_by_label("Evidence").set_input_files(tmp_path / "minutes.txt")
    contact.look()
    contact.press("Save")
    contact.look("Noted.")
    anybody.go("/initiatives/")
    anybody.look("AI corner in every school", "overdue")
    anybody.follow("AI corner in every school")
    anybody.look("Six rooms are chosen.", "minutes.txt", "overdue")

    contact.follow("Reached")
    contact.look()
    contact.press("Save")
    contact.look("Marked as reached.")
    contact.follow("Complete")
    contact.look()
    contact.fill(outcome="Six rooms work.")
    contact.press("Save")
    contact.look("Its outcome is shown.")
    anybody.go(Initiative.objects.get().get_absolute_url())
    anybody.look("What came of it", "Six rooms work.", "Completed")
