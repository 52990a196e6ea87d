"""The first links of a chain that says why somebody may take part in something: agreement and clause → affiliation."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members.models import Cluster
from members.models.audience import Addressed
from members.models.grounds import Ground, ground_of
from members.taking_part import Opened, Right


@dataclass(frozen=True)
class Link:
    """One link of a chain. `status`: done (it holds), open (still to come), next (what to do now), broken."""

    title: str
    text: str = ""
    url: str = ""
    status: str = "open"


def membership_link(right: Right, thing: Opened) -> Link | None:
    """The document that opens the thing to somebody's institution, or what is missing there."""
    if right.ground is not None and right.missing and not right.at_affiliation:
        return Link(_agreement_title(right.ground), right.missing, _url(right.ground), "broken")
    if right.ground is not None:
        return Link(_agreement_title(right.ground), _clause(right.ground), _url(right.ground), "done")
    if right.holds and thing.admits == Addressed.Admits.EVERYONE:
        return Link(_("Open to everyone"), status="done")
    if right.affiliation is None:
        return None
    if right.holds:
        return Link(_("Partners are welcome"), str(right.affiliation.institution), status="done")
    institution = right.affiliation.institution
    ground = ground_of(institution, thing.right, Cluster.current().today())
    if ground is not None:  # the institution is a member: what is missing is said at the affiliation
        return Link(_agreement_title(ground), _clause(ground), _url(ground), "done")
    if right.at_affiliation:
        return None
    return Link(_("Agreement"), right.missing, institution.get_absolute_url(), "broken")


def affiliation_link(right: Right) -> Link | None:
    """Where somebody belongs, or that they belong nowhere yet."""
    affiliation = right.affiliation
    if affiliation is None:
        return (
            None if right.holds else Link(_("Your institution"), right.missing, reverse("members:directory"), "broken")
        )
    said = {"role": affiliation.get_role_display(), "institution": affiliation.institution}
    title = _("%(role)s at %(institution)s") % said
    if right.at_affiliation:
        return Link(title, right.missing, status="broken")
    return Link(title, since_day(affiliation.starts_on), status="done")


def _agreement_title(ground: Ground) -> str:
    signed = {"institution": ground.party.institution, "agreement": ground.agreement.title}
    if ground.coverage is not None:
        return _("Covered by %(institution)s under the %(agreement)s") % signed
    return _("%(institution)s signed the %(agreement)s") % signed


def _clause(ground: Ground) -> str:
    if ground.clause is None:
        return since_day(ground.party.signed_on)
    said = f"§ {ground.clause.number}: {ground.clause.text}"
    if ground.clause.places is None:
        return said
    places = ngettext(
        "%(count)d place for each institution", "%(count)d places for each institution", ground.clause.places
    )
    return f"{said} ({places % {'count': ground.clause.places}})"


def _url(ground: Ground) -> str:
    return ground.cited.get_absolute_url() if ground.cited else ground.agreement.get_absolute_url()


def since_day(day: date | None) -> str:
    """Since when something holds, in words."""
    return _("since %(day)s") % {"day": date_format(day)} if day else ""
