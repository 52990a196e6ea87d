"""What all facts for search engines share: JSON-LD in the words of schema.org. Nobody is named in it."""

from typing import Any

from cluster_portal.links import absolute
from members.models import Cluster, Institution

Described = dict[str, Any]
CONTEXT = "https://schema.org"


def organization(host: Institution | None, cluster: Cluster) -> Described:
    """An institution; without one, the cluster itself."""
    if host is None:
        return {"@type": "Organization", "name": cluster.name, "url": absolute("/")}
    return {"@type": "Organization", "name": host.name, "url": absolute(host.get_absolute_url())}


def without_gaps(facts: Described) -> Described:
    """Without what is not known."""
    return {name: value for name, value in facts.items() if value not in ("", None, [], {})}
