"""What nearly every page asks of who reads it, read in one go."""

from cluster_portal.prepared import together
from members.models import AgePolicy, Cluster, Person
from members.models.children import policy_of
from members.models.people import active_of, roles_on


def have_reader_at_hand(reader: Person) -> None:
    """Have at hand where a reader works, learns and coordinates now, and from which age people decide here."""
    cluster = Cluster.current()
    affiliations, roles, policies = together(
        active_of.asked(person=reader.pk),
        roles_on.asked(person=reader.pk, day=cluster.today()),
        policy_of.asked(country=cluster.country),
    )
    reader.have_at_hand(affiliations, roles)
    AgePolicy.have_at_hand(cluster, policies)
