"""Who may do what at the desk. When it is possible stands in MOVES."""

import rules

from members.rules import coordinates_the_cluster

rules.add_perm("cluster_portal.hold_outboxmail", coordinates_the_cluster)
rules.add_perm("cluster_portal.release_outboxmail", coordinates_the_cluster)
rules.add_perm("cluster_portal.retry_outboxmail", coordinates_the_cluster)
# The portal itself makes these moves; no person has a button for them.
rules.add_perm("cluster_portal.claim_outboxmail", rules.always_deny)
rules.add_perm("cluster_portal.send_outboxmail", rules.always_deny)
rules.add_perm("cluster_portal.put_back_outboxmail", rules.always_deny)
rules.add_perm("cluster_portal.give_up_outboxmail", rules.always_deny)
rules.add_perm("cluster_portal.cancel_outboxmail", rules.always_deny)
