"""Template tags of the components in templates/ui/ (declared in cluster_portal/components.py)."""

import json
import re
from collections import OrderedDict

from django import template
from django.template.base import token_kwargs
from django.template.defaultfilters import capfirst
from django.template.exceptions import TemplateSyntaxError
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from cluster_portal import palette
from cluster_portal.components import COMPONENTS
from cluster_portal.formatted import HEADINGS_FROM, formatted, plain
from cluster_portal.languages import language_name
from cluster_portal.zones import zone_name

register = template.Library()

# Drawn components that depend on their arguments alone (a state, places, a card): a list of 100 runs repeats few.
_drawn: OrderedDict = OrderedDict()
_MOST_DRAWN = 4000


class ComponentNode(template.Node):
    """One component with its arguments, checked when the template is compiled."""

    def __init__(self, name, arguments, body=None):
        self.name, self.arguments, self.body = name, arguments, body
        self.component = COMPONENTS[name]
        self.names = tuple(arguments)

    def render(self, context):
        given = {name: value.resolve(context) for name, value in self.arguments.items()}
        if self.component.steady:
            return self._remembered(context, given)
        return self._draw(context, given)

    def _remembered(self, context, given):
        key = (self.name, get_language(), self.names, *map(_steady, given.values()))
        drawn = _drawn.get(key)
        if drawn is None:
            drawn = _drawn[key] = self._draw(context, given)
            if len(_drawn) > _MOST_DRAWN:
                _drawn.popitem(last=False)
        return drawn

    def _draw(self, context, given):
        values = self.component.prepare({**self.component.optional, **given})
        if self.body is not None:
            values["body"] = self.body.render(context)
        values["csrf_token"] = context.get("csrf_token")
        values["request"] = context.get("request")
        page = context.template.engine.get_template(f"ui/{self.name}.html")
        return page.render(context.new(values))


def _steady(value):
    """What tells one drawing from another: text and numbers as they are, an object with a state by its word."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if hasattr(value, "get_state_display"):
        return kind, value.state
    return (str(value), True) if isinstance(value, SafeString) else str(value)


@register.tag
def ui(parser, token):
    """Draw a component: {% ui "state" of=enrolment %}."""
    name, arguments = _parsed(parser, token)
    if COMPONENTS[name].body:
        raise TemplateSyntaxError(f"{name} encloses markup: write {{% uiblock %}} … {{% enduiblock %}}.")
    return ComponentNode(name, arguments)


@register.tag
def uiblock(parser, token):
    """Draw a component around markup: {% uiblock "disclosure" title=… %} … {% enduiblock %}."""
    name, arguments = _parsed(parser, token)
    if not COMPONENTS[name].body:
        raise TemplateSyntaxError(f"{name} encloses nothing: write {{% ui %}}.")
    body = parser.parse(("enduiblock",))
    parser.delete_first_token()
    return ComponentNode(name, arguments, body)


def _parsed(parser, token):
    tag, *bits = token.split_contents()
    if not bits or not re.fullmatch(r"\"\w+\"|'\w+'", bits[0]):
        raise TemplateSyntaxError(f"{{% {tag} %}} begins with a component's name in quotes.")
    name = bits.pop(0)[1:-1]
    if name not in COMPONENTS:
        raise TemplateSyntaxError(f"There is no component {name}. There are: {', '.join(COMPONENTS)}.")
    arguments = token_kwargs(bits, parser)
    if bits:
        raise TemplateSyntaxError(f"{name}: “{bits[0]}” is not written as argument=value.")
    if complaint := COMPONENTS[name].complaint(set(arguments)):
        raise TemplateSyntaxError(f"The component {name} {complaint}.")
    return name, arguments


@register.simple_tag(takes_context=True)
def here(context, *addresses, exact=False):
    """Mark the link of the section one is in, at one or more addresses: <a href="/courses/"{% here "/courses/" %}>."""
    request = context.get("request")
    path = getattr(request, "path", "")
    if path in addresses:
        return mark_safe(' aria-current="page"')
    within = not exact and path.startswith(addresses)
    return mark_safe(' aria-current="true"') if within else ""


@register.simple_tag(takes_context=True)
def theme_href(context):
    """The address of the cluster's style sheet; it changes with the hue and the tokens, so it is kept for a year."""
    cluster = context.get("cluster")
    return f"/theme.css?v={palette.VERSION}-{cluster.hue}" if cluster else "/theme.css"


@register.filter(name="formatted")
def formatted_block(text, headings_from=HEADINGS_FROM):
    """What people wrote at length, as safe HTML: {{ plan.abstract|formatted }}, or from another level of headings."""
    html = formatted(text, headings_from)
    return mark_safe(f'<div class="prose">{html}</div>') if html else ""  # noqa: S308 - formatted() makes it safe


register.filter("language", language_name)
register.filter("plain", plain)
register.simple_tag(zone_name, name="zone_name")


@register.simple_tag
def zone_heading(zone=None):
    """The name of a zone, or of the reader's own, as the heading of a column."""
    return capfirst(zone_name(zone))


# What could end the script or begin another one; within JSON text these stand for the same letters.
_IN_SCRIPT = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


@register.simple_tag
def json_ld(facts):
    """Facts for search engines. Data, not a script: the Content-Security-Policy lets it stand, and nothing runs it."""
    if not facts:
        return ""
    text = json.dumps(facts, ensure_ascii=False).translate(_IN_SCRIPT)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 - nothing in it ends the script


@register.simple_tag
def link_to(title="", text="", url="", status="next"):
    """One link of a chain: {% link_to title=… url=… status="done" as first %}."""
    return {"title": title, "text": text, "url": url, "status": status}


@register.simple_tag
def together(*things):
    """Several things as one list: {% together first second as links %}."""
    return [thing for thing in things if thing]
