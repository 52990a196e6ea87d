"""The consents of a class: who has answered, slips on paper, reminders, and what came back signed."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from cluster_portal.pdf import pdf_response
from members import actions
from members.access import for_class_keepers
from members.consent import State, deciders_of, people_to_answer, states_of, without_guardian
from members.consent_slips import slips_pdf
from members.forms.consent import AskForm, GuardianForm, PaperForm
from members.lapsing import lapsing_soon
from members.models import ConsentDecision, ConsentText, Group, Person, Purpose
from members.traffic_lights import children_of, lights_of


@for_class_keepers
def class_consent(request: HttpRequest, public_id: str) -> HttpResponse:
    """The traffic light of a class: a line for each child, those with most missing first."""
    group = _group(request, public_id)
    children = children_of(group)
    rows, purposes = lights_of(children)
    actions.note_views([child.pk for child in children], request.user, "class consent")
    waited_for = actions.reminders_for(children)
    shown = {
        "group": group,
        "rows": rows,
        "purposes": [Purpose(it).label for it in purposes],
        "form": AskForm(),
        "waited_for": len(waited_for),
        "lapsing": lapsing_soon(Person.objects.filter(pk__in=[child.pk for child in children])),
        "without_guardian": len(without_guardian(children)),
    }
    return render(request, "members/class_consent.html", shown)


@for_class_keepers
@require_POST
def ask(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask the guardians of the whole class for consent."""
    group = _group(request, public_id)
    form = AskForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Nothing was asked. Mark at least one purpose."))
        return redirect("members:class_consent", public_id)
    if asked := tried(request, actions.request_consent, children_of(group), form.cleaned_data["purposes"]):
        sent = asked.result
        said = ngettext("Asked. %(count)s mail is on its way.", "Asked. %(count)s mails are on their way.", sent)
        if not sent:
            said = _("Asked. No mail leaves now: whoever has an address was written to today. Remind them tomorrow.")
        messages.success(request, said % {"count": sent} + " " + _("Print slips for those without e-mail."))
    return redirect("members:class_consent", public_id)


@for_class_keepers
@require_POST
def remind(request: HttpRequest, public_id: str) -> HttpResponse:
    """Remind exactly those who have not answered."""
    if reminded := tried(request, actions.remind_guardians, children_of(_group(request, public_id))):
        said = ngettext("%(count)s person is reminded.", "%(count)s people are reminded.", reminded.result)
        messages.success(request, said % {"count": reminded.result})
    return redirect("members:class_consent", public_id)


@for_class_keepers
def slips(request: HttpRequest, public_id: str) -> HttpResponse:
    """Slips for the whole class: one for each child and guardian, to cut from nothing and to take home."""
    group = _group(request, public_id)
    children = children_of(group)
    actions.note_views([child.pk for child in children], request.user, "slips")
    return pdf_response(slips_pdf(group, children, asked_by=request.user), f"consent-{group.public_id}.pdf")


@for_class_keepers
def telephone(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who has not answered and is reached by no mail: a sheet to telephone through."""
    group = _group(request, public_id)
    children = children_of(group)
    rows, _purposes = lights_of(children)
    silent: dict[int, list[Person | None]] = {pk: [None] for pk in without_guardian(children)}
    for it in people_to_answer([child.pk for child in children]):
        if it.is_silent:
            silent.setdefault(it.child, []).append(it.reader)
    lines = [
        {"child": row["child"], "reader": reader, "open": row["open"]}
        for row in rows
        if row["open"]
        for reader in silent.get(row["child"].pk, [])
    ]
    actions.note_views({line["child"].pk for line in lines}, request.user, "telephone")
    return render(request, "members/consent_telephone.html", {"group": group, "lines": lines})


@for_class_keepers
def child_consent(request: HttpRequest, public_id: str, child_id: str) -> HttpResponse:
    """One child: guardians, what each said and when, and what came back on paper."""
    group, child = _child(request, public_id, child_id)
    actions.note_view(child, request.user, "child consent")
    form = _paper_form(request, child)
    if sent(request, form):
        facts = form.cleaned_data
        said = (child, facts["signed_by"], form.answers(), facts["seen_on"])
        if tried(request, actions.record_paper, *said, scan=facts["scan"], shown=form.shown()):
            messages.success(request, _("Written down as seen on paper."))
            return redirect("members:child_consent", public_id, child_id)
    states = {purpose: state for (_pk, purpose), state in states_of([child.pk]).items() if state != State.NOT_NEEDED}
    shown = {
        "group": group,
        "child": child,
        "form": form,
        "states": [(Purpose(purpose).label, state) for purpose, state in states.items()],
        "guardianships": child.guarded_by.now().select_related("guardian", "asserted_by"),
        "decisions": _said_about(child),
        "guardian_form": GuardianForm(),
        "deciders": deciders_of(child),
    }
    return render(request, "members/child_consent.html", shown)


@for_class_keepers
@require_POST
def add_guardian(request: HttpRequest, public_id: str, child_id: str) -> HttpResponse:
    """Name a guardian of a child."""
    _of, child = _child(request, public_id, child_id)
    if not request.user.has_perm("members.name_guardian", child):
        raise PermissionDenied
    form = GuardianForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("The guardian was not written down. Enter both names and a real address."))
        return redirect("members:child_consent", public_id, child_id)
    if tried(request, actions.name_guardian, child, **form.cleaned_data):
        messages.success(request, _("The guardian is written down."))
    return redirect("members:child_consent", public_id, child_id)


@for_class_keepers
@require_POST
def end_guardian(request: HttpRequest, public_id: str, child_id: str, guardianship_id: str) -> HttpResponse:
    """Somebody is not a guardian any more."""
    _of, child = _child(request, public_id, child_id)
    if not request.user.has_perm("members.name_guardian", child):
        raise PermissionDenied
    it = get_object_or_404(child.guarded_by, public_id=guardianship_id)
    if tried(request, actions.end_guardianship, it):
        messages.success(request, _("Not a guardian any more: the link is closed, the answers count no more."))
    return redirect("members:child_consent", public_id, child_id)


def _said_about(child: Person) -> QuerySet:
    rows = ConsentDecision.objects.about([child.pk]).select_related("decided_by", "recorded_by", "scan", "text")
    return rows.reverse()


def _group(request: HttpRequest, public_id: str) -> Group:
    rows = Group.objects.current().visible_to(request.user).select_related("institution")
    return get_object_or_404(rows, public_id=public_id)


def _child(request: HttpRequest, public_id: str, child_id: str) -> tuple[Group, Person]:
    group = _group(request, public_id)
    rows = Person.objects.active().filter(group_memberships__in=group.memberships.now())
    return group, get_object_or_404(rows, public_id=child_id)


def _paper_form(request: HttpRequest, child: Person) -> PaperForm:
    deciders = deciders_of(child)
    people = Person.objects.active()
    signers = people.none()
    if deciders.guardians:
        signers |= people.filter(guards__in=child.guarded_by.now())
    if deciders.themself:
        signers |= people.filter(pk=child.pk)
    asked, today = list(child.consent_requests.values_list("purpose", flat=True)), request.cluster.today()
    return PaperForm(
        request.POST or None,
        request.FILES or None,
        deciders=signers.distinct(),
        purposes=[it.value for it in Purpose if it.value in asked],
        texts=list(ConsentText.objects.on_paper_of(child, today)),
        scanned=request.GET,
        today=today,
    )
