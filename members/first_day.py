"""The first day of a cluster, step by step from its name to its first course. Facts say what is done."""

from collections.abc import Iterator
from itertools import chain

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal import hooks
from cluster_portal.hooks import FirstStep, register_first_steps
from members.models import Agreement, Cluster, Institution, Person
from members.models.cluster import DEFAULT_HUE

FEWEST_INSTITUTIONS = 2  # an agreement binds two at least


def steps_of(person: Person) -> list[FirstStep]:
    """All steps, in the order in which they are best taken."""
    return sorted(chain.from_iterable(steps(person) for steps in hooks.first_steps), key=lambda step: step.order)


def steps_left(person: Person) -> list[FirstStep]:
    """The steps that are not taken yet."""
    return [step for step in steps_of(person) if not step.is_done]


def own_steps(person: Person) -> Iterator[FirstStep]:
    """Name, accent, place, agreement, institutions."""
    cluster = Cluster.current()
    named = cluster.is_named
    placed = named and bool(cluster.country)
    yield FirstStep(10, _("Name"), cluster.name if named else "", reverse("members:desk_start_name"), named)
    # Whoever went on to the next step has kept the accent that was there.
    chosen = named and (placed or cluster.hue != DEFAULT_HUE)
    yield FirstStep(20, _("Accent"), "", reverse("members:desk_start_accent"), chosen)
    where = f"{cluster.time_zone}, {cluster.country}" if placed else ""
    yield FirstStep(30, _("Time zone and country"), where, reverse("members:desk_start_place"), placed)
    yield _institutions_step()
    yield _agreement_step()


def _institutions_step() -> FirstStep:
    count = Institution.objects.count()
    said = ngettext("%(n)s institution", "%(n)s institutions", count) % {"n": count} if count else ""
    done = count >= FEWEST_INSTITUTIONS
    return FirstStep(40, _("Institutions"), said, reverse("members:desk_start_institutions"), done)


def _agreement_step() -> FirstStep:
    it = Agreement.objects.order_by("pk").first()
    said = f"{it.title}: {it.get_state_display()}" if it else ""
    return FirstStep(50, _("Agreement"), said, reverse("members:desk_start_agreement"), it is not None)


register_first_steps(own_steps)
