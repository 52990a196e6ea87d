from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.moves import Refused
from courses.actions.enrolments import enrol
from courses.actions.locks import lock_people
from courses.models import Enrolment, Run
from members.actions import change_profile, name_guardian
from members.models import Guardianship, Person


@transaction.atomic
def sign_up(
    run: Run,
    person: Person,
    by: Person,
    pool: str = "",
    answers: Mapping[str, str] | None = None,
    birth_date: date | None = None,
    guardian: Mapping[str, str] | None = None,
) -> Enrolment:
    """Enrol somebody who fills in what was missing: a birth date, a guardian's name and e-mail; all of it, or nothing.

    A child names the first guardian only: whoever guards it, or keeps its class, names the next.
    """
    lock_people([person])
    person = Person.objects.get(pk=person.pk)
    if birth_date is not None:
        change_profile(person, by=by, birth_date=birth_date)
    if guardian:
        if person.guarded_by.now().exists():
            raise Refused(_("A guardian is named already. They, or your school, can enter another one."))
        name_guardian(person, by=by, how=Guardianship.How.CHILD, **guardian)
    return enrol(run, person, by, pool, answers)
