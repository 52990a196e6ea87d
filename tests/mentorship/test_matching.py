"""How well a mentor fits: names of competitions, walls, points, and what a coordinator reads of it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from mentorship.contest_names import OTHER, PART, SAME, likeness
from mentorship.matching import (
    Need,
    Offer,
    Wall,
    best_first,
    fit_of,
    hours_apart,
    points_now,
    stands_apart,
    time_points,
    walls,
)

NEED = Need(
    key="r1",
    person="teacher",
    languages=frozenset({"ru", "en"}),
    formats=frozenset({"online"}),
    needed_from=date(2026, 11, 1),
    needed_by=date(2027, 3, 1),
    waiting_since=datetime(2026, 10, 1, tzinfo=UTC),
    contest="Open Olympiad in Informatics",
    help=frozenset({"prepare"}),
    directions=frozenset({"nlp", "robots"}),
    weekdays=frozenset({1, 3}),
    time_zone="Europe/Moscow",
    with_students=True,
    institution="school1",
    region="north",
)
OFFER = Offer(
    key="m1",
    person="mentor",
    languages=frozenset({"ru"}),
    formats=frozenset({"online", "room"}),
    places=2,
    hours=8,
    contests=("Robotics Cup", "open olympiad in informatics"),
    help=frozenset({"prepare", "project"}),
    directions=frozenset({"nlp"}),
    weekdays=frozenset({1}),
    time_zone="Asia/Yekaterinburg",
    cleared_until=date(2027, 3, 1),
    institutions=frozenset({"university"}),
    regions=frozenset({"south"}),
)


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("Open Olympiad in Informatics", "OPEN olympiad of informatics 2026/27"),
        ("Всероссийская олимпиада школьников по физике", "XIV Всероссийская олимпиада по физике, 2027"),
        ("Олимпиада Ломоносов", "олимпиада «Ломоносов» 2025"),
        ("Всероссийская олимпиада школьников по физике", "всеросийская олимпиада по физике"),
        ("Турнир юных учёных", "турнир юных ученых"),
        ("International Mathematical Olympiad", "IMO"),
        ("ВсОШ по химии", "Всероссийская олимпиада школьников по химии"),
        ("International Olympiad in Artificial Intelligence", "Internatonal Olympiad in Artificial Inteligence"),
        ("한국정보올림피아드", "한국 정보 올림피아드"),
    ],
)
def test_the_same_competition_is_known_however_it_is_written(asked, known):
    assert likeness(asked, known) == SAME
    assert likeness(known, asked) == SAME


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("Open Olympiad in Informatics", "Informatics"),
        ("Всероссийская олимпиада школьников по физике", "Всероссийская олимпиада школьников"),
        ("Olympiad in Physics", "International Physics Olympiad"),
    ],
)
def test_a_name_that_says_less_is_known_in_part(asked, known):
    assert likeness(asked, known) == PART
    assert likeness(known, asked) == PART


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("International Olympiad in Informatics", "International Olympiad in Physics"),
        ("International Olympiad in Informatics", "Open Olympiad in Informatics"),
        ("Всероссийская олимпиада школьников по физике", "Всероссийская олимпиада школьников по математике"),
        ("Всероссийский конкурс научных работ", "Всероссийская олимпиада школьников"),
        ("Open Olympiad in Informatics", "Olympiad"),
        ("Открытая олимпиада", "Международная олимпиада"),
        ("Olympiad in Biology", "Olympiad in Geology"),
        ("", "Olympiad"),
        ("Olympiad", ""),
    ],
)
def test_another_competition_is_another(asked, known):
    assert likeness(asked, known) == OTHER
    assert likeness(known, asked) == OTHER


def test_nothing_stands_between_a_request_and_who_fits_it():
    assert walls(NEED, OFFER) == []
    assert not stands_apart(NEED, OFFER)


@pytest.mark.parametrize(
    ("wall", "offer"),
    [
        (Wall.SELF, {"person": "teacher"}),
        (Wall.AWAY, {"is_active": False}),
        (Wall.LANGUAGE, {"languages": frozenset({"ko"})}),
        (Wall.FORMAT, {"formats": frozenset({"room"})}),
        (Wall.CLEARANCE, {"cleared_until": None}),
        (Wall.CLEARANCE, {"cleared_until": date(2027, 2, 28)}),
        (Wall.FULL, {"taken": 2}),
        (Wall.FULL, {"taken": 3}),
        (Wall.SAID_NO, {"key": "refused"}),
        (Wall.ASKED, {"key": "lapsed"}),
        (Wall.UNKNOWN, {"contests": (), "help": frozenset({"teach"}), "directions": frozenset()}),
    ],
)
def test_each_wall_stands(wall, offer):
    need = replace(NEED, said_no=frozenset({"refused"}), asked=frozenset({"lapsed"}))
    assert walls(need, replace(OFFER, **offer)) == [wall]
    assert stands_apart(need, replace(OFFER, **offer))


def test_without_students_no_clearance_is_asked_for():
    assert walls(replace(NEED, with_students=False), replace(OFFER, cleared_until=None)) == []


def test_a_fit_says_what_it_rests_on():
    fit = fit_of(NEED, OFFER)
    assert (fit.contest, fit.is_whole_contest) == ("open olympiad in informatics", True)
    assert (fit.help, fit.directions, fit.days) == ({"prepare"}, {"nlp"}, {1})
    assert (fit.hours_apart, fit.same_region, fit.same_institution) == (2, False, False)
    assert fit.points == 40 + 18 + 9 + 6 + 4


@pytest.mark.parametrize(
    "better",
    [
        {"contests": ("open olympiad in informatics",)},
        {"help": frozenset({"prepare"})},
        {"directions": frozenset({"nlp", "robots"})},
        {"weekdays": frozenset({1})},
        {"weekdays": frozenset()},
        {"time_zone": "Europe/Moscow"},
        {"institutions": frozenset({"university"})},
    ],
)
def test_each_thing_that_fits_is_worth_something(better):
    plain = {
        "contests": (),
        "help": frozenset({"teach"}),
        "directions": frozenset({"nlp"}),
        "weekdays": frozenset({6}),
        "time_zone": "Asia/Seoul",
        "institutions": frozenset({"school1"}),
    }
    worse = replace(OFFER, **plain)
    assert fit_of(NEED, replace(worse, **better)).points > fit_of(NEED, worse).points


def test_who_meets_in_person_is_near_in_the_same_region_and_not_by_the_clock():
    need = replace(NEED, formats=frozenset({"room"}))
    near, far = replace(OFFER, regions=frozenset({"north"})), replace(OFFER, time_zone="Europe/Moscow")
    assert fit_of(need, near).points == fit_of(need, far).points + 6


def test_who_knows_the_competition_outweighs_everything_that_can_be_arranged():
    knows = replace(OFFER, weekdays=frozenset({6}), time_zone="Asia/Seoul", directions=frozenset(), hours=1)
    near = replace(OFFER, key="m2", contests=(), weekdays=frozenset({1}), time_zone="Europe/Moscow", hours=40)
    assert best_first(NEED, [near, knows]) == [knows, near]


def test_time_is_worth_less_with_every_pairing():
    assert [time_points(replace(OFFER, hours=12), nth) for nth in (1, 2, 3, 4)] == [6, 5, 2, 0]
    assert points_now(NEED, OFFER) > points_now(NEED, replace(OFFER, taken=1))
    for hours in range(1, 161):
        worth = [time_points(replace(OFFER, hours=hours), nth) for nth in range(1, 31)]
        assert worth == sorted(worth, reverse=True)


def test_who_is_suggested_is_in_one_order_and_nobody_behind_a_wall():
    twin, full = replace(OFFER, key="m0"), replace(OFFER, key="m9", taken=2)
    assert best_first(NEED, [OFFER, full, twin]) == [twin, OFFER]


def test_clocks_differ_by_whole_hours_of_that_day():
    assert hours_apart("Europe/Moscow", "Europe/Moscow", date(2026, 7, 1)) == 0
    assert hours_apart("Europe/Berlin", "Europe/Moscow", date(2026, 7, 1)) == 1
    assert hours_apart("Europe/Moscow", "Europe/Berlin", date(2026, 12, 1)) == 2
    assert hours_apart("Asia/Kolkata", "Europe/Moscow", date(2026, 12, 1)) == 3
