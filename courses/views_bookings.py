"""A teacher brings a class: choose the list, see who fits, hold the places, follow the consents, shrink, release."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, tried
from cluster_portal.moves import available_moves
from cluster_portal.pdf import pdf_response
from cluster_portal.public_id import is_public_id
from courses import actions
from courses.bringing import free_places, others_with_room, right_of_class, students_of
from courses.models import ClassBooking, Enrolment, Run
from courses.opened import open_run
from members import actions as members
from members.access import for_class_keepers
from members.consent import conceal_names, name_shown_to
from members.consent_slips import slips_pdf
from members.errand import begin_errand, end_errand
from members.forms import ImportForm
from members.imports.scope import kinds_for
from members.models import Group, Import, Institution, Person, Purpose
from members.traffic_lights import lights_of

PER_PAGE = 50


@for_class_keepers
def bring(request: HttpRequest, public_id: str) -> HttpResponse:
    """Choose the class that I bring to a run, or make its list first."""
    it = _run_of(request, public_id)
    classes = Group.objects.current().visible_to(request.user).for_lists()
    page = Paginator(classes, PER_PAGE).get_page(request.GET.get("page"))
    booked = {booking.group_id: booking for booking in it.bookings.live().filter(group__in=[one.pk for one in page])}
    for one in page:
        one.booking = booked.get(one.pk)
    begin_errand(request, reverse("courses:bring", args=[public_id]), _("Bring the class to: %(run)s") % {"run": it})
    form = None
    if Import.Kind.CLASSES in kinds_for(request.user):
        form = ImportForm(by=request.user, initial={"kind": Import.Kind.CLASSES})
    may_begin = Institution.objects.with_classes_of(request.user).exists()
    return render(request, "courses/class_choose.html", {"run": it, "page": page, "form": form, "may_begin": may_begin})


@for_class_keepers
def bring_class(request: HttpRequest, public_id: str, group_id: str) -> HttpResponse:
    """Who of a class fits a run, how many places are free for them; a press holds the places of those chosen."""
    it = _run_of(request, public_id)
    groups = Group.objects.current().visible_to(request.user).select_related("institution")
    group = get_object_or_404(groups, public_id=group_id)
    booking = it.bookings.live().filter(group=group).first()
    chosen, asked = _public_ids(request), request.method == "POST"
    if asked and (held := _hold(request, it, group, booking, chosen)):
        end_errand(request)
        messages.success(request, _said_of(held.result, len(chosen)))
        return redirect(held.result)
    students = students_of(it, group)
    members.note_views([one.person.pk for one in students], request.user, "class")
    if not asked:
        chosen = [one.person.public_id for one in students if one.fits]
    shown = {
        "run": it,
        "group": group,
        "booking": booking,
        "fitting": [one for one in students if one.fits],
        "others": [one for one in students if not one.fits],
        "chosen": chosen,
        "unguarded": sum(one.unguarded for one in students if one.fits),
        **_room(it, group, booking, len(chosen)),
    }
    return render(request, "courses/class_pick.html", shown | {"pool": request.POST.get("pool", "")})


def _public_ids(request: HttpRequest, name: str = "students") -> list[str]:
    """Which ones were sent under a name: what cannot be a public id counts as nobody."""
    return [it for it in request.POST.getlist(name) if is_public_id(it)]


def _room(it: Run, group: Group, booking: ClassBooking | None, wanted: int) -> dict:
    """The places that are free for a class, and where else there is room when these are too few."""
    right = right_of_class(it, group)
    pools = [booking.pool] if booking else list(it.pools.all())
    for pool in pools:
        pool.run = it
        pool.free_here = 0 if right.missing else free_places(pool, group, right)
    short = bool(wanted and not right.missing and max((pool.free_here for pool in pools), default=0) < wanted)
    elsewhere = others_with_room(it, group, wanted) if short and not booking else []
    return {"why_not": right.missing, "pools": pools, "short": short, "elsewhere": elsewhere}


def _hold(request: HttpRequest, it: Run, group: Group, booking: ClassBooking | None, chosen: list[str]):
    """Hold the places of the chosen: a new booking, or more in the one there is."""
    memberships = group.memberships.now().filter(person__public_id__in=chosen)
    people = list(Person.objects.filter(pk__in=memberships.values("person")).order_by("pk"))
    if booking:
        return tried(request, actions.add_to_booking, booking, people)
    return tried(request, actions.book_class, it, group, people, pool=request.POST.get("pool", ""))


def _said_of(booking: ClassBooking, count: int) -> str:
    """How many places are held now, and what comes next."""
    said = ngettext("%(count)s place held.", "%(count)s places held.", count) % {"count": count}
    if booking.state == ClassBooking.State.SETTLED:
        return said + " " + _("All of them are certain: nothing is missing.")
    return (
        said + " " + _("Whoever decides about consent and has an e-mail is asked by mail. Print slips for the others.")
    )


@for_class_keepers
def bookings(request: HttpRequest) -> HttpResponse:
    """The classes that are brought to runs, of the classes that I keep."""
    rows = ClassBooking.objects.kept_by(request.user).for_lists().order_by("-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "courses/bookings.html", {"page": page})


@for_class_keepers
def booking(request: HttpRequest, public_id: str) -> HttpResponse:
    """One booking: a light for each student, who is missing, and what can be done about it."""
    it = _booking_of(request, public_id)
    enrolments = list(it.enrolments.select_related("person").order_by("person__sort_name", "pk"))
    live = [one for one in enrolments if one.is_live]
    lines = _lines(live)
    members.note_views([one.person_id for one in live], request.user, "class consent")
    waiting = _waited_for(it)
    keeps = it.is_kept_by(request.user)
    shown = {
        "it": it,
        "lines": lines,
        "sure": sum(one.state == Enrolment.State.CONFIRMED for one in live),
        "gone": _gone(enrolments, {one.person_id for one in live}),
        "waiting": waiting,
        "reminded": len(members.reminders_for(waiting)) if keeps else 0,
        "keeps": keeps,
        "moves": available_moves(request.user, it),
    }
    if not keeps:
        conceal_names((one.person for one in enrolments), request.user)
    return render(request, "courses/booking.html", shown)


def _lines(live: list[Enrolment]) -> list[dict]:
    """A line for each student with a place: those with something missing first."""
    rows, _purposes = lights_of([one.person for one in live], [Purpose.TAKING_PART])
    lights = {row["child"].pk: row for row in rows}
    lines = [{"enrolment": one, **lights[one.person_id]} for one in live]
    return sorted(lines, key=lambda line: line["enrolment"].state != Enrolment.State.HELD)


def _gone(enrolments: list[Enrolment], live: set[int]) -> list[Enrolment]:
    """Who has no place any more: of each student the last attempt."""
    last = {one.person_id: one for one in sorted(enrolments, key=lambda one: one.pk) if one.person_id not in live}
    return sorted(last.values(), key=lambda one: one.person.sort_name)


@for_class_keepers
@require_POST
def remind(request: HttpRequest, public_id: str) -> HttpResponse:
    """Remind exactly those whose answer is missing for the held places."""
    it = _kept_booking(request, public_id)
    if reminded := tried(request, members.remind_guardians, _waited_for(it)):
        said = ngettext("%(count)s person is reminded.", "%(count)s people are reminded.", reminded.result)
        messages.success(request, said % {"count": reminded.result})
    return redirect(it)


@for_class_keepers
def slips(request: HttpRequest, public_id: str) -> HttpResponse:
    """The slips of exactly those whose consent is missing."""
    it = _kept_booking(request, public_id)
    waiting = _waited_for(it)
    members.note_views([one.pk for one in waiting], request.user, "slips")
    return pdf_response(slips_pdf(it.group, waiting, asked_by=request.user), f"consent-{it.public_id}.pdf")


@for_class_keepers
@require_POST
def take_out(request: HttpRequest, public_id: str) -> HttpResponse:
    """One student does not come: their place is free again, all others stay."""
    it = _booking_of(request, public_id)
    student = next(iter(_public_ids(request, "student")), "")
    enrolment = get_object_or_404(it.enrolments.select_related("person"), public_id=student)
    enrolment.run, enrolment.booking = it.run, it
    if not request.user.has_perm("courses.cancel_enrolment", enrolment):
        raise PermissionDenied
    if tried(request, actions.cancel_enrolment, enrolment):
        said = _("%(name)s does not come. The place is free again, all others stay.")
        messages.success(request, said % {"name": name_shown_to(request.user, enrolment.person)})
    return redirect(it)


@for_class_keepers
@require_POST
def act_on_booking(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give all places back, after a look at how many students that concerns."""
    it = _booking_of(request, public_id)
    if request.POST.get("confirmed") != "yes" and "release" in available_moves(request.user, it):
        return render(request, "courses/booking_release.html", {"it": it, "count": it.enrolments.live().count()})
    act(request, it, actions.ACTIONS["classbooking"])
    return redirect(it)


def _waited_for(it: ClassBooking) -> list[Person]:
    """The students whose place is held and whose consent is open."""
    held = [one.person for one in it.enrolments.held().select_related("person").order_by("person__sort_name", "pk")]
    rows, _purposes = lights_of(held, [Purpose.TAKING_PART])
    return [row["child"] for row in rows if row["open"]]


def _run_of(request: HttpRequest, public_id: str) -> Run:
    return open_run(request.user, public_id)


def _booking_of(request: HttpRequest, public_id: str) -> ClassBooking:
    rows = ClassBooking.objects.visible_to(request.user).select_related(
        "run__course", "run__host", "group__institution", "pool", "by"
    )
    return get_object_or_404(rows, public_id=public_id)


def _kept_booking(request: HttpRequest, public_id: str) -> ClassBooking:
    """A booking of a class that one keeps: whoever only coordinates the run reminds nobody's guardians."""
    it = _booking_of(request, public_id)
    if not it.is_kept_by(request.user):
        raise PermissionDenied
    return it
