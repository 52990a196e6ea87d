"""When a document binds: the conditions that every question about membership is made of."""

from django.db.models import DateField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Greatest, Least


def agreement_in_force(day, prefix=""):
    """The condition that an agreement (reached by `prefix`) is in force on a day: dates alone decide."""
    return (
        Q(**{f"{prefix}concluded_on__lte": day, f"{prefix}valid_from__lte": day})
        & (
            Q(**{f"{prefix}valid_until": None})
            | Q(**{f"{prefix}valid_until__gte": day})
            | Q(**{f"{prefix}prolonged_until__gte": day})
        )
        & (Q(**{f"{prefix}terminated_on": None}) | Q(**{f"{prefix}terminated_on__gt": day}))
    )


def party_binding(day, prefix=""):
    """The condition that a party (reached by `prefix`) is bound on a day: signed, not withdrawn, agreement in force."""
    agreement = f"{prefix}agreement__"
    return (
        Q(**{f"{prefix}signed_on__lte": day})
        & (Q(**{f"{prefix}withdrawn_on": None}) | Q(**{f"{prefix}withdrawn_on__gt": day}))
        & agreement_in_force(day, agreement)
        & (Q(**{f"{agreement}amends": None}) | agreement_in_force(day, f"{agreement}amends__"))
    )


def of_network(prefix=""):
    """The condition that an agreement makes its parties members: the network agreement, or an addendum to it."""
    return Q(**{f"{prefix}kind": "network"}) | Q(**{f"{prefix}amends__kind": "network"})


def day_after(*names):
    """The day after the last of these dates, or NULL where all are: PostgreSQL's GREATEST passes NULL over."""
    last = Greatest(*names) if len(names) > 1 else F(*names)
    return ExpressionWrapper(last + Value(1), output_field=DateField())


def bound_from(prefix=""):
    """The first day on which a party (reached by `prefix`) is bound, once its agreement is concluded."""
    agreement = f"{prefix}agreement__"
    dates = [f"{it}{name}" for it in (agreement, f"{agreement}amends__") for name in ("concluded_on", "valid_from")]
    return Greatest(f"{prefix}signed_on", *dates)


def bound_until(prefix=""):
    """The first day on which a party (reached by `prefix`) is not bound any more; NULL where no document says one."""
    texts = (f"{prefix}agreement__", f"{prefix}agreement__amends__")
    lapses = [day_after(f"{it}valid_until", f"{it}prolonged_until") for it in texts]
    return Least(f"{prefix}withdrawn_on", *(f"{it}terminated_on" for it in texts), *lapses)


def came_to_bind(prefix=""):
    """The condition that a party (reached by `prefix`) of a network agreement signed what was then concluded."""
    agreement = f"{prefix}agreement__"
    amends_nothing = Q(**{f"{agreement}amends": None})
    return (
        of_network(agreement)
        & Q(**{f"{prefix}signed_on__isnull": False, f"{agreement}concluded_on__isnull": False})
        & (amends_nothing | Q(**{f"{agreement}amends__concluded_on__isnull": False}))
    )


def overlapping(first, last):
    """The condition that the days from `bound_from` until (without) `bound_until` meet those from first to last."""
    endless = Q(bound_until=None)
    return Q(bound_from__lte=last) & (endless | Q(bound_until__gt=first) & Q(bound_until__gt=F("bound_from")))
