"""What jurors see: their juries, their list in an order of their own, and one entry with the rubric beside it."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.files.base import ContentFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal import autosave
from cluster_portal.buttons import Outcome, act, outcome_in, sent, tried
from cluster_portal.moves import available_moves
from cluster_portal.uploads import sent_as_attachment
from competitions import actions
from competitions.blind import file_for_jurors, for_masking, shown_to_jurors, titles_for_jurors
from competitions.clean_files import CannotClean
from competitions.entering import judging_end_in_words
from competitions.forms_jury import ConflictForm, ReasonForm, ReviewForm, TermsForm
from competitions.models import Competition, Criterion, Entry, Juror, Review

MOST_DIGITS = 10  # of a key that somebody sent


def juries(request: HttpRequest) -> HttpResponse:
    """The juries I am in, or am asked into; those that are over last."""
    rows = Juror.objects.filter(person=request.user).exclude(competition__state=Competition.State.CANCELLED)
    rows = rows.bound().with_loads().select_related("competition").order_by("-competition__judged_until", "pk")
    found = list(rows)
    for it in found:
        it.waiting = it.assigned_count - it.given_count
        it.until = judging_end_in_words(it.competition)
    return render(request, "competitions/juries.html", {"juries": found})


def juror(request: HttpRequest, public_id: str) -> HttpResponse:
    """One jury: asked, say yes or no; in it, what to read and what was given."""
    it = juror_of(request, public_id)
    form = TermsForm(request.POST or None, instance=it)
    if sent(request, form) and _answered(request, it, form):
        return redirect(it)
    reviews = _list_of(it) if it.state == Juror.State.ACTIVE else []
    shown = {
        "it": it,
        "competition": it.competition,
        "until": judging_end_in_words(it.competition),
        "form": form,
        "moves": available_moves(request.user, it),
        "reviews": reviews,
        "given": sum(one.state == Review.State.COMPLETED for one in reviews),
        "next": next((one for one in reviews if one.state == Review.State.ASSIGNED), None),
        "conflict_form": ConflictForm(),
        "conflicts": it.conflicts.select_related("institution"),
        "is_over": it.competition.state != Competition.State.PUBLISHED,
    }
    return render(request, "competitions/juror.html", shown)


def _answered(request: HttpRequest, it: Juror, form: TermsForm) -> Outcome:
    """Accept what one was asked, or change what one has said."""
    if it.state == Juror.State.INVITED:
        done = outcome_in(form, None, actions.accept_juror, it, by=request.user, **form.cleaned_data)
        said = str(Juror.MOVES["accept"].done)
    else:
        done = outcome_in(form, None, actions.change_terms, it, by=request.user, **form.cleaned_data)
        said = _("Noted. What is assigned to you already stays.")
    if done:
        messages.success(request, said)
    return done


def juror_of(request: HttpRequest, public_id: str) -> Juror:
    """My own place in a jury, asked or taken; 404 for everybody else's."""
    rows = Juror.objects.bound().filter(person=request.user).exclude(competition__state="cancelled")
    return get_object_or_404(rows.select_related("competition", "person"), public_id=public_id)


def _list_of(it: Juror) -> list[Review]:
    """What a juror has to read and has read, in their own order, with titles as they may read them."""
    reviews = list(Review.objects.of_juror(it.person).filter(juror=it))
    entries = {one.pk: one for one in for_masking(Entry.objects.filter(pk__in=[one.entry_id for one in reviews]))}
    titles = titles_for_jurors(entries.values())
    for number, one in enumerate(reviews, 1):
        entry = entries[one.entry_id]
        one.number, one.title = number, titles[one.entry_id]  # type: ignore[attr-defined]
        one.nomination = entry.nomination  # type: ignore[attr-defined]
    return reviews


