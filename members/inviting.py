"""What comes of a pasted list of addresses, line by line, before anybody is invited."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from members.models import Affiliation, Institution, Person
from members.pasted import PastedPerson, known_by_another_address, pasted_lines, read_address, twice


@dataclass(frozen=True)
class Invited:
    """One line and its verdict. `well` lines are sent; the others stay in the list, to be corrected."""

    said: PastedPerson
    well: bool
    verdict: str
    tone: str
    known: bool = False

    @property
    def shown_name(self) -> str:
        """Of somebody who is known only the address shows: a list must not tell who stands behind it."""
        return "" if self.known else self.said.full_name


def judge_list(text: str, institution: Institution, role: str) -> list[Invited]:
    """A verdict for each line of a pasted list."""
    people = [read_address(line) for line in pasted_lines(text)]
    addresses = {it.email for it in people if it.email}
    signing_in = Person.objects.active().signing_in_with(addresses)
    known = set(signing_in.values_list("email", flat=True))
    seconds = signing_in.filter(emailaddress__verified=True).values_list("emailaddress__email", flat=True)
    others = addresses.intersection(seconds) - known
    here = Affiliation.objects.live().filter(institution=institution, role=role, person__email__in=addresses)
    states = dict(here.values_list("person__email", "state"))
    again = twice(people, lambda it: it.email)
    people = [replace(it, problem=known_by_another_address()) if it.email in others else it for it in people]
    return [_judge(it, number in again, it.email in known, states.get(it.email)) for number, it in enumerate(people)]


def _judge(it: PastedPerson, again: bool, known: bool, state: str | None) -> Invited:
    if it.problem:
        return Invited(it, False, it.problem, "bad")
    if again:
        return Invited(it, False, _("Twice in this list."), "neutral")
    if state is not None:
        return Invited(it, False, _ALREADY[state](), "neutral", known=True)
    if known:
        return Invited(it, True, _("Known already: is invited, and keeps their own name."), "good", known=True)
    if not it.family_name:
        return Invited(it, True, _("Will be invited, and asked for their name."), "good")
    return Invited(it, True, _("Will be invited."), "good")


_ALREADY = {
    Affiliation.State.INVITED: lambda: _("Was invited already, and has not answered yet."),
    Affiliation.State.ASKED: lambda: _("Asks to join already: answer at your desk."),
    Affiliation.State.ACTIVE: lambda: _("Belongs here in this role already."),
}
