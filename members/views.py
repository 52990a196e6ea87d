from datetime import timedelta

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act
from cluster_portal.links import read_link
from cluster_portal.moves import Refused, available_moves
from cluster_portal.search import found
from members import actions
from members.access import coordinators_only
from members.forms import ClaimForm, DirectoryFilter, JoinForm, ProfileForm
from members.models import Affiliation, Agreement, Institution, Party, Person

PER_PAGE = 50
INVITATION_AGE = timedelta(days=14)


@login_not_required
def directory(request: HttpRequest) -> HttpResponse:
    """Every institution of the cluster, to be narrowed by name, kind and standing."""
    narrow = DirectoryFilter(request.GET)
    wanted = narrow.cleaned_data if narrow.is_valid() else {}
    rows = Institution.objects.with_standing(request.cluster.today()).select_related("region")
    for name in ("kind", "standing"):
        if wanted.get(name):
            rows = rows.filter(**{name: wanted[name]})
    page = Paginator(found(rows, wanted.get("q", "")), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "members/directory.html", {"page": page, "narrow": narrow})


@login_not_required
def institution(request: HttpRequest, slug: str) -> HttpResponse:
    """One institution: what it is, by which documents it belongs, how to join it."""
    today = request.cluster.today()
    it = get_object_or_404(Institution.objects.with_standing(today).select_related("region"), slug=slug)
    parties = it.parties.filter(agreement__in=Agreement.objects.visible_to(request.user))
    parties = parties.select_related("agreement").prefetch_related("agreement__clauses")
    mine = [own for own in _own_affiliations(request) if own.institution_id == it.pk]
    return render(request, "members/institution.html", {"it": it, "parties": parties, "mine": mine})


def _own_affiliations(request: HttpRequest) -> list[Affiliation]:
    if not request.user.is_authenticated:
        return []
    return list(request.user.affiliations.live().select_related("institution"))


def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask an institution to admit oneself."""
    it = get_object_or_404(Institution, slug=slug)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.ask_to_join(request.user, it, form.cleaned_data["role"], by=request.user)
            messages.success(
                request, _("%(institution)s was asked. You get a mail when it answers.") % {"institution": it}
            )
        except Refused as refused:
            messages.warning(request, str(refused))
        return redirect("coordination:me")
    return render(request, "members/join.html", {"it": it, "form": form})


@login_not_required
def agreements(request: HttpRequest) -> HttpResponse:
    """The agreements that bind the cluster."""
    rows = Agreement.objects.visible_to(request.user).for_lists()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "members/agreements.html", {"page": page})


@login_not_required
def agreement(request: HttpRequest, public_id: str) -> HttpResponse:
    """One agreement: its parties, clauses and coverage, and the hash of its text."""
    parties = Party.objects.select_related("institution").prefetch_related("coverages__institution")
    rows = Agreement.objects.visible_to(request.user).select_related("text", "amends")
    it = get_object_or_404(
        rows.prefetch_related(Prefetch("parties", parties), "clauses", "addenda"), public_id=public_id
    )
    moves = available_moves(request.user, it) if request.user.is_authenticated else {}
    in_force = it.is_in_force_on(request.cluster.today())
    return render(request, "members/agreement.html", {"it": it, "moves": moves, "in_force": in_force})


@coordinators_only
@require_POST
def act_on_agreement(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make one move with an agreement; what ends it is asked twice."""
    it = get_object_or_404(Agreement.objects.visible_to(request.user), public_id=public_id)
    move = request.POST.get("move", "")
    if move in {"terminate", "withdraw"} and request.POST.get("confirmed") != "yes":
        members = Institution.objects.members_on(request.cluster.today()).count()
        return render(request, "members/agreement_confirm.html", {"it": it, "move": move, "members": members})
    act(request, it, actions.ACTIONS["agreement"])
    return redirect(it)


