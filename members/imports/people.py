"""Rows of a list of people: who they are, and where they belong."""

from typing import Any

from django.utils.translation import gettext as _

from cluster_portal.search import folded
from members.actions.affiliations import invite_person
from members.actions.imports import belong_by_list, correct_by_list
from members.actions.people import enter_person
from members.addresses import answered_by_others, out_of_reach
from members.imports.cells import Unusable, date_of, email_of, names_of, text_of
from members.imports.fields import FIELDS
from members.imports.scope import institutions_for
from members.imports.verdicts import Judged, Sort, check_fields
from members.models import Affiliation, Cluster, Import, Institution, Person
from members.pasted import known_by_another_address

Role = Affiliation.Role
ROLE_WORDS = {
    Role.HEAD: "head; director; principal; headmaster; rector; руководитель; директор; заведующий; заведующая; ректор; "
    "기관장; 교장; 원장; 총장",
    Role.CONTACT: "contact; contact person; deputy head; контакт; контактное лицо; ответственный; ответственное лицо; "
    "담당자; 담당",
    Role.TEACHER: "teacher; instructor; lecturer; educator; педагог; учитель; преподаватель; воспитатель; доцент; "
    "профессор; методист; учительница; 교사; 선생님; 교원; 교수; 강사",
    Role.STAFF: "staff; employee; secretary; сотрудник; секретарь; администратор; специалист; работник; 직원; 행정",
    Role.STUDENT: "student; child; ученик; ученица; студент; студентка; обучающийся; обучающаяся; учащийся; "
    "воспитанник; 학생",
}
ROLES = {word.strip(): role for role, words in ROLE_WORDS.items() for word in words.split(";")}
NAMES = ("family_name", "given_name", "patronymic")


def names_in(cells: dict[str, Any], labels: dict[str, str]) -> dict[str, str]:
    """The name of a person, in one cell or in three. Raises Unusable."""
    parts = {name: text_of(cells.get(name)) for name in NAMES}
    names = parts if parts["family_name"] else parts | names_of(cells.get("full_name"))
    if not names["family_name"]:
        raise Unusable(_("The name is missing. Write it into the cell."))
    if not names["given_name"]:
        raise Unusable(_("The given name is missing. Write it into the cell."))
    check_fields(Person, names, labels)
    if any(sign.isdigit() for sign in "".join(names.values())):
        raise Unusable(_("A name has no digits. Put other things into columns of their own."))
    return names


def full_name(names: dict[str, str]) -> str:
    return " ".join(filter(None, (names[name] for name in NAMES)))


class Institutions:
    """The institutions that a list may speak about, by what they are called."""

    def __init__(self, it: Import, allowed):
        self.only = it.institution
        self.named: dict[str, list[Institution]] = {}
        for one in allowed.filter(pk=self.only.pk) if self.only else allowed:
            for name in {folded(one.name), folded(one.short_name)} - {""}:
                self.named.setdefault(name, []).append(one)
        self.all = {one.pk: one for rows in self.named.values() for one in rows}

    def called(self, name: str) -> Institution:
        """The institution of this name; an empty cell means the one that the import is for. Raises Unusable."""
        if not name and len(self.all) == 1:
            return next(iter(self.all.values()))
        if not name:
            raise Unusable(_("The institution is missing. Write its name, or choose one for the whole list."))
        found = self.named.get(folded(name), [])
        if len(found) != 1:
            raise Unusable(self._why(name, len(found)))
        return found[0]

    def _why(self, name: str, count: int) -> str:
        if count:
            return _("Several institutions are called “%(name)s”. Load a list for each of them.") % {"name": name}
        if self.only:
            return _("This list is for %(institution)s, and the row names “%(name)s”.") % {
                "institution": self.only, "name": name[:80]}  # fmt: skip
        return _("You keep no institution called “%(name)s”. Correct the name, or enter it first.") % {
            "name": name[:80]
        }


