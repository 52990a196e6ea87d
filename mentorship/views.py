"""What mentorship is; what one offers as a mentor; what one asks for, and how far it has come."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from cluster_portal.moves import available_moves, may_move
from members.models import Affiliation
from members.taking_part import right_through
from mentorship import actions
from mentorship.asking import MENTORSHIP, right_to_ask, rights_to_ask
from mentorship.chain import chain_of, chain_of_right
from mentorship.forms_mentors import OfferForm, PauseForm
from mentorship.forms_requests import AskForm
from mentorship.models import Mentor, MentorRequest, Pairing, Terms
from mentorship.shown_elsewhere import mentors_by_theme
from mentorship.words import mentor_as_facts, owed_in_words, request_as_facts

For = MentorRequest.For
ASKED = Pairing.State.PROPOSED
SHOWN = (*Pairing.LIVE, Pairing.State.COMPLETED, Pairing.State.DISSOLVED)
HAS_A_YES = {MentorRequest.State.ACCEPTED, MentorRequest.State.PAIRED}


@login_not_required
def mentorship(request: HttpRequest) -> HttpResponse:
    """What mentorship is, how many mentors there are by theme, without names; and what is the reader's own of it."""
    shown: dict[str, Any] = {"count": Mentor.objects.taking().count(), "terms": Terms.current()}
    shown["directions"] = mentors_by_theme()
    if request.user.is_authenticated:
        shown |= _what_is_mine(request)
    return render(request, "mentorship/mentorship.html", shown)


def _what_is_mine(request: HttpRequest) -> dict[str, Any]:
    person = request.user
    held = Prefetch("pairings", Pairing.objects.held().order_by("pk"), to_attr="held")
    requests = list(person.mentor_requests.prefetch_related(held).order_by("-asked_at", "-pk"))
    for it in requests:
        it.owed = owed_in_words(it, own=True)
        it.met = it.held[-1] if it.held and it.state == MentorRequest.State.PAIRED else None
    mentored = Pairing.objects.filter(mentor__person=person).live().select_related("request").order_by("-pk")
    return {
        "mentor": Mentor.objects.filter(person=person).first(),
        "requests": requests,
        "asked": [it for it in mentored if it.state == ASKED],
        "mentored": [it for it in mentored if it.state != ASKED],
        "right": right_to_ask(person, request.cluster.today()),
    }


def offer(request: HttpRequest) -> HttpResponse:
    """What I offer as a mentor: offered for the first time, changed, or offered again."""
    mentor = Mentor.objects.filter(person=request.user).first()
    stored = Mentor.objects.filter(person=request.user).first()  # a form writes into its instance what is only tried
    form = OfferForm(request.POST or None, instance=stored, initial=None if stored else _usual(request))
    is_live = mentor is not None and mentor.state in actions.LIVE
    if sent(request, form):
        done = (
            tried(request, actions.change_mentor, mentor, **form.cleaned_data)
            if is_live
            else tried(request, actions.offer_mentoring, **form.cleaned_data)
        )
        if done:
            said = _("Saved.") if is_live else _("Thank you. A coordinator looks at it and answers by mail.")
            messages.success(request, said)
            return redirect("mentorship:offer")
    moves = available_moves(request.user, mentor) if mentor else {}
    shown = {"mentor": mentor, "form": form, "is_live": is_live, "moves": moves, "pause_form": PauseForm()}
    return render(request, "mentorship/offer.html", shown)


def _usual(request: HttpRequest) -> dict[str, Any]:
    zone = request.user.time_zone or request.cluster.time_zone
    return {"languages": [get_language()], "time_zone": zone, "formats": ["online"]}


@require_POST
def act_on_mentor(request: HttpRequest) -> HttpResponse:
    """Resume or stop."""
    mentor = get_object_or_404(Mentor, person=request.user)
    act(request, mentor, {name: actions.ACTIONS["mentor"][name] for name in ("resume", "end")})
    return redirect("mentorship:offer")


@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """Take no new requests for a while."""
    mentor = get_object_or_404(Mentor, person=request.user)
    form = PauseForm(request.POST)
    if not form.is_valid():
        messages.warning(request, " ".join(error for errors in form.errors.values() for error in errors))
    elif tried(request, actions.pause_mentor, mentor, **form.cleaned_data):
        messages.success(request, str(Mentor.MOVES["pause"].done))
    return redirect("mentorship:offer")


