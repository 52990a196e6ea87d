"""One's own data, and a child's: read it, take it along, see who looked."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from cluster_portal import hooks
from cluster_portal.personal import readable_rows
from members import actions
from members.consent import deciders_of, guarded_now
from members.models import Person
from members.records import views_of, with_words

PER_PAGE = 50


def whose(request: HttpRequest, public_id: str | None) -> Person:
    """Oneself, or a child for whom one decides; anybody else is 404."""
    if public_id is None:
        return request.user
    children = Person.objects.filter(pk__in=[it.pk for it in guarded_now(request.user)])
    return get_object_or_404(children, public_id=public_id)


@reauthentication_required
def my_data(request: HttpRequest, public_id: str | None = None) -> HttpResponse:
    """What there is about me, on GET; on POST all of it on one page, to read or to print."""
    person = whose(request, public_id)
    if request.method == "POST":
        return sheet_about(request, person, _back(public_id))
    shown = {"person": person, "is_child": public_id is not None, "json": _json_address(public_id)}
    return private(render(request, "members/my_data.html", shown))


@require_POST
@reauthentication_required
def my_data_json(request: HttpRequest, public_id: str | None = None) -> HttpResponse:
    """All of it as a file that other programs can read."""
    return file_about(request, whose(request, public_id))


def sheet_about(request: HttpRequest, person: Person, back: str) -> HttpResponse:
    """Everything about a person on one page; that a copy was taken is noted."""
    actions.record_copy(person, by=request.user)
    shown = {"person": person, "sections": _sections(person), "now": now(), "back": back}
    return private(render(request, "members/my_data_sheet.html", shown))


def file_about(request: HttpRequest, person: Person) -> HttpResponse:
    """The same as a file; that a copy was taken is noted."""
    actions.record_copy(person, by=request.user)
    content = {
        held.app: [{"heading": heading, "rows": rows} for heading, rows in held.export(person)]
        for held in hooks.personal_data.values()
    }
    response = JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response.headers["Content-Disposition"] = content_disposition_header(True, f"{person.public_id}.json")
    return private(response)


def looked_at(request: HttpRequest, public_id: str | None = None) -> HttpResponse:
    """Who looked at a child's record: for the guardians, and for the child from the age at which they decide too."""
    person = whose(request, public_id)
    if public_id is None and not deciders_of(person).themself:
        raise Http404
    page = Paginator(views_of(person), PER_PAGE).get_page(request.GET.get("page"))
    shown = {"person": person, "page": page, "views": with_words(list(page), person), "is_self": public_id is None}
    return render(request, "members/looked_at.html", shown)


def _sections(person: Person) -> list[tuple[Any, list]]:
    tables = [table for held in hooks.personal_data.values() for table in held.tables]
    return [(table.heading, rows) for table in tables if (rows := readable_rows(table, person))]


def _json_address(public_id: str | None) -> str:
    return reverse("members:child_data_json", args=[public_id]) if public_id else reverse("members:my_data_json")


def _back(public_id: str | None) -> str:
    return reverse("members:child_data", args=[public_id]) if public_id else reverse("members:my_data")


def private(response: HttpResponse) -> HttpResponse:
    """Kept by no cache."""
    response.headers["Cache-Control"] = "private, no-store"
    return response
