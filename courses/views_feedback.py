"""Feedback: those who took part give it, by a mailed link or signed in; those who lead the run read the results."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import outcome_in, sent, tried
from cluster_portal.sheets import XLSX, file_response
from courses import actions
from courses.actions.feedback import mails_to_ask
from courses.exports import feedback_workbook
from courses.feedback import FEWEST, OPEN_FOR, asks_in_vain, results_of, why_no_feedback, why_not_asked
from courses.forms_feedback import FeedbackForm
from courses.models import Enrolment
from courses.rules import guards_the_enrolled_child, is_the_enrolled_person
from courses.views_attendance import led_run
from courses.views_enrolling import childs_enrolment, enrolment_by_link, enrolment_of, way_back
from members.access import for_class_keepers
from members.consent import first_name_and_initial
from members.models import Person

LINK_AGE = OPEN_FOR + timedelta(days=7)


def feedback(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say how it was for me, or for a child of mine."""
    it = enrolment_of(request, public_id)
    return _give(request, it, request.user, way_back(request, it))


@login_not_required
def feedback_by_consent_link(request: HttpRequest, token: str, public_id: str) -> HttpResponse:
    """A guardian who came by the link of a consent says it for the child."""
    it, reader = childs_enrolment(request, token, public_id)
    return _give(request, it, reader, reverse("members:consent", args=[token]))


@login_not_required
def feedback_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link: shows on GET, keeps the answers on POST, needs no sign-in."""
    it, reader = enrolment_by_link("courses.feedback", token, LINK_AGE, _speaks)
    if it is None or reader is None:
        return render(request, "courses/offer_bad.html", status=404)
    return _give(request, it, reader, it.run.get_absolute_url())


def _speaks(person: Person, it: Enrolment) -> bool:
    """Whether somebody says how it was: who took part, or a guardian."""
    return is_the_enrolled_person(person, it) or guards_the_enrolled_child(person, it)


def _give(request: HttpRequest, it: Enrolment, by: Person, back: str) -> HttpResponse:
    """The form while it is awaited; afterwards, or before its time, the sentence that says why there is none."""
    why = why_no_feedback(it, now())
    form = FeedbackForm(request.POST or None, questions=[] if why else list(it.run.feedback_questions.all()))
    action, answers = actions.give_feedback, form.answers() if not why and sent(request, form) else None
    if answers is not None and outcome_in(form, None, action, it, by=by, answers=answers):
        return redirect(request.path)
    shown = {"it": it, "form": form, "why": why, "back": back, "fewest": FEWEST}
    shown["name"] = "" if by == it.person else first_name_and_initial(it.person)
    return render(request, "courses/feedback.html", shown)


@for_class_keepers
def results(request: HttpRequest, public_id: str) -> HttpResponse:
    """What those who took part say of a run that I lead: nothing of fewer than five."""
    it = led_run(request, public_id)
    shown = {"it": it, "results": results_of(it), "fewest": FEWEST, "why_not": why_not_asked(it, now())}
    shown["mails"] = 0 if shown["why_not"] else mails_to_ask(it)
    shown["in_vain"] = not shown["why_not"] and asks_in_vain(it)
    shown["may_edit"] = request.user.has_perm("courses.change_run", it)
    return render(request, "courses/feedback_results.html", shown)


@for_class_keepers
def results_xlsx(request: HttpRequest, public_id: str) -> HttpResponse:
    """The same as a spreadsheet; there is none while there is nothing to show."""
    it = led_run(request, public_id)
    found = results_of(it)
    if not found.shown:
        raise Http404
    return file_response(feedback_workbook(found), XLSX, f"feedback-{it.public_id}.xlsx")


@for_class_keepers
@require_POST
def ask_now(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask those who were not asked, because the questions came after the end; the page has said how many they are."""
    it = led_run(request, public_id)
    if done := tried(request, actions.ask_for_feedback, it):
        said = ngettext("%(count)s mail is on its way.", "%(count)s mails are on their way.", done.result)
        messages.success(request, said % {"count": done.result})
    return redirect("courses:feedback_results", public_id)