@require_POST
def act_on_juror(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say no, or leave the jury."""
    it = juror_of(request, public_id)
    moves = actions.ACTIONS["juror"]
    act(request, it, {name: moves[name] for name in ("decline", "end")})
    return redirect("competitions:juries")


@require_POST
def declare(request: HttpRequest, public_id: str) -> HttpResponse:
    """Declare a conflict of interest, or take a mistaken one back; the answer tells nothing of who is known or hit."""
    it = juror_of(request, public_id)
    if key := request.POST.get("take_back", ""):
        declared = get_object_or_404(it.conflicts, pk=int(key) if key.isdecimal() and len(key) < MOST_DIGITS else 0)
        if tried(request, actions.take_back_conflict, it, declared=declared):
            messages.success(request, _("The declaration is taken back."))
        return redirect(it)
    form = ConflictForm(request.POST)
    if not form.is_valid():
        messages.warning(request, " ".join(str(said) for errors in form.errors.values() for said in errors))
    elif tried(request, actions.declare_conflict, it, **form.cleaned_data):
        messages.success(request, _("Noted. What you are to read is checked against it at night."))
    return redirect(it)


def review_of(request: HttpRequest, public_id: str) -> Review:
    """A review that is asked of me, or that I gave; 404 for everybody else's."""
    rows = Review.objects.of_juror(request.user).select_related("juror__person")
    return get_object_or_404(rows.prefetch_related("scores"), public_id=public_id)


def review(request: HttpRequest, public_id: str) -> HttpResponse:
    """One entry beside the rubric. The form saves itself where there is script; the buttons save it everywhere."""
    it = review_of(request, public_id)
    criteria = list(it.juror.competition.criteria.prefetch_related("examples"))
    form = ReviewForm(it, criteria, request.POST or None)
    if autosave.saves_itself(request):
        return _saved_by_itself(request, it, form)
    theirs: list[tuple[str, str]] = []
    if sent(request, form):
        saving = outcome_in(form, None, actions.save_review, it, by=request.user, **form.facts())
        if saving and not saving.result.theirs:
            return _after_saving(request, it)
        if saving:
            theirs = _differences(criteria, saving.result.theirs)
            form.data = form.data.copy()
            form.data["revision"] = saving.result.revision
    return _page(request, it, form, theirs)


def _page(request: HttpRequest, it: Review, form: ReviewForm, theirs: list[tuple[str, str]]) -> HttpResponse:
    order = list(Review.objects.of_juror(request.user).filter(juror=it.juror_id))
    at = order.index(it)
    scored = sum(form[name].value() not in (None, "") for name in form.criteria)
    shown = {
        "it": it,
        "competition": it.juror.competition,
        "entry": shown_to_jurors(for_masking(Entry.objects.filter(pk=it.entry_id)).get()),
        "form": form,
        "theirs": theirs,
        "scored": _scored(scored, len(form.criteria)),
        "number": at + 1,
        "count": len(order),
        "before": order[at - 1] if at else None,
        "after": order[at + 1] if at + 1 < len(order) else None,
        "may_write": it.state == Review.State.ASSIGNED and it.juror.competition.state == "published",
        "moves": {name: label for name, label in available_moves(request.user, it).items() if name == "reopen"},
        "others": _others(it) if it.others_seen_at else [],
    }
    return render(request, "competitions/review.html", shown)


def _scored(number: int, of: int) -> str:
    return _("%(number)d of %(of)d criteria scored") % {"number": number, "of": of}


def _others(it: Review) -> list[dict[str, Any]]:
    """What the others gave the same entry, without their names, in an order that says nothing of them."""
    given = Review.objects.completed().filter(entry=it.entry_id).exclude(pk=it.pk).prefetch_related("scores__criterion")
    rows = given.order_by("public_id")
    return [{"scores": list(one.scores.all()), "said": one.for_jury} for one in rows]


def _saved_by_itself(request: HttpRequest, it: Review, form: ReviewForm) -> HttpResponse:
    """The answers to the script: saved, saved but for what is not well formed, saved elsewhere since, too late."""
    if request.method != "POST":
        return autosave.where_it_stands(request, it.revision)
    form.is_valid()
    wrong = {name: f"{form.fields[name].label}: {' '.join(map(str, said))}" for name, said in form.errors.items()}
    saving = outcome_in(form, None, actions.save_review, it, by=request.user, **form.facts())
    if not saving:
        return autosave.not_saved(" ".join(form.non_field_errors()))
    if saving.result.theirs:
        return autosave.saved_elsewhere(
            saving.result.revision, _differences(form.criteria.values(), saving.result.theirs)
        )
    parts = {"scored": _scored(it.scores.model.objects.filter(review=it).count(), len(form.criteria))}
    return autosave.saved(saving.result.revision, wrong, parts)


def _differences(criteria: Any, theirs: dict[str, Any]) -> list[tuple[str, str]]:
    titles: dict[str, Criterion] = {it.public_id: it for it in criteria}
    fields = {name: Review._meta.get_field(name).verbose_name for name in ("for_author", "for_jury")}
    labels = {name: str(titles[name]) if name in titles else str(fields[name]) for name in theirs}
    return [(labels[name], "–" if value is None else str(value)) for name, value in theirs.items()]


def _after_saving(request: HttpRequest, it: Review) -> HttpResponse:
    """Given: on to the next that is not read yet. Saved: here again."""
    if request.POST.get("press") != "complete":
        messages.success(request, _("Your review is saved. It counts when you give it."))
        return redirect(it)
    if not tried(request, actions.complete_review, it):
        return redirect(it)
    waiting = Review.objects.of_juror(request.user).filter(juror=it.juror_id).assigned()
    follows = waiting.filter(reading_order__gt=it.reading_order).first() or waiting.first()
    if follows is None:
        messages.success(request, _("Your review is given. That was the last one: thank you."))
        return redirect(it.juror)
    messages.success(request, _("Your review is given. Here is the next entry."))
    return redirect(follows)


@require_POST
def act_on_review(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change what one has given; or look at what the others gave."""
    it = review_of(request, public_id)
    if request.POST.get("move") == "see_others":
        tried(request, actions.see_others, it)
    else:
        act(request, it, {"reopen": actions.reopen_review})
    return redirect(it)


def hand_back(request: HttpRequest, public_id: str) -> HttpResponse:
    """Hand an entry back because one should not judge it."""
    it = review_of(request, public_id)
    form = ReasonForm(request.POST or None)
    if sent(request, form) and tried(request, partial(actions.recuse, reason=form.cleaned_data["reason"]), it):
        messages.success(request, _("The entry goes to somebody else. Thank you for saying so."))
        return redirect(it.juror)
    return render(request, "competitions/hand_back.html", {"it": it, "form": form})


def review_file(request: HttpRequest, public_id: str, number: int) -> HttpResponse:
    """A file of the entry as a copy that names nobody."""
    it = review_of(request, public_id)
    entry = for_masking(Entry.objects.filter(pk=it.entry_id)).get()
    try:
        name, content_type, content = file_for_jurors(entry, number)
    except IndexError as error:
        raise Http404 from error
    except CannotClean:
        messages.warning(
            request, _("No copy of this file can be made that names nobody. Ask the coordinator, or judge without it.")
        )
        return redirect(it)
    return sent_as_attachment(ContentFile(content), name, content_type)
