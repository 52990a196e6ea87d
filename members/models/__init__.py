from members.models.agreements import Agreement, Clause, Coverage, Party
from members.models.cluster import Cluster
from members.models.institutions import Institution, Region
from members.models.people import Affiliation, Coordinator, Person

__all__ = [
    "Affiliation",
    "Agreement",
    "Clause",
    "Cluster",
    "Coordinator",
    "Coverage",
    "Institution",
    "Party",
    "Person",
    "Region",
]
