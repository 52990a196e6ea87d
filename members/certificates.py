"""Certificates: to whom they go, what stands on the paper, and the paper itself (decision 087)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeGuard

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override, pgettext

from cluster_portal import palette
from cluster_portal.fonts import unprintable
from cluster_portal.links import absolute, read_link
from cluster_portal.one_line import one_line
from cluster_portal.pdf import qr_svg, render_pdf
from cluster_portal.public_id import is_public_id
from members.consent import children_among, guarded_now
from members.emblem import draw_emblem
from members.models import Certificate, Cluster, Guardianship, Institution, Person
from members.theme import members_today

LINK_AGE = timedelta(days=365)  # of the mailed link; who signs in has the certificate for good
CHANGED_MEANWHILE = gettext_lazy("Somebody changed this entry at the same moment. Try once more.")


@dataclass(frozen=True)
class Paper:
    """What stands on a certificate beside the name: all of it is copied, and changes no more."""

    kind: str
    title: str
    issuer: str
    begins_on: date
    ends_on: date
    language: str
    hours: int | None = None
    form: str = ""


@dataclass(frozen=True)
class Earned:
    """Somebody who has earned a certificate, what it says, and through which institution they earned it."""

    person: Person
    paper: Paper
    institution: Institution | None = None


def name_to_print(person: Person) -> str:
    """The name for the paper: the one chosen for certificates, or the full name."""
    return one_line(person.name_on_certificate) or person.full_name


def hindrances(said: Mapping[Person, Collection[str]], about: Any, to: Mapping[int, Person | None]) -> dict[int, str]:
    """Why a certificate about one thing cannot be issued to some of these people (by key), in a sentence each.

    `said`: what would be printed beside each name; `to`: their `addressees_of`.
    """
    have_one = set(
        Certificate.objects.valid().about(about).filter(person__in=list(said)).values_list("person", flat=True)
    )
    why_not = {it.pk: _hindrance(it, texts, to[it.pk], it.pk in have_one) for it, texts in said.items()}
    return {key: sentence for key, sentence in why_not.items() if sentence}


def _hindrance(person: Person, texts: Collection[str], addressee: Person | None, has_one: bool) -> str:
    if person.erased_at is not None:
        return _("This person was erased. Nothing is issued to them any more.")
    if has_one:
        return _("%(name)s has a valid certificate for this already.") % {"name": person.full_name}
    if addressee is None:
        said = _("%(name)s is a child, and no guardian is named to receive it. Name one first.")
        return said % {"name": person.full_name}
    return why_not_printed(name_to_print(person), *texts)


def why_not_printed(name: str, *texts: str) -> str:
    """What of a name, and of what stands beside it, the paper cannot show; nothing when it shows all of it."""
    said = _("The paper of %(name)s cannot show these signs: %(signs)s. Correct the name or the title first.")
    signs = unprintable("".join([name, *texts]))
    return said % {"name": name, "signs": signs} if signs else ""


def addressees_of(people: Collection[Person]) -> dict[int, Person | None]:
    """To whom the certificate of each is issued: of a child, to a guardian; None where a child has nobody named.

    Of several guardians it is the one who was named first and can be written to, or else the one named first.
    """
    children = set(children_among([it.pk for it in people]))
    guards: dict[int, Person] = {}
    rows = Guardianship.objects.now().filter(child__in=children, guardian__in=Person.objects.active())
    named = sorted(rows.select_related("guardian").order_by("pk"), key=lambda it: not it.guardian.address)
    for it in named:
        guards.setdefault(it.child_id, it.guardian)
    return {it.pk: guards.get(it.pk) if it.pk in children else it for it in people}


def can_be_mailed(person: Person | None) -> TypeGuard[Person]:
    """Whether a link reaches somebody; else the paper is printed and handed over."""
    return person is not None and person.is_active and bool(person.address)


def reader_of(it: Certificate) -> Person | None:
    """Who is written to about a certificate today: the guardian still, where its grown-up owner has no address."""
    to = addressees_of([it.person])[it.person_id]
    if not can_be_mailed(to) and it.issued_to and held_by(it.issued_to).filter(pk=it.pk).exists():
        return it.issued_to
    return to


def held_by(person: Person) -> QuerySet[Certificate]:
    """What somebody may fetch: their own, those issued to a guardian only once they decide alone; their children's.

    What was issued to a guardian stays open to them when the child is of age and has no address to send it to.
    """
    own = Q(person=person, issued_to=None) if list(children_among([person.pk])) else Q(person=person)
    grown_up = Person.objects.active().filter(guarded_by__in=person.guards.now(), email=None, contact_email="")
    unreached = Q(issued_to=person, person__in=grown_up)
    return Certificate.objects.filter(own | unreached | Q(person__in=[it.pk for it in guarded_now(person)]))


def link_for(it: Certificate, reader: Person) -> str:
    """What the link carries that one reader is mailed: whoever else guards the child has another."""
    return f"{it.public_id}.{reader.public_id}"


def behind_link(token: str) -> tuple[Certificate | None, str]:
    """The certificate of a mailed link; or None and, in a sentence, why the link does not show it (any more)."""
    said = read_link("members.certificate", token, LINK_AGE)
    if said is None:
        return None, _("It was copied in part, or it is older than a year.")
    certificate, _dot, reader = said.partition(".")
    person = Person.objects.active().filter(public_id=reader).first()
    it = held_by(person).select_related("person").filter(public_id=certificate).first() if person else None
    if it is None:
        return None, _("Whoever it was sent to does not fetch this certificate any more.")
    return it, ""


def code_in(typed: str) -> str:
    """The code in what somebody typed: with spaces or dashes, in capitals, or the whole address of its page."""
    joined = re.sub(r"[\s\u2010-\u2015-]", "", typed.lower())
    parts = re.findall(r"\w+", joined)
    return next((part for part in reversed(parts) if is_public_id(part)), "")


def facts_of(it: Certificate) -> list[tuple[str, str]]:
    """What stands on the paper beside the name and what it is for, in words: (what, how), nothing that is empty."""
    rows = [
        (_("Academic hours"), str(it.hours) if it.hours else ""),
        (_("Form of taking part"), it.get_form_display()),
        (pgettext("certificate", "Held"), _held(it)),
        (_("Issued by"), it.issuer),
        (_("Issued on"), date_format(it.issued_on, "DATE_FORMAT")),
        (_("Number of the certificate"), it.number),
    ]
    return [(label, said) for label, said in rows if said]


def in_one_sentence(it: Certificate) -> str:
    """The same as one line, for the credential."""
    return f"{it.get_kind_display()}. " + "; ".join(f"{label}: {said}" for label, said in facts_of(it))


def _held(it: Certificate) -> str:
    first, last = (date_format(day, "DATE_FORMAT") for day in (it.begins_on, it.ends_on))
    return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}


def certificates_pdf(rows: Sequence[Certificate], title: str = "") -> bytes:
    """The papers of one certificate or many, a page each in its own language, whoever asks for them."""
    cluster = Cluster.current()
    facts = {
        "title": title,
        "accent": palette.colour("accent", cluster.hue),
        "emblem": draw_emblem(members_today(cluster), cluster.hue),
        "papers": [_paper(it) for it in rows],
    }
    with override(rows[0].language):
        return render_pdf("members/certificate", facts | {"title": title or facts["papers"][0]["title"]})


def _paper(it: Certificate) -> dict[str, Any]:
    address = absolute(it.get_absolute_url())
    with override(it.language):
        heading = str(Certificate.Kind(it.kind).label)
        return {
            "language": it.language[:2],
            "title": f"{heading}: {it.title}",
            "heading": heading,
            "lead": _lead(it),
            "name": it.name_printed,
            "for": it.title,
            "facts": facts_of(it),
            "emblem_alt": _("The emblem of the cluster"),
            "address": address,
            "svg": qr_svg(address),
            "verify": _("Whether this paper holds is said at %(page)s; its code is %(code)s.")
            % {"page": absolute("/verify/"), "code": it.public_id},
        }


def _lead(it: Certificate) -> str:
    """The line between the name and what it is for."""
    match it.kind:
        case Certificate.Kind.COMPLETION:
            return _("has completed")
        case Certificate.Kind.AWARD:
            return _("is awarded for")
    return _("is thanked for")
