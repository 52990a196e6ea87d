"""Rows of a class list: a student in a class, and perhaps a guardian."""

import re
from typing import Any

from django.utils.translation import gettext as _

from cluster_portal.search import folded
from members.actions.addresses import correct_address
from members.actions.birth_dates import why_not_born
from members.actions.groups import add_student, create_class
from members.actions.guardians import name_guardian
from members.actions.imports import correct_by_list
from members.addresses import answered_by_others, out_of_reach
from members.class_lists import in_classes_of_others, is_proved, only_with_others, same_among
from members.imports.cells import Unusable, date_of, email_of, names_of, text_of, word_of
from members.imports.fields import FIELDS
from members.imports.people import Institutions, full_name, names_in, sort_name
from members.imports.scope import institutions_for
from members.imports.verdicts import Judged, Sort, check_fields
from members.models import Affiliation, Cluster, Group, GroupMember, Guardianship, Import, Person
from members.pasted import PastedPerson

CORRECTED = ("patronymic", "birth_date", "contact_email")


class Classes:
    """Judges and loads students with their class. A class is known by its name and school year."""

    def __init__(self, it: Import):
        cluster = Cluster.current()
        self.by, self.today = it.by, cluster.today()
        self.this_school_year = cluster.school_year_on(self.today)
        self.labels = {field.name: str(field.label) for field in FIELDS[it.kind]}
        self.labels |= {"contact_email": self.labels["email"]}
        self.institutions = Institutions(it, institutions_for(it.kind, it.by))
        self.named: dict[Any, list[dict[str, Any]]] = {}

    def read(self, cells: dict[str, Any]) -> dict[str, Any]:
        """What a row says. Raises Unusable."""
        names = names_in(cells, self.labels)
        facts = {
            "names": names,
            "group": word_of(cells.get("group")),
            "school_year": self._year_of(text_of(cells.get("school_year"))),
            "birth_date": date_of(cells.get("birth_date"), self.today),
            "contact_email": email_of(cells.get("email")),
            "guardian": names_of(cells.get("guardian_name")),
            "guardian_email": email_of(cells.get("guardian_email")),
            "institution": self.institutions.called(text_of(cells.get("institution"))),
        }
        if not facts["group"]:
            raise Unusable(_("The class is missing. Write it into the cell, for instance 7 B."))
        if facts["guardian_email"] and not facts["guardian"]:
            raise Unusable(_("The guardian has an e-mail address and no name. Write the name too."))
        check_fields(Group, {"name": facts["group"]}, {"name": self.labels["group"]})
        guardian_label = dict.fromkeys(facts["guardian"], self.labels["guardian_name"])
        check_fields(Person, facts["guardian"], guardian_label)
        return facts | {"shown": f"{full_name(names)}, {facts['group']}", "patronymic": names["patronymic"]}

    def _year_of(self, said: str) -> int:
        """The year in which the school year begins: "2026/27" and "2026-2027" say it."""
        if not said:
            return self.this_school_year
        found = re.fullmatch(r"(20\d\d)(?:\s*[-/–—]\s*(?:20)?\d\d)?(?:\s*\D*)?", said)
        if not found:
            raise Unusable(_("“%(year)s” is not a school year. Write it as 2026/27.") % {"year": said[:40]})
        return int(found[1])

    def prepare(self, rows: list[Judged]) -> None:
        """Look up, in few questions, whoever these rows may be about."""
        named = {sort_name(row.facts["names"] | {"patronymic": ""}) for row in rows if row.facts}
        there = Affiliation.objects.active().filter(
            role=Affiliation.Role.STUDENT,
            institution__in=self.institutions.all,
            person__in=Person.objects.active().called_one_of(named),
        )
        self.students: dict[Any, list[Person]] = {}
        for it in there.select_related("person"):
            self._remember(it.institution_id, it.person)
        people = [person.pk for rows in self.students.values() for person in rows]
        self.mine = set(Group.objects.visible_to(self.by).values_list("pk", flat=True))
        self.groups = {
            group_key(it): it for it in Group.objects.current().filter(institution__in=self.institutions.all)
        }
        members = GroupMember.objects.now().filter(person__in=people)
        self.members = set(members.values_list("group", "person"))
        self.guardians: dict[int, list[Person]] = {}
        for it in Guardianship.objects.now().filter(child__in=people).select_related("guardian"):
            self.guardians.setdefault(it.child_id, []).append(it.guardian)
        known = {it.pk for rows in self.guardians.values() for it in rows} | set(people)
        self.far = only_with_others(people, self.by)
        self.others = set(out_of_reach(self.by).filter(pk__in=known).values_list("pk", flat=True))

    def _remember(self, institution: int, person: Person) -> None:
        name = folded(person.family_name, person.given_name)
        self.students.setdefault((institution, name), []).append(person)

    def compare(self, row: Judged) -> None:
        """Two rows of one name are two children with two birth dates, or one child with two guardians or classes.

        Raises Unusable.
        """
        facts = row.facts
        name = folded(facts["names"]["family_name"], facts["names"]["given_name"])
        before = self.named.setdefault((facts["institution"].pk, name), [])
        same_born = [it for it in before if it["birth_date"] == facts["birth_date"]]
        unsure = [it for it in before if it["birth_date"] is None or facts["birth_date"] is None]
        again = [it for it in same_born if it["class"] == self._class_of(facts) and it["guardian"] == facts["guardian"]]
        if wrong := again or unsure:
            said = _(
                "The same name stands in row %(number)s already. If these are two students, add birth dates to both."
            )
            raise Unusable(said % {"number": wrong[0]["number"]})
        entry = {name: facts[name] for name in ("birth_date", "guardian")}
        before.append(entry | {"number": row.number, "class": self._class_of(facts)})

    def judge(self, row: Judged) -> None:
        """New, known or changed. Raises Unusable."""
        facts = row.facts
        group = self._group(facts)
        if group is not None and group.pk not in self.mine:
            raise Unusable(_("Another teacher keeps this class. Ask them, or the contact of your institution."))
        row.known = person = self._match(facts)
        if person is None:
            return
        if not person.has_claimed:
            said = {name: facts[name] for name in CORRECTED}
            row.changes = {name: value for name, value in said.items() if value and getattr(person, name) != value}
        if "birth_date" in row.changes and (why := why_not_born(person, facts["birth_date"], self.by)):
            raise Unusable(why)
        if "contact_email" in row.changes and person.contact_email and person.pk in self.others:
            raise Unusable(answered_by_others())
        if group is None or (group.pk, person.pk) not in self.members:
            if person.pk in self.far and not is_proved(person, self._said(facts)):
                raise Unusable(in_classes_of_others())
            row.changes["group"] = facts["group"]
        row.changes |= self._guardian_changes(facts, person)
        row.sort = Sort.CHANGED if row.changes else Sort.UNCHANGED

    def _group(self, facts: dict[str, Any]) -> Group | None:
        return self.groups.get((facts["institution"].pk, compact(facts["group"]), facts["school_year"]))

    def _class_of(self, facts: dict[str, Any]) -> tuple[str, int]:
        return compact(facts["group"]), facts["school_year"]

    def _match(self, facts: dict[str, Any]) -> Person | None:
        """As `add_student` finds them: the same name, and the same birth date where both are known."""
        name = folded(facts["names"]["family_name"], facts["names"]["given_name"])
        named = self.students.get((facts["institution"].pk, name), [])
        same = same_among(named, facts["birth_date"])
        if len(same) > 1:
            raise Unusable(_("Several students are called like that. Write the birth date."))
        return same[0] if same else None

    def _guardian_changes(self, facts: dict[str, Any], person: Person) -> dict[str, Any]:
        if not facts["guardian"]:
            return {}
        known = self._known_guardian(facts, person)
        if known is None:
            return {"guardian_name": facts["guardian"]}
        email = facts["guardian_email"]
        is_new = email and email not in {known.contact_email, known.email} and not known.has_claimed
        if is_new and known.pk in self.others:
            raise Unusable(answered_by_others())
        return {"guardian_email": email} if is_new else {}

    def _known_guardian(self, facts: dict[str, Any], person: Person) -> Person | None:
        name = folded(*facts["guardian"].values())
        return next((it for it in self.guardians.get(person.pk, []) if it.sort_name == name), None)

    def load(self, row: Judged, invite: bool) -> None:
        """Let the row come true."""
        facts, person = row.facts, row.known
        group = self._group(facts) or self._create(facts)
        if person is None or (group.pk, person.pk) not in self.members:
            person = add_student(group, self._said(facts), by=self.by)
            self.members.add((group.pk, person.pk))
        changes = {name: facts[name] for name in CORRECTED if facts[name]}
        if not person.has_claimed and (row.known is None or set(row.changes) & set(CORRECTED)):
            correct_by_list(person, by=self.by, **changes)
        if row.known is None:
            self._remember(facts["institution"].pk, person)
        self._load_guardian(facts, person)

    def _said(self, facts: dict[str, Any]) -> PastedPerson:
        return PastedPerson("", birth_date=facts["birth_date"], **facts["names"])

    def _create(self, facts: dict[str, Any]) -> Group:
        stage = re.match(r"\d{1,2}", facts["group"])
        institution = facts["institution"]
        belongs = any(it.institution_id == institution.pk for it in self.by.active_affiliations)
        group = create_class(
            institution,
            self.by,
            keepers=[self.by] if belongs else [],
            name=facts["group"],
            stage=int(stage[0]) if stage else None,
            school_year=facts["school_year"],
        )
        self.groups[group_key(group)] = group
        self.mine.add(group.pk)
        return group

    def _load_guardian(self, facts: dict[str, Any], person: Person) -> None:
        changes = self._guardian_changes(facts, person)
        if "guardian_name" in changes:
            how, email = Guardianship.How.CLASS_LIST, facts["guardian_email"]
            named = name_guardian(person, self.by, how, email=email, **facts["guardian"])
            self.guardians.setdefault(person.pk, []).append(named.guardian)
        elif changes:
            guardian = self._known_guardian(facts, person)
            correct_address(guardian, facts["guardian_email"], by=self.by)


def compact(name: str) -> str:
    """A class as it is compared: "7 «Б»", "7-б" and "7Б" are one."""
    return re.sub(r"[\W_]", "", folded(name))


def group_key(group: Group) -> tuple[int, str, int]:
    return group.institution_id, compact(group.name), group.school_year
