"""A plan in the words of Dublin Core (DCMI Metadata Terms), for libraries and catalogues, and of schema.org."""

from xml.etree import ElementTree

from django.utils.timezone import localtime

from cluster_portal.formatted import plain
from cluster_portal.links import absolute
from cluster_portal.one_line import one_line
from competitions.library import LICENCE_PAGES, institutions_of, names_on
from competitions.models import Plan
from members.models import Cluster
from members.structured import CONTEXT, Described, organization, without_gaps

DC, DCTERMS = "http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"
OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
LONGEST = 500


def terms_of(plan: Plan, cluster: Cluster) -> list[tuple[str, str]]:
    """The elements of a plan `for_page`: (name, value), one of each name as often as it applies."""
    entry = plan.entry
    many = [
        ("title", [entry.title]),
        ("creator", names_on(entry)),
        ("contributor", institutions_of(entry.authors)),
        ("publisher", [cluster.name]),
        ("subject", [entry.subject, *(it.name for it in [*entry.directions.all(), *entry.tools.all()])]),
        ("description", [plain(entry.abstract)[:LONGEST]]),
        ("date", [localtime(plan.published_at, cluster.zone).date().isoformat()]),
        ("type", ["InteractiveResource", "lesson plan"]),
        ("format", ["text/html", "application/pdf"]),
        ("identifier", [absolute(plan.get_absolute_url())]),
        ("language", [entry.language]),
        ("rights", [LICENCE_PAGES.get(entry.licence, "")]),
        ("source", _source(plan)),
    ]  # fmt: skip
    return [(name, str(value)) for name, values in many for value in values if value]


def _source(plan: Plan) -> list[str]:
    source = plan.entry.adapted_from
    return [absolute(source.get_absolute_url())] if source and source.state == Plan.State.PUBLISHED else []


def dublin_core_xml(plan: Plan, cluster: Cluster) -> bytes:
    """The same as an oai_dc record."""
    for prefix, space in (("dc", DC), ("oai_dc", OAI_DC)):
        ElementTree.register_namespace(prefix, space)
    root = ElementTree.Element(f"{{{OAI_DC}}}dc")
    for name, value in terms_of(plan, cluster):
        ElementTree.SubElement(root, f"{{{DC}}}{name}").text = one_line(value)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def plan_as_data(plan: Plan, cluster: Cluster) -> Described:
    """The same as JSON-LD: a LearningResource of schema.org."""
    entry = plan.entry
    return without_gaps(
        {
            "@context": CONTEXT,
            "@type": "LearningResource",
            "name": entry.title,
            "description": plain(entry.abstract)[:LONGEST],
            "url": absolute(plan.get_absolute_url()),
            "inLanguage": entry.language,
            "learningResourceType": "lesson plan",
            "educationalUse": "instruction",
            "about": [it for it in (entry.subject, *(it.name for it in entry.directions.all())) if it],
            "teaches": plain(entry.objectives)[:LONGEST],
            "timeRequired": f"PT{entry.minutes}M" if entry.minutes else "",
            "license": LICENCE_PAGES.get(entry.licence, ""),
            "isAccessibleForFree": True,
            "datePublished": localtime(plan.published_at, cluster.zone).date().isoformat(),
            "author": [{"@type": "Person", "name": name} for name in names_on(entry)],
            "publisher": organization(None, cluster),
            "isBasedOn": next(iter(_source(plan)), ""),
        }
    )
