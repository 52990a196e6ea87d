"""A part of a page drawn once for the same facts: {% remember run sessions %} … {% endremember %}.

Name every object that the part reads: its key is the fields of all of them, with the reader's language and zone, so
a changed fact draws it anew and nothing has to be told of a change. For parts that are the same for every reader.
"""

import hashlib
from typing import Any

from django import template
from django.db.models import Model
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language

from cluster_portal.drawn import Drawn

register = template.Library()


class RememberNode(template.Node):
    """The part, and the objects that it reads."""

    def __init__(self, nodes: template.NodeList, names: list[template.base.FilterExpression]) -> None:
        self.nodes, self.names = nodes, names
        self.drawn = Drawn()

    def render(self, context: template.Context) -> str:
        facts = [facts_of(name.resolve(context)) for name in self.names]
        seen = repr((get_language(), get_current_timezone_name(), facts))
        key = hashlib.blake2b(seen.encode()).digest()  # a digest: nobody's fields stay in memory
        drawn = self.drawn.get(key)
        if drawn is None:
            drawn = self.nodes.render(context)
            self.drawn.keep(key, drawn)
        return drawn


def facts_of(thing: Any) -> Any:
    """The fields of an object, of each object of a list, or a plain value."""
    if isinstance(thing, Model):
        fields = thing.__dict__
        names = hash(tuple(fields))  # which they are is the same for most rows: writing them out takes half the time
        return [type(thing).__name__, names, [value for name, value in fields.items() if name[0] != "_"]]
    return [facts_of(one) for one in thing] if isinstance(thing, list) else thing


@register.tag
def remember(parser: template.base.Parser, token: template.base.Token) -> RememberNode:
    """{% remember it it.course sessions %} … {% endremember %}"""
    names = [parser.compile_filter(bit) for bit in token.split_contents()[1:]]
    nodes = parser.parse(("endremember",))
    parser.delete_first_token()
    return RememberNode(nodes, names)
