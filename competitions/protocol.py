"""The protocol of the jury: who judged, by which rubric, what came of it; a PDF to be signed."""

from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from cluster_portal.pdf import render_pdf
from competitions.results import Line, Results, who_judged
from competitions.scoring import FEWEST_TO_ADJUST
from members.consent import conceal_names
from members.models import Cluster


def protocol_pdf(results: Results) -> bytes:
    """The protocol of a competition in its own language, whoever asks for it."""
    with override(results.competition.language):
        return render_pdf("competitions/protocol", _facts(results))


def _facts(results: Results) -> dict[str, Any]:
    competition = results.competition
    conceal_names([author.person for line in results.lines for author in line.entry.authors])
    ordered = results.by_rank(adjusted=False)
    return {
        "language": competition.language[:2],
        "title": _("Protocol of the jury"),
        "competition": competition.title,
        "facts": _said_of(results),
        "criteria_title": _("Criteria"),
        "criteria": [_criterion(it) for it in competition.criteria.all()],
        "jury_title": _("The jury"),
        "jury": [it.full_name for it in who_judged(competition)],
        "results_title": _("Results"),
        "heads": _heads(results),
        "rows": [_row(line, results.adjusted) for line in ordered],
        "notes": _notes(results),
        "signed": _("Date and signature"),
    }  # fmt: skip


def _said_of(results: Results) -> list[tuple[str, str]]:
    competition = results.competition
    zone = competition.zone
    entries, reviews = len(results.lines), len(results.judgements)
    return [
        (_("Cluster"), str(Cluster.current().name)),
        (pgettext("competition", "Host"), str(competition.host or "")),
        (_("Entries until"), date_format(localtime(competition.closes_at, zone), "j E Y, H:i")),
        (_("Entries judged"), str(entries)),
        (_("Reviews"), str(reviews)),
        (_("Ties"), competition.get_tie_rule_display()),
    ]


def _criterion(it: Any) -> tuple[str, str]:
    said = {"lowest": it.lowest, "highest": it.highest, "weight": number_format(it.weight)}
    return it.title, _("%(lowest)s to %(highest)s, weight %(weight)s") % said


def _heads(results: Results) -> list[str]:
    heads = [_("Rank"), _("Lesson plan"), _("Authors"), _("Reviews"), _("Mean"), _("Spread")]
    return heads + ([_("Adjusted")] if results.adjusted else []) + [pgettext("award", "Place")]


def _row(line: Line, adjusted: bool) -> list[str]:
    standing, entry = line.standing, line.entry
    if standing is None:
        return []
    authors = "; ".join(_author(it) for it in entry.authors)
    spread = "" if standing.spread is None else number_format(standing.spread, 1)
    row = [str(standing.rank), entry.title, authors, str(standing.reviews), number_format(standing.mean, 1), spread]
    if adjusted:
        row.append(f"{number_format(standing.adjusted, 1)} ({standing.rank_from}–{standing.rank_to})")
    return [*row, entry.get_place_display() or entry.get_planned_place_display()]


def _author(it: Any) -> str:
    where = f", {it.affiliation.institution}" if it.affiliation else ""
    return f"{it.person.full_name}{where}"


def _notes(results: Results) -> list[str]:
    """How the numbers came about, and what they cannot tell apart."""
    said = [_("Mean and spread are of the shares of the rubric that the jurors gave, from 0 to 100.")]
    if not results.adjusted:
        return said
    fewest = {"n": FEWEST_TO_ADJUST}
    said.append(_("Adjusted scores are freed of how severe each juror is; that takes %(n)d entries.") % fewest)
    said.append(_("The ranks in brackets are those between which an entry lies with nine chances of ten."))
    return said + [tied_in_words(*it) for it in results.tied]


def tied_in_words(nomination: str, first: int, last: int) -> str:
    """ "Places 3 to 6 are statistically tied", in which nomination."""
    said = _("Places %(first)s to %(last)s are statistically tied.") % {"first": first, "last": last}
    return f"{nomination}: {said}" if nomination else said
