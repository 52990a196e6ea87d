"""Enrolling, and what one does with an enrolment: for oneself, or as a guardian, signed in or by a signed link."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, back_to, outcome, outcome_in, sent
from cluster_portal.links import read_link
from cluster_portal.moves import may_move
from courses import actions
from courses.forms_enrolling import AnswersForm, EnrolForm
from courses.holding import who_has_it
from courses.models import Enrolment
from courses.opened import open_run
from courses.places_words import why_waiting
from courses.views import run
from members.at_hand import have_what_came_along
from members.consent import first_name_and_initial, guarded_now
from members.models import Cluster, Person
from members.views.guardians import opened_by

OFFER_AGE = timedelta(days=60)


def enrol(request: HttpRequest, public_id: str) -> HttpResponse:
    """Enrol myself: at once, or after a short form where something is missing or the run has questions.

    Signing in again comes back to this address by reading it: where nothing is asked, that leads to the run.
    """
    have_what_came_along(request.user)
    it = open_run(request.user, public_id)
    form = EnrolForm(_entered(request), run=it, person=request.user, pool=_pool_asked(request))
    if request.method == "POST" and not form.is_needed:
        _say_enrolled(request, outcome(request, actions.enrol, it, request.user, by=request.user, pool=form.pool))
        return back_to(request, it, run)
    if not form.is_needed:
        return redirect(it)
    if form.is_bound and form.is_valid():
        done = outcome_in(form, None, actions.sign_up, it, request.user, by=request.user, **form.facts())
        if done:
            _say_enrolled(request, done)
            return redirect(it)
    elif request.method == "POST" and not form.is_bound:
        return redirect(f"{reverse('courses:enrol', args=[public_id])}?pool={form.pool}")
    return render(request, "courses/enrol.html", {"it": it, "form": form, "back": it.get_absolute_url()})


def enrol_child(request: HttpRequest, child_id: str, public_id: str) -> HttpResponse:
    """A guardian who is signed in enrols a child."""
    child = _child_of(request, child_id)
    return _enrol_by_guardian(request, child, request.user, public_id, reverse("members:child", args=[child_id]))


@login_not_required
def enrol_by_link(request: HttpRequest, token: str, public_id: str) -> HttpResponse:
    """A guardian who came by the link of a consent enrols the child, without an account."""
    child, reader = opened_by(request, token)
    return _enrol_by_guardian(request, child, reader, public_id, reverse("members:consent", args=[token]))


def _enrol_by_guardian(request: HttpRequest, child: Person, reader: Person, public_id: str, back: str) -> HttpResponse:
    """The page on which a guardian chooses the places, answers the questions and enrols."""
    it = open_run(AnonymousUser(), public_id)
    form = EnrolForm(request.POST or None, run=it, person=child, by_guardian=True)
    if sent(request, form):
        done = outcome_in(form, None, actions.sign_up, it, child, by=reader, **form.facts())
        if done:
            _say_enrolled(request, done, child)
            return redirect(back)
    shown = {"it": it, "form": form, "back": back, "name": first_name_and_initial(child)}
    return render(request, "courses/enrol.html", shown)


def _entered(request: HttpRequest):
    """What the form holds: the button of the run page posts the places only, and leads to the form."""
    return request.POST if request.method == "POST" and "asked" in request.POST else None


def _pool_asked(request: HttpRequest) -> str:
    return (request.POST if request.method == "POST" else request.GET).get("pool", "")


def _say_enrolled(request: HttpRequest, done, child: Person | None = None) -> None:
    if done:
        messages.success(request, said_after_enrolling(done.result, child))


def said_after_enrolling(enrolment: Enrolment, child: Person | None = None) -> str:
    """What the person has now: a place, a place that is held, or a place in the queue."""
    facts = {"name": child.given_name or child.full_name if child else "", "place": enrolment.place_in_queue()}
    if enrolment.state == Enrolment.State.CONFIRMED:
        said = _("%(name)s is in. A mail with the dates is on its way.")
        return said % facts if child else _("You are in. A mail with the dates for your calendar is on its way.")
    if enrolment.state == Enrolment.State.HELD:
        said = _("A place is held for %(name)s. This page says what is still missing.")
        return said % facts if child else _("A place is held for you. This page says what is missing and who has it.")
    if why := why_waiting(enrolment, Cluster.current().today()):
        said = _("%(name)s is number %(place)s in the queue.") if child else _("You are number %(place)s in the queue.")
        return f"{why} {said % facts}"
    said = _("All places are taken. %(name)s is number %(place)s in the queue; a mail comes when a place is free.")
    if not child:
        said = _("All places are taken. You are number %(place)s in the queue, and get a mail when a place is yours.")
    return said % facts


@require_POST
def act_on_enrolment(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make one move with an enrolment of mine, or of a child of mine: take the offered place, decline it, leave."""
    it = enrolment_of(request, public_id)
    act(request, it, actions.ACTIONS["enrolment"])
    return back_to(request, it.run, run) if it.person == request.user else redirect(page_of(it))


