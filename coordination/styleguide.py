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

from cluster_portal.tones import SHAPES
from members.emblem import draw_emblem
from members.models import Institution

Kind = Institution.Kind
PETROGRADSKY = [(Kind.UNIVERSITY, True), (Kind.METHODOLOGY_CENTRE, False)] + [(Kind.SCHOOL, False)] * 7 + [(Kind.KINDERGARTEN, False)] * 4


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
        "places": [(30, 0, 0, 0, False), (30, 26, 2, 0, True), (12, 12, 0, 6, False), (60, 31, 4, 0, True), (400, 173, 20, 0, False)],
        "chain": _chain(),
        "broken_chain": _broken_chain(),
        "form": SampleForm(),
        "wrong_form": SampleForm({"title": "", "places": "0", "day": "yesterday", "where": "room"}),
        "filter": SampleFilter(),
        "page": Paginator(range(240), 20).page(3),
        "moves": {"accept": _("Take the place"), "decline": _("Decline")},
        "facts": [("Kind", "School"), ("Member since", "12 February 2026"), ("Website", "")],
        "entries": _entries(),
        "trail": [("/", "Home"), ("/courses/", "Programme")],
        "runs": _runs(),
    }


def _memberships() -> list[list[tuple[str, bool]]]:
    everybody = [(kind, False) for kind in Kind]
    return [PETROGRADSKY, [*PETROGRADSKY, (Kind.SCHOOL, False)], PETROGRADSKY[:4], everybody * 2, everybody * 12, []]


def _chain() -> list[dict]:
    return [
        {"title": "Network agreement, § 3.2", "text": "Two teachers of each school a term", "url": "/agreements/", "status": "done"},
        {"title": "Teacher at School 5", "text": "since September 2024", "url": "/me/", "status": "done"},
        {"title": "Place 25 of 30", "text": "enrolled on 12 February", "url": "", "status": "done"},
        {"title": "16 sessions", "text": "9 attended so far", "url": "", "status": "open"},
        {"title": "Certificate", "text": "after 12 attended sessions", "url": "", "status": "next"},
    ]


def _broken_chain() -> list[dict]:
    return [
        {"title": "School 9 is not a member since 1 September", "text": "Ask its head to sign the addendum, or choose another institution of yours.", "url": "/members/", "status": "broken"},
        {"title": "Teacher at School 9", "text": "", "url": "", "status": "done"},
        {"title": "Enrolment", "text": "", "url": "", "status": "next"},
    ]


def _entries() -> list[SimpleNamespace]:
    at = datetime(2026, 2, 21, 9, 30, tzinfo=UTC)
    return [
        SimpleNamespace(at=at, text="Place offered to the first in the queue", by="the portal"),
        SimpleNamespace(at=at, text="Enrolment confirmed", by="Anna Petrova"),
    ]


def _runs() -> list[dict]:
    return [
        {"title": "AI Tools in Teaching", "starts": "3 March", "places": 30, "taken": 26, "offered": 2, "waiting": 0, "word": "Open", "tone": "good"},
        {"title": "AI foundations, School 3", "starts": "14 March", "places": 24, "taken": 24, "offered": 0, "waiting": 6, "word": "Full", "tone": "attention"},
        {"title": "Ethics round table", "starts": "20 March", "places": 240, "taken": 30, "offered": 0, "waiting": 0, "word": "Far below a third", "tone": "bad"},
    ]