@require_POST
def act_on_affiliation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make one move with one's own affiliation: accept or decline an invitation, end it."""
    it = get_object_or_404(request.user.affiliations.select_related("institution", "person"), public_id=public_id)
    act(request, it, actions.ACTIONS["affiliation"])
    return redirect("coordination:me")


def profile(request: HttpRequest) -> HttpResponse:
    """What I say about myself."""
    form = ProfileForm(request.POST or None, instance=Person.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        actions.change_profile(request.user, by=request.user, **form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("coordination:me")
    return render(request, "members/profile.html", {"form": form})


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on; a signed-in person gets their mail in it too."""
    chosen = request.POST.get("language", "")
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = redirect(back if safe else "/")
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, settings.LANGUAGE_COOKIE_AGE, samesite="Lax")
        if request.user.is_authenticated:
            actions.choose_language(request.user, chosen)
    return response


@login_not_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link of an invitation, or of a person whom a school has entered: shows on GET, decides on POST."""
    affiliation, person = _invited(token)
    if person is None or not person.is_active:
        return render(request, "members/invitation_bad.html", status=404)
    if problem := _why_not_usable(request, affiliation, person):
        return render(request, "members/invitation_bad.html", {"problem": problem}, status=409)
    if affiliation is not None and request.POST.get("answer") == "decline":
        return _decline(request, affiliation)
    form = None if person.has_claimed else ClaimForm(request.POST or None, person=person)
    if request.method == "POST" and (form is None or form.is_valid()):
        return _redeem(request, affiliation, person, form)
    return render(request, "members/invitation.html", {"it": affiliation, "person": person, "form": form})


def _invited(token: str) -> tuple[Affiliation | None, Person | None]:
    """What a token stands for: an invitation, or a person to claim; nothing when it is expired or forged."""
    if public_id := read_link("members.invitation", token, INVITATION_AGE):
        rows = Affiliation.objects.select_related("person", "institution", "invited_by")
        it = rows.filter(public_id=public_id).first()
        return it, it and it.person
    return None, Person.objects.filter(public_id=read_link("members.claim", token, INVITATION_AGE)).first()


def _why_not_usable(request: HttpRequest, affiliation: Affiliation | None, person: Person) -> str:
    if request.user.is_authenticated and request.user.pk != person.pk:
        return _("This invitation is for somebody else. Sign out first if it is yours.")
    if affiliation is not None and affiliation.state != Affiliation.State.INVITED:
        return _("This invitation was answered already. Sign in to see where you belong.")
    if affiliation is None and person.has_claimed:
        return _("This link was used already. Sign in with your e-mail address and password.")
    return ""


def _decline(request: HttpRequest, affiliation: Affiliation) -> HttpResponse:
    """Say no by the mailed link alone: it opens nothing."""
    try:
        actions.decline_invitation(affiliation, by=affiliation.person)
        messages.success(request, affiliation.MOVES["decline"].done)
    except Refused as refused:
        messages.warning(request, str(refused))
    return redirect("coordination:home")


def _redeem(
    request: HttpRequest, affiliation: Affiliation | None, person: Person, form: ClaimForm | None
) -> HttpResponse:
    """Accept the invitation; somebody who has a password must be signed in, because a link alone opens no account."""
    if form is None and not request.user.is_authenticated:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    try:
        if form is None:
            actions.accept_invitation(affiliation, by=person)
        elif affiliation is None:
            actions.claim_person(person, form.cleaned_data["password"], form.cleaned_data.get("birth_date"))
        else:
            birth_date = form.cleaned_data.get("birth_date")
            person = actions.redeem_invitation(affiliation, form.cleaned_data["password"], birth_date)
    except Refused as refused:
        messages.warning(request, str(refused))
        return redirect("coordination:home")
    messages.success(request, _("Welcome."))
    if form is not None:
        return perform_login(request, person, email_verification=None, redirect_url="/me/")
    return redirect("coordination:me")
