"""A teacher in a browser that the portal does not know: the code from the mail, the class, and the list of devices."""

import re

import pytest
from django.core import mail as locmem

from cluster_portal.delivery import deliver_due_mail

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def code_in_the_mail():
    deliver_due_mail()
    mail = next(it for it in reversed(locmem.outbox) if it.to == ["teacher@example.org"])
    return re.search(r"^\d{6}$", mail.body, re.MULTILINE)[0]


def test_a_teacher_confirms_a_new_browser_and_forgets_it(visit, settings):
    teacher = visit("teacher", width=390)
    settings.DEMO = False  # a demonstration asks for no code
    teacher.go("/classes/")
    teacher.look("Confirm this device")
    teacher.press("Mail me a code")
    teacher.look("A code is on its way to teacher@example.org.")
    teacher.fill(code="000 00")
    teacher.press("Confirm this device")
    teacher.look("The code has six digits.")
    teacher.fill(code=code_in_the_mail())
    teacher.press("Confirm this device")
    teacher.look("This device is confirmed.", "A class list is kept once")
    teacher.go("/me/devices/")
    teacher.look("Chrome, Linux", "This device")
    teacher.press("Forget all")
    teacher.look("No device is confirmed")
    teacher.go("/classes/")
    teacher.sees("Mail me a code")
