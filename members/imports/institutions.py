"""Rows of a list of institutions."""

import re
from typing import Any

from django.utils.translation import gettext as _

from cluster_portal.search import folded
from members.actions.cluster import keep_region
from members.actions.institutions import keep_institution
from members.imports.cells import Unusable, text_of
from members.imports.fields import FIELDS
from members.imports.verdicts import Judged, Sort, check_fields
from members.models import Import, Institution, Region

Kind = Institution.Kind
# The first that is found in the cell, or else in the name, decides: a "college of the university" is a college.
KIND_WORDS = [
    (Kind.KINDERGARTEN, r"kindergarten|preschool|nursery|детск\w* сад|дошкольн|"
     r"\b[мгч]?[ба]?доу\b|\bдс\b|유치원|어린이집"),
    (Kind.SUPPLEMENTARY, r"supplementary|дополнительн\w* образован|дворец|дом творчества|кванториум|центр творчества|"
     r"юношеск|\bцдо\b|\bддт\b|영재|방과후|수련관"),
    (Kind.METHODOLOGY_CENTRE, r"methodolog|teacher training|методическ|\b[ин]мц\b|повышения квалификации|"
     r"развития образования|연수원|교육연구"),
    (Kind.COLLEGE, r"college|vocational|колледж|техникум|училище|전문대|직업"),
    (Kind.SCHOOL, r"school|lyceum|gymnasium|школ|лице[йя]|"
     r"гимнази|\b[со]ош\b|\b[мг]боу\b|초등|중학|고등학교|(?<!대)학교$|^초$|^중$|^고$"),
    (Kind.UNIVERSITY, r"universit|institute of|\bвуз\b|университет|академи|институт|대학"),
    (Kind.ASSOCIATION, r"association|union|foundation|ассоциаци|союз|\bфонд\b|협회|연합|재단"),
    (Kind.AUTHORITY, r"authority|ministry|department|government|администраци|министерств|департамент|комитет|управлени|"
     r"отдел образован|орган власти|교육청|부처|시청|구청"),
    (Kind.COMPANY, r"company|\bltd\b|\binc\b|\bcorp|компани|предприяти|\b[опз]?[ао]о\b|\bооо\b|фирма|회사|기업|㈜"),
]  # fmt: skip


class Institutions:
    """Judges and loads institutions, which are known by name and region."""

    def __init__(self, it: Import):
        self.by = it.by
        self.labels = {field.name: str(field.label) for field in FIELDS[it.kind]}
        self.seen: dict[Any, int] = {}

    def read(self, cells: dict[str, Any]) -> dict[str, Any]:
        """What a row says. Raises Unusable."""
        facts = {name: text_of(cells.get(name)) for name in ("name", "short_name", "region", "website", "about")}
        if not facts["name"]:
            raise Unusable(_("The name is missing. Write it into the cell."))
        facts["kind"] = _kind_of(text_of(cells.get("kind")), facts["name"])
        if facts["website"] and "://" not in facts["website"]:
            facts["website"] = f"https://{facts['website']}"
        checked = ("name", "short_name", "website", "about")
        check_fields(Institution, {name: facts[name] for name in checked}, self.labels)
        check_fields(Region, {"name": facts["region"]}, {"name": self.labels["region"]})
        return facts | {"shown": facts["name"]}

    def prepare(self, rows: list[Judged]) -> None:
        """Look up, in few questions, whatever these rows may be about."""
        self.regions = {folded(it.name): it for it in Region.objects.all()}
        self.known: dict[str, list[Institution]] = {}
        names = {folded(row.facts["name"]) for row in rows}
        for it in Institution.objects.called_one_of(names).select_related("region"):
            self.known.setdefault(folded(it.name), []).append(it)

    def compare(self, row: Judged) -> None:
        """Compare a row with those above it. Raises Unusable."""
        key = (folded(row.facts["name"]), folded(row.facts["region"]))
        if (before := self.seen.setdefault(key, row.number)) != row.number:
            raise Unusable(_("The same institution stands in row %(number)s already.") % {"number": before})

    def judge(self, row: Judged) -> None:
        """New, known or changed. Raises Unusable."""
        facts = row.facts
        region = self._region(facts["region"])
        row.known = self._match(folded(facts["name"]), region)
        if row.known is None:
            return
        said = {name: facts[name] for name in ("short_name", "kind", "website", "about") if facts[name]}
        row.changes = {name: value for name, value in said.items() if getattr(row.known, name) != value}
        if region is not None and row.known.region is None:
            row.changes["region"] = region
        row.sort = Sort.CHANGED if row.changes else Sort.UNCHANGED

    def load(self, row: Judged, invite: bool) -> None:
        """Let the row come true."""
        region = self._region(row.facts["region"])
        if region is not None and region.pk is None:
            region = self.regions[folded(region.name)] = keep_region(region, by=self.by)
        if row.known is not None:
            for name, value in row.changes.items():
                setattr(row.known, name, region if name == "region" else value)
            keep_institution(row.known, by=self.by, changed=list(row.changes))
            return
        facts = {name: row.facts[name] for name in ("name", "short_name", "kind", "website", "about")}
        it = keep_institution(Institution(region=region, **facts), by=self.by, changed=[])
        self.known.setdefault(folded(it.name), []).append(it)

    def _region(self, name: str) -> Region | None:
        """The region of this name; whoever coordinates the whole cluster may bring in a new one."""
        region = self.regions.get(folded(name))
        if self.by.coordinates_whole_cluster:
            return region or (Region(name=name) if name else None)
        if not name:
            raise Unusable(_("The region is missing. Write it into the cell."))
        if region is None or region.pk not in [role.region_id for role in self.by.coordinator_roles]:
            raise Unusable(_("You coordinate another region. Write the name of your region into the cell."))
        return region

    def _match(self, name: str, region: Region | None) -> Institution | None:
        """The institution of this name in this region; without a region in the row, the only one of this name."""
        named = self.known.get(name, [])
        same = [it for it in named if region is None or it.region == region]
        if not same and self.by.coordinates_whole_cluster:
            same = [it for it in named if it.region is None]
        if len(same) > 1:
            raise Unusable(_("Several institutions have this name. Write the region too."))
        return same[0] if same else None


def _kind_of(said: str, name: str) -> str:
    """The kind that a cell names, or that the name itself tells. Raises Unusable."""
    by_label = {folded(str(it.label)): it.value for it in Kind} | {it.value: it.value for it in Kind}
    for text in filter(None, [said, name]):
        if folded(text) in by_label:
            return by_label[folded(text)]
        for kind, words in KIND_WORDS:
            if re.search(words, folded(text)):
                return kind.value
    raise Unusable(_("What kind of institution is this? Write school, university, company or another kind."))
