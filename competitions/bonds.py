"""Whenever people are bound to each other or to an institution, what they read and wrote is looked at again."""

from cluster_portal.hooks import register_bond_listener
from competitions.actions.assigning import recheck_people

register_bond_listener(recheck_people)