@login_not_required
@require_POST
def act_by_link(request: HttpRequest, token: str, public_id: str) -> HttpResponse:
    """The same by the link of a consent, without an account."""
    it, reader = childs_enrolment(request, token, public_id)
    act(request, it, actions.ACTIONS["enrolment"], by=reader)
    return redirect("members:consent", token)


def answers(request: HttpRequest, public_id: str) -> HttpResponse:
    """What a run asks about me or a child of mine, to be answered or corrected."""
    it = enrolment_of(request, public_id)
    return _answers(request, it, request.user, way_back(request, it))


@login_not_required
def answers_by_link(request: HttpRequest, token: str, public_id: str) -> HttpResponse:
    """The same by the link of a consent, without an account."""
    it, reader = childs_enrolment(request, token, public_id)
    return _answers(request, it, reader, reverse("members:consent", args=[token]))


def _answers(request: HttpRequest, it: Enrolment, by: Person, back: str) -> HttpResponse:
    questions = list(it.run.questions.all())
    if not it.is_live or not questions:
        raise Http404
    form = AnswersForm(request.POST or None, questions=questions, said=dict(it.answers.values_list("question", "text")))
    if sent(request, form) and outcome_in(form, None, actions.change_answers, it, by=by, answers=form.answers()):
        messages.success(request, _("Your answers are saved."))
        return redirect(back)
    return render(request, "courses/answers.html", {"it": it, "form": form, "back": back})


def enrolment_of(request: HttpRequest, public_id: str) -> Enrolment:
    """An enrolment of the person or of a child they guard: 404 for any other."""
    people = [request.user.pk, *(child.pk for child in guarded_now(request.user))]
    return get_object_or_404(_with_run(Enrolment.objects.filter(person__in=people)), public_id=public_id)


def childs_enrolment(request: HttpRequest, token: str, public_id: str) -> tuple[Enrolment, Person]:
    """An enrolment of the child of a consent's link that was opened here, and its reader: 404 for any other."""
    child, reader = opened_by(request, token)
    return get_object_or_404(_with_run(child.enrolments), public_id=public_id), reader


def _with_run(rows):
    return rows.select_related("run__course", "run__host", "person", "pool")


def _child_of(request: HttpRequest, public_id: str) -> Person:
    keys = [child.pk for child in guarded_now(request.user)]
    return get_object_or_404(Person.objects.filter(pk__in=keys), public_id=public_id)


def way_back(request: HttpRequest, it: Enrolment) -> str:
    """Where somebody who is signed in came from: the run, or the page of the child."""
    return it.run.get_absolute_url() if it.person == request.user else page_of(it)


def page_of(it: Enrolment) -> str:
    return reverse("members:child", args=[it.person.public_id])


@login_not_required
def offer(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link of an offered place: shows on GET, decides on POST, needs no sign-in."""
    it, reader = enrolment_by_link("courses.offer", token, OFFER_AGE, partial(may_move, name="accept"))
    if it is None or reader is None:
        return render(request, "courses/offer_bad.html", status=404)
    if request.method == "POST":
        _answer_offer(request, it, reader)
        return redirect(request.path)
    missing = who_has_it([it], reader).get(it.pk, [])
    shown = {"it": it, "for_child": reader != it.person, "missing": missing, "now": now()}
    return render(request, "courses/offer.html", shown)


def enrolment_by_link(
    purpose: str, token: str, max_age: timedelta, may: Callable[[Person, Enrolment], bool]
) -> tuple[Enrolment | None, Person | None]:
    """The enrolment that a token is about, and to whom it was mailed: nobody, when they act for the person no more."""
    enrolment, _dot, reader = (read_link(purpose, token, max_age) or "").partition(".")
    rows = Enrolment.objects.select_related("run__course", "run__host", "person", "pool")
    it, by = rows.filter(public_id=enrolment).first(), Person.objects.filter(public_id=reader).first()
    may_both = it and by and it.person.is_active and by.is_active and may(by, it)
    return (it, by) if may_both else (None, None)


def _answer_offer(request: HttpRequest, it: Enrolment, reader: Person) -> None:
    answer = {"accept": actions.accept_offer, "decline": actions.decline_offer}.get(request.POST.get("answer", ""))
    if answer is None:
        raise Http404
    outcome(request, answer, it, by=reader)
