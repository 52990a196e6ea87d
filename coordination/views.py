from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now

from cluster_portal.moves import available_moves
from cluster_portal.search import LONGEST_QUERY, found
from competitions.models import Competition, Entry, Juror
from competitions.shelves import contests_open_at, found_plans, newest_plans
from coordination.cookies import cookies
from coordination.examples.people import DEMO_PEOPLE, PASSWORD
from courses.attendance import taught_on_day_of
from courses.feedback import OPEN_FOR
from courses.holding import who_has_it
from courses.models import ClassBooking, Course, Enrolment, FinalWork, Pathway, Run, Session
from courses.pathway_parts import begun_by
from members.access import has_second_factor, must_confirm_device
from members.actions import note_children
from members.emblem import draw_emblem
from members.models import AgePolicy, Institution, Party, Person
from members.retention import periods
from members.words import by_kind
from mentorship.models import Mentor
from mentorship.readers import own_pairings
from mentorship.shown_elsewhere import found_mentors, found_requests, waiting_for

MOST_FOUND = 10
RUNS_AT_HOME = 6
WEEKS_AHEAD = 8


@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """What the cluster is, who is in it, what is coming up, how to join."""
    today = request.cluster.today()
    institutions = list(Institution.objects.members_on(today).order_by("kind", "name"))
    leads = set(Party.objects.binding_on(today, network=True).leads().values_list("institution_id", flat=True))
    coming = Run.objects.published().not_over(now()).for_lists().order_by("first_start", "pk")[:RUNS_AT_HOME]
    shown = {
        "institutions": institutions,
        "kinds": by_kind(institutions),
        "emblem": draw_emblem(
            [(it.kind, it.pk in leads) for it in institutions], request.cluster.hue, request.cluster.name, inline=True
        ),
        "coming": coming,
        "contests": contests_open_at(now()),
        "plans": newest_plans(),
        "mentor_count": Mentor.objects.taking().count(),
        "now": now(),
        "demo_people": list(DEMO_PEOPLE) if settings.DEMO else [],
        "demo_password": PASSWORD,
    }
    return render(request, "coordination/home.html", shown)


@login_not_required
def search(request: HttpRequest) -> HttpResponse:
    """Find courses, competitions, lesson plans, pathways, institutions; for those concerned, mentors and people."""
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    shown = {"query": query}
    if query:
        shown["courses"] = found(Course.objects.visible_to(request.user), query)[:MOST_FOUND]
        shown["competitions"] = found(Competition.objects.public(), query)[:MOST_FOUND]
        shown["plans"] = found_plans(query)
        shown["pathways"] = found(Pathway.objects.public(), query)[:MOST_FOUND]
        shown["institutions"] = found(Institution.objects.with_standing(request.cluster.today()), query)[:MOST_FOUND]
        if request.user.is_authenticated:
            shown["mentor_requests"] = found_requests(request.user, query)
            shown["mentors"] = found_mentors(request.user, query)
        if request.user.is_authenticated and has_second_factor(request.user) and not must_confirm_device(request):
            shown["people"] = list(found(Person.objects.findable_by(request.user), query)[:MOST_FOUND])
            note_children([it.pk for it in shown["people"]], request.user, "search")
    return render(request, "coordination/search.html", shown)


def me(request: HttpRequest) -> HttpResponse:
    """What I have: where I belong, what I take part in, what comes next, what waits for me."""
    person = request.user
    enrolments = list(person.enrolments.for_own_page())
    live = [it for it in enrolments if it.is_live and it.run.is_live]
    affiliations = list(person.affiliations.live().select_related("institution", "replaces__institution"))
    for it in affiliations:
        it.moves = available_moves(person, it)
    shown = {
        "affiliations": affiliations,
        "offers": [it for it in live if it.state == Enrolment.State.OFFERED],
        "held": _held(live, person),
        "returned": FinalWork.objects.to_revise(person),
        "live": live,
        "past": [it for it in enrolments if it not in live][:20],
        "coming": list(Session.objects.ahead_for(person, now())[:5]),
        "bookings": list(ClassBooking.objects.brought_by(person).ahead(now()).for_lists()[:20]),
        "pathways": begun_by(person),
        "today": taught_on_day_of(person, now()),
        "works": FinalWork.objects.read_by(person).to_read().count() if person.instructs.exists() else 0,
        "juries": list(Juror.objects.for_own_page(person)),
        "entries": list(Entry.objects.for_own_page(person)[:20]),
        "pairings": own_pairings(person),
        "mentoring": waiting_for(person),
        "instructs": person.instructs.public().not_over(now() - OPEN_FOR).for_lists(),  # recordings, feedback
        "now": now(),
    }
    return render(request, "coordination/me.html", shown)


def _held(enrolments: list[Enrolment], person: Person) -> list[tuple[Enrolment, str]]:
    """The places held for a person, each with what is missing and who has it."""
    for it in enrolments:
        it.person = person
    missing = who_has_it(enrolments, person)
    return [(it, " ".join(missing[it.pk])) for it in enrolments if it.pk in missing]


@login_not_required
def privacy(request: HttpRequest) -> HttpResponse:
    """What we keep about people, why and how long, and whom to ask."""
    shown = {"periods": periods(), "policy": AgePolicy.current(), "cookies": cookies()}
    return render(request, "coordination/privacy.html", shown)


@login_not_required
def accessibility(request: HttpRequest) -> HttpResponse:
    """How far everybody can use these pages, and whom to tell about a barrier."""
    return render(request, "coordination/accessibility.html")
