"""A part that is drawn once for the same facts must never show other facts."""

from django.template import engines
from django.utils import timezone, translation

from cluster_portal.drawn import Drawn
from courses.models import Course

PART = "{% load remember %}{% remember it list %}{{ it.title }} {{ count.more }}{% endremember %}"


class Count:
    """How often it was drawn."""

    def __init__(self):
        self.times = 0

    def more(self):
        self.times += 1
        return self.times


def draw(part, it, count, others=()):
    return part.render({"it": it, "count": count, "list": list(others)})


def test_the_same_facts_are_drawn_once():
    part, count, it = engines["django"].from_string(PART), Count(), Course(title="A")
    assert [draw(part, it, count) for _ in range(2)] == ["A 1", "A 1"]


def test_changed_facts_are_drawn_anew():
    part, count, it = engines["django"].from_string(PART), Count(), Course(title="A")
    draw(part, it, count)
    it.title = "B"
    assert [draw(part, it, count), draw(part, it, count, [Course(title="C")])] == ["B 2", "B 3"]


def test_each_language_and_zone_has_its_own():
    part, count, it = engines["django"].from_string(PART), Count(), Course(title="A")
    for language, zone in (("en", "UTC"), ("ru", "UTC"), ("en", "Europe/Moscow"), ("en", "UTC")):
        with translation.override(language), timezone.override(zone):
            draw(part, it, count)
    assert count.times == 3


def test_it_keeps_what_was_used_last_and_no_more_than_so_many_letters():
    drawn = Drawn(most=10)
    drawn.keep(b"a", "12345")
    drawn.keep(b"b", "12345")
    drawn.get(b"a")
    drawn.keep(b"c", "123")
    assert [drawn.get(key) for key in (b"a", b"b", b"c")] == ["12345", None, "123"]
    drawn.keep(b"c", "123")  # two threads drew the same
    assert drawn.size == 8