class People:
    """Judges and loads people, who are known by e-mail, or by name and birth date inside their institution."""

    def __init__(self, it: Import):
        self.by, self.today = it.by, Cluster.current().today()
        self.labels = {field.name: str(field.label) for field in FIELDS[it.kind]}
        self.institutions = Institutions(it, institutions_for(it.kind, it.by))
        self.seen: dict[Any, int] = {}
        self.names_at: dict[str, str] = {}

    def read(self, cells: dict[str, Any]) -> dict[str, Any]:
        """What a row says. Raises Unusable."""
        names = names_in(cells, self.labels)
        return {
            "names": names,
            "shown": full_name(names),
            "email": email_of(cells.get("email")),
            "birth_date": date_of(cells.get("birth_date"), self.today),
            "role": role_of(text_of(cells.get("role"))),
            "institution": self.institutions.called(text_of(cells.get("institution"))),
        }

    def prepare(self, rows: list[Judged]) -> None:
        """Look up, in few questions, whoever these rows may be about."""
        emails = {row.facts["email"] for row in rows if row.facts.get("email")}
        names = {sort_name(row.facts["names"]) for row in rows if row.facts}
        live = Affiliation.objects.live().filter(institution__in=self.institutions.all)
        signing_in = Person.objects.signing_in_with(emails)
        by_email = list(signing_in.filter(email__in=emails))
        self.by_email = {it.email: it for it in by_email}
        confirmed = signing_in.filter(emailaddress__verified=True)
        self.seconds = set(confirmed.values_list("emailaddress__email", flat=True))
        self.findable = set(Person.objects.findable_by(self.by).filter(email__in=emails).values_list("pk", flat=True))
        self.here: dict[Any, dict[int, Person]] = {}
        self.roles: dict[tuple[int, int, str], Affiliation] = {}
        for it in live.filter(person__sort_name__in=names).select_related("person"):
            key = (it.institution_id, it.person.sort_name, it.person.birth_date)
            self.here.setdefault(key, {})[it.person_id] = it.person
        here = [pk for rows in self.here.values() for pk in rows]
        self.others = set(out_of_reach(self.by).filter(pk__in=here).values_list("pk", flat=True))
        for it in live.filter(person__in=[*by_email, *here]):
            self.roles[it.person_id, it.institution_id, it.role] = it

    def compare(self, row: Judged) -> None:
        """Compare a row with those above it. Raises Unusable."""
        facts, name = row.facts, sort_name(row.facts["names"])
        who = facts["email"] or (name, facts["birth_date"])
        key = (who, facts["institution"].pk, facts["role"])
        if (before := self.seen.setdefault(key, row.number)) != row.number:
            raise Unusable(
                _("The same person stands in row %(number)s already. If these are two people, add birth dates.")
                % {"number": before}
            )
        if facts["email"] and differ(self.names_at.setdefault(facts["email"], name), name):
            raise Unusable(_("This e-mail address stands beside another name. Give each person one of their own."))

    def judge(self, row: Judged) -> None:
        """New, known or changed. Raises Unusable."""
        facts = row.facts
        self._may_be_a(facts["role"], facts["institution"])
        row.known = self._match(facts, sort_name(facts["names"]))
        self._note_changes(row)

    def _may_be_a(self, role: str, institution: Institution) -> None:
        if role in Affiliation.SPEAKING_ROLES and not (
            self.by.coordinates(institution.region_id) or self.by.is_head_of(institution)
        ):
            raise Unusable(_("Heads and contacts are entered by the head or the coordinator. Ask one of them."))

    def _match(self, facts: dict[str, Any], name: str) -> Person | None:
        person = self.by_email.get(facts["email"])
        if person is not None:
            if not person.is_active:
                raise Unusable(_("This e-mail address cannot be used any more. Write another one."))
            if person.pk in self.findable and differ(person.sort_name, name):
                raise Unusable(_("This e-mail address belongs to somebody with another name. Correct one of them."))
            return person
        if facts["email"] in self.seconds:
            raise Unusable(known_by_another_address())
        same = list(self.here.get((facts["institution"].pk, name, facts["birth_date"]), {}).values())
        if facts["email"]:  # somebody who has another address already is another person
            same = [it for it in same if it.email is None]
        if len(same) > 1:
            raise Unusable(_("Several people here bear this name. Write the e-mail address too."))
        return same[0] if same else None

    def _note_changes(self, row: Judged) -> None:
        """Whether the row says anything new; the portal never overwrites what people say about themselves."""
        facts, person = row.facts, row.known
        row.mails = bool(facts["email"])
        if person is None:
            return
        if self._keeps(person):
            said = facts["names"] | {"birth_date": facts["birth_date"], "email": facts["email"]}
            row.changes = {name: value for name, value in said.items() if value and getattr(person, name) != value}
        if "email" in row.changes and person.pk in self.others:
            raise Unusable(answered_by_others())
        if (person.pk, facts["institution"].pk, facts["role"]) in self.roles:
            row.sort, row.mails = Sort.CHANGED if row.changes else Sort.UNCHANGED, False
        elif person.pk in self.findable or not facts["email"]:
            row.sort, row.changes = Sort.CHANGED, row.changes | {"role": facts["role"]}

    def _keeps(self, person: Person) -> bool:
        is_here = any(person.pk in rows for rows in self.here.values())
        return (person.pk in self.findable or is_here) and not person.has_claimed

    def load(self, row: Judged, invite: bool) -> None:
        """Let the row come true."""
        facts, person = row.facts, row.known
        new_role = person is None or (person.pk, facts["institution"].pk, facts["role"]) not in self.roles
        changes = {name: value for name, value in row.changes.items() if name != "role"}
        if changes:
            correct_by_list(person, by=self.by, **changes)
        if not new_role:
            return
        if invite and facts["email"]:
            born = {"birth_date": facts["birth_date"]} if facts["birth_date"] else {}
            entered = invite_person(
                facts["institution"], facts["email"], facts["role"], self.by, **facts["names"], **born
            )
        else:
            person = person or self._enter(facts)
            unasked = person.email in self.by_email and person.pk not in self.findable
            entered = belong_by_list(person, facts["institution"], facts["role"], self.by, ask=unasked)
        self._remember(entered)

    def _enter(self, facts: dict[str, Any]) -> Person:
        return enter_person(
            self.by, email=facts["email"], birth_date=facts["birth_date"], language=self.by.language, **facts["names"]
        )

    def _remember(self, it: Affiliation) -> None:
        person = it.person
        self.roles[person.pk, it.institution_id, it.role] = it
        self.here.setdefault((it.institution_id, person.sort_name, person.birth_date), {})[person.pk] = person
        if person.email and person.email not in self.by_email:
            self.by_email[person.email] = person
            self.findable.add(person.pk)


def role_of(said: str) -> str:
    """The role that a cell names; an empty one means a teacher. Raises Unusable."""
    if not said:
        return Role.TEACHER.value
    by_label = {folded(str(it.label)): it for it in Role} | ROLES
    text = folded(said)
    role = by_label.get(text) or next((by_label[word] for word in text.split() if word in by_label), None)
    if role is None:
        raise Unusable(
            _("The portal knows no role “%(role)s”. Write head, contact, teacher, staff or student.")
            % {"role": said[:60]}
        )
    return role.value


def sort_name(names: dict[str, str]) -> str:
    """The name as the database compares it."""
    return folded(*(names[name] for name in NAMES))


def differ(one: str, other: str) -> bool:
    """Whether two folded names have no word in common."""
    return not set(one.split()) & set(other.split())
