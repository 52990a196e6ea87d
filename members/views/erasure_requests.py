"""Asking for an erasure that one cannot do at once: the form, its page, and the link of whoever decides too."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from cluster_portal.buttons import act, outcome, sent, tried
from cluster_portal.links import read_link
from members import actions
from members.consent import LINK_AGE, first_name_and_initial, guarded_now, name_for
from members.forms.erasure import ReasonForm
from members.models import ErasureRequest, ErasureWord, Person
from members.views.guardians import OPENED, ask_birth_date
from members.views.my_data import whose

WORDS = {"agree": True, "object": False}


def ask(request: HttpRequest, public_id: str | None = None) -> HttpResponse:
    """Ask the coordinator to erase me, or a child, where something stands against doing it at once."""
    person = whose(request, public_id)
    known = person.erasure_requests.open().first()
    if known is not None:
        return redirect(known)
    problems = actions.why_not_at_once(person, request.user)
    if not problems:
        return redirect("members:erase_child", public_id) if public_id else redirect("members:erase")
    form = ReasonForm(request.POST or None)
    if sent(request, form):
        asked = tried(request, actions.request_erasure, person, **form.cleaned_data)
        if asked:
            messages.success(request, _("The coordinator has your request. A mail tells you what comes of it."))
            return redirect(asked.result)
    shown = {"person": person, "is_self": public_id is None, "problems": problems, "form": form}
    return render(request, "members/erasure_ask.html", shown)


def erasure_request(request: HttpRequest, public_id: str) -> HttpResponse:
    """What I asked for, or what waits for my word: how it stands, and what I can do."""
    children = guarded_now(request.user)
    rows = ErasureRequest.objects.shown_to(request.user, children)
    it = get_object_or_404(rows, public_id=public_id)
    if request.POST.get("move"):
        act(request, it, {"withdraw": actions.withdraw_erasure})
        return redirect(it)
    return _page(request, it, request.user, name_for(request.user, it.person, children))


@login_not_required
def erasure_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link of whoever decides too: shows on GET, writes their word down on POST, needs no sign-in."""
    words = ErasureWord.objects.select_related("request__person", "by")
    word = words.filter(public_id=read_link("members.erasure_word", token, LINK_AGE)).first()
    if word is None or not word.by.is_active:
        return render(request, "members/erasure_bad.html", status=404)
    if request.user.is_authenticated and request.user.pk != word.by_id:
        problem = _("This link is for somebody else. Sign out first if it is yours.")
        return render(request, "members/consent_bad.html", {"problem": problem}, status=409)
    it, child = word.request, word.request.person
    if not it.is_open or word.by not in actions.others_who_decide(it):
        return render(request, "members/erasure_bad.html", status=404)
    if word.public_id not in request.session.get(OPENED, []):
        return ask_birth_date(request, word, child, is_own=child.pk == word.by_id, page="erasure")
    return _page(request, it, word.by, first_name_and_initial(child))


def _page(request: HttpRequest, it: ErasureRequest, reader: Person, name: str) -> HttpResponse:
    if request.method == "POST":
        _write_down(request, it, reader)
        return redirect(request.path)
    shown = {
        "it": it,
        "name": name,
        "is_mine": it.asked_by_id == reader.pk,
        "is_self": it.person_id == reader.pk,
        "decides": it.is_open and reader in actions.others_who_decide(it),
        "mine": it.words.filter(by=reader).first(),
    }
    return render(request, "members/erasure_request.html", shown)


def _write_down(request: HttpRequest, it: ErasureRequest, reader: Person) -> None:
    word = request.POST.get("word", "")
    if word not in WORDS:
        raise Http404
    if outcome(request, actions.say_word, it, by=reader, agrees=WORDS[word]):
        messages.success(request, _("Your answer is written down. You can change it until the coordinator decides."))