def mentor(request: HttpRequest, public_id: str) -> HttpResponse:
    """What a mentor says of themself, for those who may know; how they are reached is not shown."""
    it = get_object_or_404(Mentor.objects.visible_to(request.user).with_people(), public_id=public_id)
    return render(request, "mentorship/mentor.html", {"it": it, "facts": mentor_as_facts(it)})


def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a mentor: first what for, then the fields that belong to it."""
    rights = [it for it in rights_to_ask(request.user, request.cluster.today()) if it.holds]
    what_for = request.GET.get("for", "")
    if not rights or what_for not in For.values:
        right = right_to_ask(request.user, request.cluster.today())
        shown = {"right": right, "links": chain_of_right(right), "ways": For, "terms": Terms.current()}
        return render(request, "mentorship/ask.html", shown)
    affiliations: list[Affiliation] = [it.affiliation for it in rights if it.affiliation]
    usual = {"languages": [get_language()], "formats": ["online"]}
    form = AskForm(request.POST or None, what_for=what_for, affiliations=affiliations, initial=usual)
    if sent(request, form) and (asked := tried(request, actions.ask_for_mentor, **form.facts())):
        messages.success(request, _("Thank you. This page says at any time who owes you the next answer."))
        return redirect(asked.result)
    return render(request, "mentorship/request_form.html", {"form": form, "title": For(what_for).label})


def request_of(request: HttpRequest, public_id: str) -> MentorRequest:
    """A request that its reader may see; 404 for every other."""
    return get_object_or_404(MentorRequest.objects.visible_to(request.user).with_parts(), public_id=public_id)


def mentor_request(request: HttpRequest, public_id: str) -> HttpResponse:
    """One request as a chain: asked, a mentor asked, agreed, met, outcome; who owes the next answer, and until when."""
    it = request_of(request, public_id)
    pairing = (
        it.pairings.filter(state__in=SHOWN)
        .select_related("mentor__person")
        .annotate(met_on=Max("log__day"), outcome_count=Count("outcomes", distinct=True))
        .order_by("-pk")
        .first()
    )
    own, keeps = request.user.pk == it.by_id, may_move(request.user, it, "close")
    # Whoever was asked before, and said no, does not learn who said yes.
    knows = own or keeps or (pairing is not None and pairing.mentor.person_id == request.user.pk)
    shown = {
        "it": it,
        "own": own,
        "keeps": keeps,
        "facts": request_as_facts(it),
        "links": chain_of(it, request.user, pairing if knows else None),
        "known_mentor": pairing.mentor if pairing and knows and it.state in HAS_A_YES else None,
        "moves": _moves_here(request, it, pairing),
        "no_right": _no_right_any_more(request, it) if keeps and it.is_live else "",
    }
    return render(request, "mentorship/request.html", shown)


def _no_right_any_more(request: HttpRequest, it: MentorRequest) -> str:
    """Why whoever asked could not ask today; nothing when they could. It ends nothing by itself."""
    return right_through(it.affiliation, MENTORSHIP, request.cluster.today()).missing


def _moves_here(request: HttpRequest, it: MentorRequest, pairing: Pairing | None) -> dict[str, Any]:
    """The buttons of the page: a teacher sees no “another mentor” while one is asked, or is there."""
    moves = {name: label for name, label in available_moves(request.user, it).items() if name in {"withdraw", "reopen"}}
    is_under_way = pairing is not None and pairing.state in Pairing.LIVE
    if is_under_way and (it.state == MentorRequest.State.PAIRED or not may_move(request.user, it, "close")):
        moves.pop("reopen", None)
    return moves


def edit_request(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change what is asked for, while no mentor has been asked."""
    it = request_of(request, public_id)
    if not may_move(request.user, it, "change"):
        raise PermissionDenied
    if it.state != MentorRequest.State.OPEN:
        messages.info(request, _("This request cannot be changed now. This page says how far it has come."))
        return redirect(it)
    form = AskForm(
        request.POST or None,
        instance=request_of(request, public_id),
        what_for=it.what_for,
        affiliations=[it.affiliation],
    )
    if sent(request, form) and tried(request, actions.change_request, it, **form.cleaned_data):
        messages.success(request, _("Saved."))
        return redirect(it)
    shown = {"form": form, "title": it.get_what_for_display(), "it": it}
    return render(request, "mentorship/request_form.html", shown)


@require_POST
def act_on_request(request: HttpRequest, public_id: str) -> HttpResponse:
    """Withdraw a request, or look for another mentor."""
    it = request_of(request, public_id)
    act(request, it, {"withdraw": actions.withdraw_request, "reopen": actions.reopen_request})
    return redirect(it)
