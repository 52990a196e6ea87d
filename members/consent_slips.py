"""Slips for paper: A5 sheets for each child and each person who decides, with a QR code of their signed link.

A slip shows every word of the documents, with version and fingerprint: what is signed proves what was read.
"""

from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import urlencode

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override, pgettext

from cluster_portal.links import signed_link
from cluster_portal.pdf import qr_svg, render_pdf
from members.consent import LINK_AGE, State, deciders_of, states_of
from members.models import Cluster, ConsentText, Group, Guardianship, Person


def slips_pdf(group: Group, children: Collection[Person], asked_by: Person) -> bytes:
    """The slips of a class as one PDF, each in the language of who reads it."""
    title = _("Consent slips: %(group)s") % {"group": group}
    return render_pdf("members/consent_slips", {"title": title, "slips": list(slips(group, children, asked_by))})


def slips(group: Group, children: Collection[Person], asked_by: Person) -> Iterator[dict[str, Any]]:
    """What stands on each slip; where nobody has named a guardian, it has a line for the name, and no link."""
    states = states_of([child.pk for child in children])
    guards: dict[int, list[Guardianship]] = {child.pk: [] for child in children}
    for it in Guardianship.objects.now().filter(child__in=guards).select_related("guardian"):
        guards[it.child_id].append(it)
    texts = {language: ConsentText.objects.for_reader(language) for language in _languages(children, guards)}
    for child in children:
        asked = [key[1] for key, state in states.items() if key[0] == child.pk and state != State.NOT_NEEDED]
        for reader, link in _readers(child, guards[child.pk]):
            with override((reader or child).language):
                known = texts[(reader or child).language]
                papers = [known[purpose] for purpose in asked if purpose in known]
                if papers:
                    yield _slip(group, child, reader, link, papers, asked_by)


def _languages(children: Collection[Person], guards: dict[int, list[Guardianship]]) -> set[str]:
    theirs = {it.guardian.language for rows in guards.values() for it in rows}
    return theirs | {child.language for child in children}


def _readers(child: Person, guardianships: list[Guardianship]) -> Iterator[tuple[Person | None, str]]:
    """Who gets a slip, and the link on it."""
    deciders = deciders_of(child)
    if deciders.guardians:
        for it in guardianships:
            yield it.guardian, signed_link("members.consent", it.public_id)
        if not guardianships:
            yield None, ""
    if deciders.themself:
        yield child, signed_link("members.own_consent", child.public_id)


def _paper(text: ConsentText) -> dict[str, Any]:
    """One document with all that its hash covers, as the page of the link shows it."""
    months = text.valid_months
    facts = [[_("Legal basis"), text.legal_basis], [_("Kept"), text.retention], [_("To take it back"), text.contact]]
    if months:
        held = ngettext("%(months)s month", "%(months)s months", months) % {"months": months}
        facts.append([_("Holds for"), held])
    return {"title": text.title, "text": text.text, "facts": facts, "mark": text.mark}


def link_of_slip(link: str, papers: Collection[ConsentText]) -> str:
    """The link with the texts that this slip shows: who keeps the class and scans it need not choose them."""
    return f"{link}?{urlencode({'paper': '.'.join(it.public_id for it in papers)})}" if link else ""


def _slip(group, child, reader, link, papers, asked_by) -> dict[str, Any]:
    cluster = Cluster.current()
    until = date_format(cluster.today() + LINK_AGE, "DATE_FORMAT")
    link = link_of_slip(link, papers)
    return {
        "heading": _("Consent for %(name)s") % {"name": child.full_name},
        "asks": _("%(cluster)s asks. Class %(group)s, %(institution)s; handed out by %(teacher)s.")
        % {"cluster": cluster, "group": group, "institution": group.institution, "teacher": asked_by.full_name},
        "reader": _("To: %(name)s") % {"name": reader.full_name} if reader else _("To the guardian:"),
        "papers": [_paper(it) for it in papers],
        "yes": _("I agree"),
        "no": _("I do not agree"),
        "link": link,
        "svg": qr_svg(link) if link else "",
        "scan": _("Read all of it and answer by phone until %(day)s: point the camera here.") % {"day": until},
        "or": _("Or mark each line, sign, and give the sheet back to the teacher. You can take it back at any time."),
        "sign": [pgettext("person", "Name"), _("Date"), _("Signature")],
    }
