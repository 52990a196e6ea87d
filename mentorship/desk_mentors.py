"""The desk of mentorship: an overview, who offers to mentor, what each has, until when they are cleared."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from cluster_portal.moves import available_moves, may_move
from members.access import coordinators_only
from mentorship import actions
from mentorship.forms_mentors import AdmitForm, ClearanceForm, ReasonForm
from mentorship.leaving import has_left
from mentorship.models import Mentor, MentorRequest
from mentorship.words import load_in_words, mentor_as_facts

PER_PAGE = 50
HERE = {"offered": 0, "active": 1, "paused": 2}


@coordinators_only
def mentors(request: HttpRequest) -> HttpResponse:
    """Offers that wait, the longest first; then all mentors by name, with what each has taken on."""
    first = Case(*[When(state=state, then=place) for state, place in HERE.items()], default=3)
    rows = Mentor.objects.visible_to(request.user).filter(state__in=list(HERE)).with_people().with_loads()
    page = Paginator(rows.order_by(first, "person__sort_name", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    today = request.cluster.today()
    for it in page:
        it.load, it.is_cleared = load_in_words(it), it.is_cleared_on(today)
    return render(request, "mentorship/desk_mentors.html", {"page": page, "trail": [trail_begin()]})


@coordinators_only
def mentor(request: HttpRequest, public_id: str) -> HttpResponse:
    """One mentor on the desk: what they offer, what they have; admit, decline, note the clearance."""
    it = mentor_of(request, public_id)
    today = request.cluster.today()
    kept = MentorRequest.objects.kept_by(request.user)
    pairings = it.pairings.filter(request__in=kept.values("pk")).select_related("request__by").order_by("-pk")
    shown = {
        "it": it,
        "facts": mentor_as_facts(it),
        "load": load_in_words(it),
        "is_cleared": it.is_cleared_on(today),
        "has_left": it.state in actions.LIVE and has_left(it),
        "pairings": pairings,
        "keeps": may_move(request.user, it, "clear"),
        "moves": available_moves(request.user, it),
        "admit_form": AdmitForm(initial={"clearance_until": it.clearance_until if it.is_cleared_on(today) else None}),
        "clearance_form": ClearanceForm(initial={"until": it.clearance_until}),
        "trail": [trail_begin(), _all()],
    }
    return render(request, "mentorship/desk_mentor.html", shown)


@coordinators_only
@require_POST
def admit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Admit a mentor, with the clearance that was seen."""
    it = mentor_to(request, public_id, "admit")
    form = AdmitForm(request.POST)
    if _is_valid(request, form) and tried(request, actions.admit_mentor, it, **form.cleaned_data):
        messages.success(request, str(Mentor.MOVES["admit"].done))
    return redirect("mentorship:desk_mentor", public_id)


@coordinators_only
@require_POST
def clear(request: HttpRequest, public_id: str) -> HttpResponse:
    """Note until when a mentor may work with minors."""
    it = mentor_to(request, public_id, "clear")
    form = ClearanceForm(request.POST)
    if _is_valid(request, form) and tried(request, actions.note_clearance, it, **form.cleaned_data):
        messages.success(request, _("Noted. A mail tells them."))
    return redirect("mentorship:desk_mentor", public_id)


@coordinators_only
def decline(request: HttpRequest, public_id: str) -> HttpResponse:
    """Decline an offer with a reason."""
    it = mentor_to(request, public_id, "decline")
    if "decline" not in available_moves(request.user, it):
        messages.info(request, _("This offer was answered already."))
        return redirect("mentorship:desk_mentor", public_id)
    help_text = _("They read it in a mail, and can offer again.")
    form = ReasonForm(request.POST or None, help_text=help_text)
    if sent(request, form) and tried(request, actions.decline_mentor, it, **form.cleaned_data):
        messages.success(request, str(Mentor.MOVES["decline"].done))
        return redirect("mentorship:desk_mentors")
    trail = [trail_begin(), _all()]
    shown = {"form": form, "title": _("Decline an offer"), "tag": it.person.full_name, "trail": trail}
    return render(request, "mentorship/desk_reason.html", shown | {"submit": Mentor.MOVES["decline"].label})


@coordinators_only
@require_POST
def act_on_mentor(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let a mentor be none any more."""
    it = mentor_of(request, public_id)
    act(request, it, {"end": actions.end_mentor})
    return redirect("mentorship:desk_mentor", public_id)


def mentor_of(request: HttpRequest, public_id: str) -> Mentor:
    """A mentor whom coordinators see, with what they have; 404 for every other."""
    rows = Mentor.objects.visible_to(request.user).with_people().with_loads()
    return get_object_or_404(rows, public_id=public_id)


def mentor_to(request: HttpRequest, public_id: str, move: str) -> Mentor:
    """A mentor of this desk, about whom this person may decide."""
    it = mentor_of(request, public_id)
    if not may_move(request.user, it, move):
        raise PermissionDenied
    return it


def _is_valid(request: HttpRequest, form: AdmitForm | ClearanceForm) -> bool:
    if form.is_valid():
        return True
    messages.warning(request, " ".join(error for errors in form.errors.values() for error in errors))
    return False


def trail_begin() -> tuple[str, str]:
    """Where the trail of all pages of mentorship on the desk begins."""
    return reverse("mentorship:desk_mentorship"), _("Mentorship")


def _all() -> tuple[str, str]:
    return reverse("mentorship:desk_mentors"), _("Mentors")
