"""Every component in every state, under DEMO only: what a designer looks at and what axe checks."""

from datetime import UTC, datetime
from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cluster_portal.models import LongWork
from cluster_portal.tones import SHAPES
from members.emblem import draw_emblem
from members.models import Institution

Kind = Institution.Kind
PETROGRADSKY = [
    (Kind.UNIVERSITY, True),
    (Kind.METHODOLOGY_CENTRE, False),
    *[(Kind.SCHOOL, False)] * 7,
    *[(Kind.KINDERGARTEN, False)] * 4,
]
PLACES = [
    {"places": 30, "taken": 0},
    {"places": 30, "taken": 26, "offered": 2, "yours": True},
    {"places": 30, "taken": 26, "held": 12},
    {"places": 12, "taken": 12, "waiting": 6},
    {"places": 60, "taken": 31, "offered": 4, "yours": True},
    {"places": 400, "taken": 173, "offered": 20, "held": 30},
]


class SampleForm(forms.Form):
    """One field of each sort."""

    title = forms.CharField(label="Title", help_text="As it should stand in the programme.", max_length=80)
    about = forms.CharField(label="About", widget=forms.Textarea(attrs={"rows": 4}), required=False)
    day = forms.DateField(label="First day", widget=forms.DateInput(attrs={"type": "date"}))
    places = forms.IntegerField(label="Places", min_value=1)
    where = forms.ChoiceField(label="Where", choices=[("room", "In the room"), ("online", "Online")])
    roles = forms.MultipleChoiceField(
        label="For", choices=[("t", "Teachers"), ("s", "Staff")], widget=forms.CheckboxSelectMultiple, required=False
    )
    how = forms.ChoiceField(label="How", choices=[("y", "In person"), ("o", "Online")], widget=forms.RadioSelect)
    sure = forms.BooleanField(label="I have read the agreement")


class SampleFilter(forms.Form):
    """A list's filter."""

    q = forms.CharField(label="Name", required=False)
    kind = forms.ChoiceField(label="Kind", choices=[("", "All kinds"), *Kind.choices], required=False)


@login_not_required
@require_safe
def styleguide(request):
    """Show every component in every state."""
    if not settings.DEMO:
        raise Http404
    return render(request, "coordination/styleguide.html", samples(request.cluster))


def samples(cluster) -> dict:
    """What the style guide draws."""
    return {
        "tones": SHAPES,
        "emblems": [draw_emblem(marks, cluster.hue, inline=True) for marks in _memberships()],
        "kinds": [(kind.label, draw_emblem([(kind, False)], cluster.hue, kind.label, inline=True)) for kind in Kind],
        "places": PLACES,
        "chain": _chain(),
        "broken_chain": _broken_chain(),
        "form": SampleForm(),
        "wrong_form": SampleForm({"title": "", "places": "0", "day": "", "where": "room"}),
        "filter": SampleFilter(),
        "page": Paginator(range(240), 20).page(3),
        "moves": {"accept": _("Take the place"), "decline": _("Decline")},
        "facts": [("Kind", "School"), ("Member since", "12 February 2026"), ("Website", "")],
        "entries": _entries(),
        "trail": [("/", "Home"), ("/courses/", "Programme")],
        "runs": _runs(),
        "work": LongWork(done=1200, total=20_000),
    }


def _memberships() -> list[list[tuple[str, bool]]]:
    everybody = [(kind, False) for kind in Kind]
    return [PETROGRADSKY, [*PETROGRADSKY, (Kind.SCHOOL, False)], PETROGRADSKY[:4], everybody * 2, everybody * 12, []]


def _link(title: str, text: str, status: str, url: str = "") -> dict:
    return {"title": title, "text": text, "status": status, "url": url}


def _chain() -> list[dict]:
    return [
        _link("Network agreement, § 3.2", "Two teachers of each school a term", "done", "/agreements/"),
        _link("Teacher at School 5", "since September 2024", "done", "/me/"),
        _link("Place 25 of 30", "enrolled on 12 February", "done"),
        _link("16 sessions", "9 attended so far", "next"),
        _link("Certificate", "after 12 attended sessions", "open"),
    ]


def _broken_chain() -> list[dict]:
    helps = "Ask its head to sign the addendum, or choose another institution of yours."
    return [
        _link("School 9 is not a member since 1 September", helps, "broken", "/members/"),
        _link("Teacher at School 9", "", "done"),
        _link("Enrolment", "", "open"),
    ]


def _entries() -> list[SimpleNamespace]:
    at = datetime(2026, 2, 21, 9, 30, tzinfo=UTC)
    return [
        SimpleNamespace(at=at, text="Place offered to the first in the queue", by="the portal"),
        SimpleNamespace(at=at, text="Enrolment confirmed", by="Anna Petrova"),
    ]


def _run(title: str, starts: str, places: int, taken: int, waiting: int, word: str, tone: str) -> dict:
    return {
        "title": title,
        "starts": starts,
        "places": places,
        "taken": taken,
        "waiting": waiting,
        "word": word,
        "tone": tone,
    }


def _runs() -> list[dict]:
    return [
        _run("AI Tools in Teaching", "3 March", 30, 26, 0, "Open", "good"),
        _run("AI foundations, School 3", "14 March", 24, 24, 6, "Full", "attention"),
        _run("Ethics round table", "20 March", 240, 30, 0, "Far below a third", "bad"),
    ]
