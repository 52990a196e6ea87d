from django.db import transaction

from cluster_portal.audit import record, record_changes
from members.models import Institution, Person


@transaction.atomic
def keep_institution(institution: Institution, by: Person, changed: list[str]) -> Institution:
    """Enter an institution, or keep what was corrected about it."""
    is_new = institution.pk is None
    institution.save()
    if is_new:
        record("members.institution.enter", institution, by=by)
    elif changed:
        record_changes("members.institution.change", institution, by=by, changed=changed)
    return institution
