"""The components of templates/ui/: which there are, what arguments each takes, and what is worked out before drawing.

A component is drawn by ``{% ui "name" argument=value %}`` from ``templates/ui/name.html``. An argument that is not
declared here, or a missing one, is a TemplateSyntaxError. templates/ui/README.md shows each in use.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from cluster_portal.field_groups import drawn_in_groups
from cluster_portal.places import draw_places, say_places
from cluster_portal.tones import SHAPES, tone_of

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Component:
    """What one component needs. `body` components enclose markup; `steady` ones depend on their arguments alone."""

    required: tuple[str, ...] = ()
    optional: Arguments = field(default_factory=dict)
    prepare: Callable[[Arguments], Arguments] = dict
    body: bool = False
    steady: bool = False

    def complaint(self, given: set[str]) -> str:
        """What is wrong with these arguments, or nothing."""
        missing = sorted(set(self.required) - given)
        unknown = sorted(given - set(self.required) - set(self.optional))
        parts = [f"needs {', '.join(missing)}"] if missing else []
        if unknown:
            known = ", ".join([*self.required, *self.optional]) or "none"
            parts.append(f"does not know {', '.join(unknown)} (it takes: {known})")
        return " and ".join(parts)


def prepare_state(arguments: Arguments) -> Arguments:
    """The word, tone and shape of an object's state, or of a word that a page has found itself."""
    of, word, tone = arguments["of"], arguments["word"], arguments["tone"]
    if of is None and not (word and tone):
        raise ValueError("The component state needs `of`, or `word` and `tone`.")
    tone = tone or tone_of(of.state)
    return {"word": word or of.get_state_display(), "tone": tone, "shape": SHAPES[tone]}


def prepare_places(arguments: Arguments) -> Arguments:
    """The drawing of the places, and the words that always stand beside it."""
    return {**arguments, "drawing": draw_places(**_counts(arguments)), "words": say_places(**_counts(arguments))}


def prepare_fill(arguments: Arguments) -> Arguments:
    """A short bar for tables, with its two numbers."""
    places, taken = arguments["places"], arguments["taken"]
    end = round(4 + 88 * min(taken, places) / places, 1) if taken and places else None
    words = _("%(taken)d of %(places)d") % {"taken": taken, "places": places}
    return {"end": str(end) if end else "", "words": words}


def prepare_progress(arguments: Arguments) -> Arguments:
    """How far long work has come, in two numbers."""
    work = arguments["work"]
    words = _("%(done)d of %(total)d") % {"done": work.done, "total": work.total}
    return {**arguments, "done": work.done, "total": max(work.total, 1), "words": words}


def prepare_chain(arguments: Arguments) -> Arguments:
    """Every link with its shape; whether the chain is broken somewhere."""
    links = [
        {**link, "shape": CHAIN_SHAPES[link["status"]], "said": CHAIN_WORDS[link["status"]]}
        for link in arguments["links"]
    ]
    return {**arguments, "links": links, "broken": any(link["status"] == "broken" for link in links)}


def prepare_notice(arguments: Arguments) -> Arguments:
    """The shape of the notice's tone."""
    return {**arguments, "shape": SHAPES[NOTICE_TONES[arguments["kind"]]], "tone": NOTICE_TONES[arguments["kind"]]}


def prepare_field(arguments: Arguments) -> Arguments:
    """The field drawn by templates/django/forms/field.html."""
    bound: BoundField = arguments["field"]
    return {"drawn": bound.as_field_group()}


def prepare_form(arguments: Arguments) -> Arguments:
    """A form's visible fields drawn one by one, in its groups; its hidden ones and its errors with them."""
    form = arguments["form"]
    return {
        **arguments,
        "groups": drawn_in_groups(form, lambda bound: bound.as_field_group()),
        "hidden": form.hidden_fields(),
        "wrong": [bound for bound in form.visible_fields() if bound.errors],
        "general": form.non_field_errors(),
    }


def prepare_button(arguments: Arguments) -> Arguments:
    """The button's class."""
    return {**arguments, "look": BUTTON_KINDS[arguments["kind"]]}


def _counts(arguments: Arguments) -> dict[str, Any]:
    return {name: arguments[name] for name in ("places", "taken", "offered", "waiting", "yours", "held")}


BUTTON_KINDS = {"primary": "button primary", "plain": "button", "danger": "button danger"}
NOTICE_TONES = {"info": "neutral", "good": "good", "warn": "attention", "bad": "bad"}
CHAIN_SHAPES = {"done": "disc", "next": "half", "open": "ring", "broken": "cross"}
CHAIN_WORDS = {"done": _("done"), "next": _("now"), "open": _("later"), "broken": _("missing")}

_PEOPLE = {"offered": 0, "held": 0, "waiting": 0, "yours": False}
_LOOK = {"kind": "plain", "name": "", "value": "", "about": "", "small": False}

COMPONENTS: dict[str, Component] = {
    "button": Component(
        ("label",),
        {**_LOOK, "href": "", "form": "", "id": "", "type": ""},
        prepare_button,
    ),
    "post_button": Component(
        ("label", "action"),
        {**_LOOK, "next": ""},
        prepare_button,
    ),
    "move_buttons": Component(("moves", "url"), {"about": "", "primary": "", "danger": "", "small": False}),
    "state": Component((), {"of": None, "word": "", "tone": ""}, prepare_state, steady=True),
    "mark": Component(("shape",), steady=True),
    "places": Component(("places", "taken"), {**_PEOPLE, "words_only": False}, prepare_places, steady=True),
    "fill": Component(("places", "taken"), {}, prepare_fill, steady=True),
    "progress": Component(("work", "label"), {"live": True}, prepare_progress),
    "chain": Component(("links",), {"title": "", "level": 2}, prepare_chain),
    "emblem": Component(("drawing",)),
    "card": Component(
        ("title", "url"),
        {
            "tag": "",
            "when": "",
            "where": "",
            "audience": "",
            "state_word": "",
            "state_tone": "",
            "note": "",
            "level": 3,
            "places": None,
            "taken": 0,
            **_PEOPLE,
        },
        steady=True,
    ),
    "pager": Component(("page",), {"target": ""}),
    "filter_bar": Component(("form",), {"found": "", "clear": "", "target": ""}, prepare_form),
    "field": Component(("field",), {}, prepare_field),
    "fields": Component(("form",), {}, prepare_form),
    "form": Component(
        ("form",),
        {
            "submit": _("Save"),
            "action": "",
            "cancel": "",
            "kind": "primary",
            "files": False,
            "name": "",
            "method": "post",
        },
        prepare_form,
    ),
    "facts": Component(("rows",)),
    "empty": Component(("title",), {"text": "", "href": "", "label": "", "kind": "", "drawing": ""}),
    "notice": Component(("title",), {"kind": "info", "text": "", "href": "", "label": ""}, prepare_notice),
    "notice_box": Component(("title",), {"kind": "info"}, prepare_notice, body=True),
    "timeline": Component(("entries",)),
    "breadcrumbs": Component(("trail",)),
    "count_row": Component(
        ("count", "text", "url", "button"), {"age": "", "detail": "", "about": "", "primary": False}
    ),
    "disclosure": Component(("title",), {"open": False}, body=True),
    "page_head": Component(("title",), {"tag": "", "lede": "", "trail": ()}),
}
