"""A part of a page drawn once for the same facts: {% remember run sessions %} … {% endremember %}.

Name every object that the part reads: its key is the fields of all of them, with the reader's language and zone, so
a changed fact draws it anew and nothing has to be told of a change. For parts that are the same for every reader.
"""

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import Any

from django import template
from django.db.models import Model
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language

register = template.Library()
MOST = 500_000  # letters that one part of a template keeps, whatever they are of: a hundred runs, some hundred cards


class Drawn:
    """What was drawn, by key; what was used least lately goes when it is too much."""

    def __init__(self, most: int = MOST) -> None:
        self.most, self.size, self.turn = most, 0, Lock()
        self.parts: OrderedDict[bytes, str] = OrderedDict()

    def get(self, key: bytes) -> str | None:
        with self.turn:
            if key in self.parts:
                self.parts.move_to_end(key)
            return self.parts.get(key)

    def keep(self, key: bytes, part: str) -> None:
        with self.turn:
            if key not in self.parts:
                self.parts[key] = part
                self.size += len(part)
            while self.size > self.most:
                _key, gone = self.parts.popitem(last=False)
                self.size -= len(gone)


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
