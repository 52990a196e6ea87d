"""The emblem is the membership: deterministic, growing, described in words."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from members.emblem import MOST_MARKS, SHAPES, describe, draw_emblem, draw_mark, lay_out
from members.models import Institution

Kind = Institution.Kind
PETROGRADSKY = [
    (Kind.UNIVERSITY, True),
    (Kind.METHODOLOGY_CENTRE, False),
    *[(Kind.SCHOOL, False)] * 7,
    *[(Kind.KINDERGARTEN, False)] * 4,
]


def parsed(drawing):
    return ElementTree.fromstring(str(drawing))  # noqa: S314 (our own drawing)


def test_the_same_members_give_the_same_emblem():
    assert draw_emblem(PETROGRADSKY, 258) == draw_emblem(list(PETROGRADSKY), 258)


def test_two_clusters_do_not_look_alike():
    other = [(Kind.COLLEGE, True), *PETROGRADSKY[1:]]
    assert len({draw_emblem(PETROGRADSKY, 258), draw_emblem(PETROGRADSKY, 20), draw_emblem(other, 258)}) == 3


def test_a_member_who_accedes_moves_nobody():
    before = lay_out(PETROGRADSKY, 258)
    after = lay_out([*PETROGRADSKY, (Kind.SCHOOL, False)], 258)
    assert after[:-1] == before


def test_there_is_one_mark_for_each_member():
    assert [spot.kind for spot in lay_out(PETROGRADSKY, 258)] == [kind for kind, _is_lead in PETROGRADSKY]


def test_who_leads_stands_in_the_middle_and_is_the_largest():
    first, *rest = lay_out([(Kind.SCHOOL, False), (Kind.ASSOCIATION, True), (Kind.SCHOOL, False)], 258)
    assert (first.kind, first.x, first.y) == (Kind.ASSOCIATION, 0, 0)
    assert first.size > max(spot.size for spot in rest)


@pytest.mark.parametrize("hue", range(0, 360, 15))
def test_marks_never_touch(hue):
    spots = lay_out(PETROGRADSKY + [(Kind.COMPANY, False)] * 11, hue)
    assert len(spots) == MOST_MARKS
    for index, spot in enumerate(spots):
        for other in spots[:index]:
            apart = ((spot.x - other.x) ** 2 + (spot.y - other.y) ** 2) ** 0.5
            assert apart > spot.size + other.size


def test_beyond_24_members_marks_stand_for_kinds():
    spots = lay_out(PETROGRADSKY + [(Kind.SCHOOL, False)] * 90, 258)
    counts = {spot.kind: spot.count for spot in spots[1:]}
    assert counts == {Kind.SCHOOL: 97, Kind.KINDERGARTEN: 4, Kind.METHODOLOGY_CENTRE: 1}


def test_every_kind_has_a_shape_of_its_own():
    assert set(SHAPES) == set(Kind)
    assert len({draw_mark(kind, 258) for kind in Kind}) == len(Kind)


@pytest.mark.parametrize("marks", [[], PETROGRADSKY[:1], PETROGRADSKY, PETROGRADSKY * 9], ids=len)
@pytest.mark.parametrize("inline", [False, True])
def test_the_drawing_is_a_whole_picture_inside_its_box(marks, inline):
    picture = parsed(draw_emblem(marks, 258, "Our cluster", inline=inline))
    left, top, width, height = (float(number) for number in picture.get("viewBox").split())
    assert (width > 0, height > 0) == (True, True)
    for spot in lay_out(marks, 258):
        assert left <= spot.x - spot.size <= spot.x + spot.size <= left + width
        assert top <= spot.y - spot.size <= spot.y + spot.size <= top + height


def test_who_hears_the_page_learns_what_the_picture_shows():
    picture = parsed(draw_emblem(PETROGRADSKY, 258, "Our <cluster>"))
    texts = [element.text for element in picture if element.tag.endswith(("title", "desc"))]
    kinds = "School: 7, Kindergarten: 4, University: 1, Methodology centre: 1"
    assert texts == ["Our <cluster>", f"One mark for each member. {kinds}"]
    assert picture.get("role") == "img"
    assert describe([]) == "No members yet"


def test_the_emblem_needs_no_style_of_its_own():
    assert not re.search(r"style|<script|href", draw_emblem(PETROGRADSKY * 9, 258) + draw_mark(Kind.SCHOOL, 258))
