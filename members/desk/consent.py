"""The desk of consent: conflicts to settle, documents to write and publish, ages."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from members import actions
from members.access import coordinators_only
from members.consent import conflicts_seen_by
from members.forms.consent import AgeForm, TextForm
from members.models import AgePolicy, ConsentDecision, ConsentText, Guardianship, Person, Purpose


@coordinators_only
def consent(request: HttpRequest) -> HttpResponse:
    """Where guardians disagree, and the documents that people decide on."""
    conflicts = conflicts_seen_by(request.user)
    actions.note_views({it.of_child for it in conflicts}, request.user, "conflicts")
    shown = {
        "conflicts": _with_words(conflicts),
        "documents": _documents() if request.user.coordinates_whole_cluster else [],
        "policy": AgePolicy.current(),
    }
    return render(request, "members/desk_consent.html", shown)


@coordinators_only
def document(request: HttpRequest, purpose: str, language: str) -> HttpResponse:
    """Write one document in one language: always the version that nobody has published yet."""
    _writer_of(request, purpose)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    rows = ConsentText.objects.filter(purpose=purpose, language=language)
    draft = rows.drafts().first()
    form = TextForm(request.POST or None, instance=draft, initial=None if draft else _words_of(rows.in_force().first()))
    if sent(request, form):
        actions.write_text(purpose, language, by=request.user, **form.cleaned_data)
        messages.success(request, _("The draft is saved. Nobody sees it before it is published."))
        return redirect("members:desk_consent")
    shown = {"form": form, "purpose": Purpose(purpose).label, "language": dict(settings.LANGUAGES)[language]}
    return render(request, "members/desk_consent_document.html", shown)


@coordinators_only
@require_POST
def publish(request: HttpRequest, purpose: str) -> HttpResponse:
    """Publish the new version of a document in all languages."""
    _writer_of(request, purpose)
    if published := tried(request, actions.publish_texts, purpose):
        said = _("%(document)s: version %(version)s is published. People decide on it from now on.")
        version = published.result[0].version
        messages.success(request, said % {"document": Purpose(purpose).label, "version": version})
    return redirect("members:desk_consent")


@coordinators_only
def ages(request: HttpRequest) -> HttpResponse:
    """From which ages people decide beside their guardian, and alone."""
    if not request.user.has_perm("members.write_consenttext"):
        raise PermissionDenied
    form = AgeForm(request.POST or None, instance=AgePolicy.current())
    if sent(request, form):
        actions.set_age_policy(request.user, **form.cleaned_data)
        messages.success(request, _("The ages are saved. They count from now on, for everybody."))
        return redirect("members:desk_consent")
    return render(request, "members/desk_consent_ages.html", {"form": form})


def _writer_of(request: HttpRequest, purpose: str) -> None:
    if purpose not in Purpose:
        raise Http404
    if not request.user.has_perm("members.write_consenttext"):
        raise PermissionDenied


def _documents() -> list[dict]:
    """Each purpose with its version in force and the languages of its draft."""
    in_force = {it.purpose: it for it in ConsentText.objects.in_force().order_by("-language")}
    drafts: dict[str, set[str]] = {purpose: set() for purpose in Purpose.values}
    for it in ConsentText.objects.drafts():
        drafts[it.purpose].add(it.language)
    return [
        {
            "purpose": purpose.value,
            "label": purpose.label,
            "in_force": in_force.get(purpose.value),
            "languages": [(code, name, code in drafts[purpose.value]) for code, name in settings.LANGUAGES],
            "has_draft": bool(drafts[purpose.value]),
        }
        for purpose in Purpose
    ]


def _words_of(text: ConsentText | None) -> dict | None:
    return {name: getattr(text, name) for name in TextForm.Meta.fields} if text else None


def _with_words(conflicts: list[ConsentDecision]) -> list[dict]:
    """The conflicts, each with the last word of every guardian."""
    children = Person.objects.in_bulk([it.of_child for it in conflicts])
    guards = set(Guardianship.objects.now().filter(child__in=children).values_list("child", "guardian"))
    words: dict[tuple, dict] = {}
    for it in ConsentDecision.objects.about(list(children)).select_related("decided_by"):
        if (it.of_child, it.said_by) in guards:
            words.setdefault((it.of_child, it.purpose), {})[it.said_by] = it
    return [
        {
            "child": children[it.of_child],
            "purpose": it.get_purpose_display(),
            "words": list(words[it.of_child, it.purpose].values()),
        }
        for it in conflicts
    ]
