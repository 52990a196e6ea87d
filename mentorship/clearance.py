"""Clearance for work with minors: the one rule, for suggestions, refusals and pages alike."""

from datetime import date


def lasts(until: date | None, day: date) -> bool:
    """Whether a clearance holds on a day, its last one included; None is no clearance."""
    return until is not None and until >= day


def is_enough(until: date | None, with_students: bool, needed_by: date) -> bool:
    """Whether it is what a request asks for: with students it lasts until the end of what is asked."""
    return not with_students or lasts(until, needed_by)
