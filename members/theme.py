"""The cluster's own face: its hue as a style sheet, its emblem and its mark as pictures."""

import hashlib

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from cluster_portal import palette
from cluster_portal.prepared import prepared, together
from members.emblem import draw_emblem, draw_mark
from members.models import Institution, Party

A_YEAR = "public, max-age=31536000, immutable"
LARGEST_HUE = 359
FALLBACK = ("accent", "accent-strong", "on-accent", "mark")


@login_not_required
@require_safe
def theme_css(request):
    """The cluster's hue and everything that derives from it; with ?hue= another one, to look at before choosing."""
    return _cached(request, theme_text(asked_hue(request)), "text/css; charset=utf-8")


@login_not_required
@require_safe
def emblem_svg(request):
    """The emblem of today's members."""
    title = str(request.cluster.name)
    return _cached(request, draw_emblem(members_today(request.cluster), asked_hue(request), title), "image/svg+xml")


@login_not_required
@require_safe
def favicon_svg(request):
    """One mark: the shape of the institution that leads."""
    marks = members_today(request.cluster)
    kind = next((kind for kind, is_lead in marks if is_lead), Institution.Kind.UNIVERSITY)
    return _cached(request, draw_mark(kind, asked_hue(request)), "image/svg+xml")


def asked_hue(request) -> int:
    """The hue that the address asks for, or the cluster's own."""
    asked = request.GET.get("hue", "")
    known = asked.isascii() and asked.isdigit() and len(asked) <= 3 and int(asked) <= LARGEST_HUE
    return int(asked) if known else request.cluster.hue


def theme_text(hue: int) -> str:
    """The style sheet of a cluster: its hue, the tokens, and the accent for browsers that know no OKLCH."""
    accents = "".join(
        f"--{name}:var(--on-light,{palette.colour(name, hue)}) var(--on-dark,{palette.colour(name, hue, dark=True)});"
        for name in FALLBACK
    )
    fallback = f"@layer tokens{{@supports not (color:oklch(50% .1 0)){{:root{{{accents}}}}}}}"
    return f":root{{--hue:{hue}}}\n{palette.TOKENS}{fallback}\n"


def members_today(cluster) -> list[tuple[str, bool]]:
    """Kind and lead of every member, in the order in which they joined: a new one takes the next free spot."""
    today = cluster.today()
    parties, members = together(_parties_on.asked(day=today), _members_on.asked(day=today))
    marks = {}
    for institution, kind, role in parties:
        marks.setdefault(institution, (kind, role == Party.Role.LEAD))
    for institution, kind in members:
        marks.setdefault(institution, (kind, False))
    return list(marks.values())


@prepared
def _parties_on(day):
    rows = Party.objects.binding_on(day, network=True).order_by("signed_on", "agreement_id", "role", "pk")
    return rows.values_list("institution", "institution__kind", "role")


@prepared
def _members_on(day):
    return Institution.objects.members_on(day).order_by("pk").values_list("pk", "kind")


def _cached(request, text: str, content_type: str) -> HttpResponse:
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
    if request.headers.get("If-None-Match", "").removeprefix("W/") == etag:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(text, content_type=content_type)
    response["ETag"] = etag
    response["Cache-Control"] = A_YEAR if "v" in request.GET else "public, max-age=0, must-revalidate"
    return response
