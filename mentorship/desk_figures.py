"""The desk of mentorship in numbers: an overview of what waits, institutions, whoever is not reached; a spreadsheet."""

from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now

from cluster_portal.sheets import XLSX, as_workbook, file_response
from members.access import coordinators_only
from members.models import Person
from mentorship import figures_words as words
from mentorship.desk_mentors import trail_begin
from mentorship.desk_rows import rows_of
from mentorship.figures import (
    ages_of,
    answers_to,
    institutions_of,
    load_of,
    outcomes_of,
    pairs_of,
    teachers_never_served,
)
from mentorship.forms_figures import InstitutionsFilter, PeriodFilter
from mentorship.models import Mentor, MentorRequest, Terms

PER_PAGE = 50
YEAR = timedelta(days=365)


@coordinators_only
def overview(request: HttpRequest) -> HttpResponse:
    """What waits for this coordinator in mentorship, the ways to its pages, and how it goes in numbers."""
    person, narrow = request.user, PeriodFilter(request.GET)
    since = _since(narrow, request.cluster.today())
    load = load_of(person)
    shown = {
        "rows": list(rows_of(person)),
        "terms": Terms.current(),
        "narrow": narrow,
        "load": load,
        "load_table": words.load_table(load),
        "ages": words.ages_table(ages_of(person, now())),
        "period_tables": _of_period(person, since),
        "unreached": _unreached(person, request.cluster.today()),
        "period": request.GET.urlencode(),
    }
    return render(request, "mentorship/desk_mentorship.html", shown)


def _of_period(person: Person, since: date | None) -> list[words.Table]:
    """How long it took, how the pairings go, what students reached."""
    return [
        words.times_table(*answers_to(person, now(), since)),
        words.pairs_table(pairs_of(person, since)),
        words.outcomes_table(outcomes_of(person, since)),
    ]


def _unreached(person: Person, today: date) -> dict[str, int]:
    rows = list(institutions_of(person, today).order_by().values_list("asked", "served"))
    return {
        "never_asked": sum(not asked for asked, _served in rows),
        "never_served": sum(asked > 0 and not served for asked, served in rows),
        "teachers": teachers_never_served(person).count(),
    }


@coordinators_only
def institutions(request: HttpRequest) -> HttpResponse:
    """What each institution asked for, and what came of it; those that never asked, or never had a mentor."""
    narrow = InstitutionsFilter(request.GET)
    rows = narrow.narrowed(institutions_of(request.user, request.cluster.today()))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    for it in page:
        it.students = words.students_in_words(it.student_count)
    shown = {"page": page, "narrow": narrow, "trail": [trail_begin()]}
    return render(request, "mentorship/desk_institutions.html", shown)


@coordinators_only
def unserved(request: HttpRequest) -> HttpResponse:
    """Teachers who asked and never had a mentor, whoever has waited longest first."""
    own = MentorRequest.objects.around(request.user).for_lists().order_by("-asked_at", "-pk")
    rows = teachers_never_served(request.user).prefetch_related(Prefetch("mentor_requests", own, to_attr="requests"))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "mentorship/desk_unserved.html", {"page": page, "trail": [trail_begin()]})


@coordinators_only
def figures_xlsx(request: HttpRequest) -> HttpResponse:
    """The figures as a spreadsheet; no teacher is named in it, nor how few students there are."""
    person, today = request.user, request.cluster.today()
    since = _since(PeriodFilter(request.GET), today)
    mentors = Mentor.objects.around(person).admitted().with_people().with_loads().order_by("person__sort_name", "pk")
    tables = [
        words.ages_table(ages_of(person, now())),
        *_of_period(person, since),
        words.mentors_table(mentors),
        words.institutions_table(institutions_of(person, today)),
    ]
    return file_response(as_workbook(it.sheet for it in tables), XLSX, f"mentorship-{today.isoformat()}.xlsx")


def _since(narrow: PeriodFilter, today: date) -> date | None:
    wanted: dict[str, Any] = narrow.cleaned_data if narrow.is_valid() else {}
    return None if wanted.get("period") == "all" else today - YEAR
