"""Whose the places of a run are, in words: what is kept for whom, and why somebody waits though some are free."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.prepared import rows_of
from courses.allotment import Allotment
from courses.models import Enrolment, Pool, Run
from members.models import Clause, Institution
from members.taking_part import Right

DAY = "j E Y"


def say_whose(run: Run, right: Right | None, day: date) -> None:
    """Let each pool of a run's page know what is kept in it, and whether its reader would wait, and why."""
    institution = right.affiliation.institution if right and right.affiliation else None
    clause = right.clause if right else None
    limit = right.limit if right else None
    for pool in rows_of(run, "pools"):
        pool.kept, pool.why_wait, pool.serves = [], "", pool.has_place()
        if pool.has_reserves or run.institution_limit or limit:
            allotment = Allotment(pool, day)
            pool.kept = kept_in(pool, allotment, institution) if pool.has_reserves else []
            pool.why_wait = _why_wait(allotment, institution, clause)
            pool.serves = pool.serves and not pool.why_wait


def why_waiting(enrolment: Enrolment, day: date) -> str:
    """Why somebody waits whose pool has a free place, or whose institution has all of its places; or nothing."""
    institution = enrolment.affiliation.institution if enrolment.affiliation else None
    return _why_wait(Allotment(enrolment.pool, day), institution, enrolment.clause)


def kept_in(pool: Pool, allotment: Allotment, reader: Institution | None = None) -> list[str]:
    """What is kept in a pool, for whom and until when; a reader's own institution is said to be theirs."""
    said = []
    for it in pool.reserves.filter(institution__in=allotment.reserves).select_related("institution"):
        facts = {
            "count": allotment.unused(it.institution_id),
            "institution": it.institution,
            "day": date_format(it.release_on, DAY),
        }
        if facts["count"]:
            own = reader is not None and reader.pk == it.institution_id
            said.append((_kept_for_you(facts["count"]) if own else _kept(facts["count"])) % facts)
    return said


def _kept(count: int) -> str:
    return ngettext(
        "%(count)d of them is kept for %(institution)s until %(day)s",
        "%(count)d of them are kept for %(institution)s until %(day)s",
        count,
    )


def _kept_for_you(count: int) -> str:
    return ngettext(
        "%(count)d of them is kept for your institution until %(day)s",
        "%(count)d of them are kept for your institution until %(day)s",
        count,
    )


def _why_wait(allotment: Allotment, institution: Institution | None, clause: Clause | None) -> str:
    key, limit = institution.pk if institution else None, clause.places if clause else None
    if allotment.limit_is_reached(key, limit):
        most = allotment.limit(limit) or 0
        by_clause = clause is not None and limit == most
        facts = {"institution": institution, "count": most, "clause": clause.number if clause else ""}
        return (_has_its_places_by_clause(most) if by_clause else _has_its_places(most)) % facts
    if allotment.free and not allotment.free_for(key, limit):
        return _("The free places are kept for others; you get a mail when one is free for you.")
    return ""


def _has_its_places(count: int) -> str:
    return ngettext(
        "%(institution)s has its %(count)d place here; you get a mail when it is free.",
        "%(institution)s has its %(count)d places here; you get a mail when one of them is free.",
        count,
    )


def _has_its_places_by_clause(count: int) -> str:
    return ngettext(
        "%(institution)s has its %(count)d place here, which § %(clause)s gives it; you get a mail when it is free.",
        "%(institution)s has its %(count)d places here, which § %(clause)s gives it; you get a mail when one of them "
        "is free.",
        count,
    )


def say_reserves(run: Run, day: date) -> None:
    """Let each pool of a run at the desk know its reserves: how much of each is free, and whether it is released."""
    for pool in run.pools.all():
        pool.reserve_rows = list(pool.reserves.select_related("institution")) if pool.has_reserves else []
        allotment = Allotment(pool, day) if pool.reserve_rows else None
        for it in pool.reserve_rows:
            it.unused, it.is_released = allotment.unused(it.institution_id), it.release_on <= day
