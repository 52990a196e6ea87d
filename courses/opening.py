"""Whether a run takes enrolments at an instant, and instants in the words of its zone."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cluster_portal.zones import zone_name
from courses.models import Run


def why_not_now(run: Run, at: datetime) -> str:
    """The sentence that says why nobody can enrol at an instant, or nothing."""
    if run.state == Run.State.CANCELLED:
        return _("This run was cancelled. Look in the programme for another one.")
    over = _("This run is over. Look in the programme for the next one.")
    if run.state == Run.State.CLOSED:
        return over
    if run.state == Run.State.DRAFT:
        return _("This run is not published yet.")
    if at < run.enrol_from:
        return _("Enrolment opens on %(when)s.") % {"when": in_run_zone(run, run.enrol_from)}
    if at >= run.enrol_until:
        return _("Enrolment closed on %(when)s. Look in the programme for the next run.") % {
            "when": in_run_zone(run, run.enrol_until)
        }
    return over if run.is_over_at(at) else ""


def in_run_zone(run: Run, at: datetime) -> str:
    """An instant in the words of the run's own zone, with the zone named."""
    return f"{date_format(localtime(at, run.zone), 'j E Y, H:i')}, {zone_name(run.zone)}"
