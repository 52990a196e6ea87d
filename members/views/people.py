"""One's own: invitation, profile, language, where one belongs."""

from datetime import timedelta

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, outcome, outcome_in, sent
from cluster_portal.links import read_link
from members import actions
from members.forms import ClaimForm, ProfileForm
from members.models import Affiliation, Person

INVITATION_AGE = timedelta(days=14)


@require_POST
def act_on_affiliation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make one move with one's own affiliation: accept or decline an invitation, end it."""
    it = get_object_or_404(request.user.affiliations.select_related("institution", "person"), public_id=public_id)
    act(request, it, actions.ACTIONS["affiliation"])
    return redirect("coordination:me")


def profile(request: HttpRequest) -> HttpResponse:
    """What I say about myself."""
    form = ProfileForm(request.POST or None, instance=Person.objects.get(pk=request.user.pk))
    me = {"person": request.user, "by": request.user}
    if sent(request, form) and outcome_in(form, "birth_date", actions.change_profile, **me, **form.cleaned_data):
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
        rows = Affiliation.objects.select_related("person", "institution", "invited_by", "replaces__institution")
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
    if outcome(request, actions.decline_invitation, affiliation, by=affiliation.person):
        messages.success(request, affiliation.MOVES["decline"].done)
    return redirect("coordination:home")


def _redeem(
    request: HttpRequest, affiliation: Affiliation | None, person: Person, form: ClaimForm | None
) -> HttpResponse:
    """Accept the invitation; somebody who has a password must be signed in, because a link alone opens no account."""
    if form is None and not request.user.is_authenticated:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    if form is None:
        done = outcome(request, actions.accept_invitation, affiliation, by=person)
    elif affiliation is None:
        done = outcome(request, actions.claim_person, person, **form.said())
    else:
        done = outcome(request, actions.redeem_invitation, affiliation, **form.said())
    if not done:
        return redirect("coordination:home")
    messages.success(request, _("Welcome."))
    if form is not None:
        return perform_login(request, done.result, email_verification=None, redirect_url="/me/")
    return redirect("coordination:me")
