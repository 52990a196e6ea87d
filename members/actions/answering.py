"""Nobody leaves others without an answer: the cluster keeps a coordinator, and a head or contact whoever is a member.

So does whoever is on the way: a candidate, and a party that is asked to sign.

The one place of that rule. Whoever ends a role, hands over or erases asks here, under the lock of what says who else
answers: of two last ones who go at once, one stays. Suspending somebody does not ask: keeping them out cannot wait for
a successor. Whoever never signed in answers nobody.
"""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext as _

from cluster_portal.moves import Refused
from members.models import Affiliation, Agreement, Cluster, Coordinator, Institution, Party, Person

Standing = Institution.Standing
AWAITED = (Standing.MEMBER, Standing.COVERED, Standing.CANDIDATE)


def lock_who_answers(affiliations: Sequence[Affiliation] = (), roles: Sequence[Coordinator] = ()) -> None:
    """Hold the institutions that these speak for, then all who coordinate the whole cluster: always in this order."""
    spoken_for = {it.institution_id for it in affiliations if it.role in Affiliation.SPEAKING_ROLES}
    if spoken_for:
        list(Institution.objects.filter(pk__in=spoken_for).select_for_update(no_key=True).order_by("pk"))
    if any(it.region_id is None for it in roles):
        list(Coordinator.objects.now().filter(region=None).select_for_update(no_key=True).order_by("pk"))


def keep_answered(affiliations: Sequence[Affiliation] = (), roles: Sequence[Coordinator] = ()) -> None:
    """Refuse, under the locks, that these end when nobody else would answer."""
    lock_who_answers(affiliations, roles)
    if problems := why_unanswered(affiliations, roles):
        raise Refused(problems[0])


def why_unanswered(affiliations: Sequence[Affiliation] = (), roles: Sequence[Coordinator] = ()) -> list[str]:
    """What would be left without an answer if these ended, in sentences; nothing when others answer."""
    silent = _("Nobody else answers for %(institution)s. Hand over first: invite another head or contact.")
    problems = [silent % {"institution": it} for it in _speechless_without(affiliations)]
    if _leaderless_without(roles):
        problems.append(_("Nobody else coordinates the whole cluster. Hand over first: name another coordinator."))
    return problems


def _speechless_without(leaving: Sequence[Affiliation]) -> list[Institution]:
    """Members, and who is to become one or to sign, for which nobody who signs in speaks beside those who leave."""
    spoken_for = {it.institution_id for it in leaving if it.role in Affiliation.SPEAKING_ROLES}
    if not spoken_for:
        return []
    staying = Affiliation.objects.speaking().filter(person__in=Person.objects.active().claimed())
    answered = staying.exclude(pk__in=[it.pk for it in leaving]).values("institution")
    asked = Party.objects.to_ask().filter(agreement__in=Agreement.objects.open()).values("institution")
    rows = Institution.objects.with_standing(Cluster.current().today()).filter(pk__in=spoken_for)
    rows = rows.filter(Q(standing__in=AWAITED) | Q(pk__in=asked))
    return list(rows.exclude(pk__in=answered).order_by("pk"))


def _leaderless_without(leaving: Sequence[Coordinator]) -> bool:
    if all(it.region_id is not None for it in leaving):
        return False
    whole = Coordinator.objects.now().filter(region=None, person__in=Person.objects.active().claimed())
    return not whole.exclude(pk__in=[it.pk for it in leaving]).exists()
