"""The students of a pairing: added by the teacher, approved by those who decide, watched by their guardians."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, outcome, outcome_in, sent, tried
from cluster_portal.moves import may_move, open_moves
from members.access import for_class_keepers
from members.actions import note_view, note_views
from members.consent import guarded_now
from members.models import Person
from members.views.guardians import opened_by
from mentorship import actions
from mentorship.clock import coordinators_for
from mentorship.forms_pairing import StudentsFilter, StudentsForm
from mentorship.models import Pairing, PairingStudent
from mentorship.readers import Channel
from mentorship.students import Deciding, by_class, deciding_for, may_be_added, profile_of
from mentorship.views_pairing import keeps_students, opened, shown_in
from mentorship.words import mentor_as_facts

State = PairingStudent.State
PER_PAGE = 30
FEW, MOST_SHOWN = 20, 200


@for_class_keepers
def students(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who takes part and who is waited for; the teacher adds students of their classes, a coordinator helps along."""
    channel = _opened(request, public_id)
    it = channel.pairing
    is_teacher = request.user.pk == it.request.by_id
    adding = _adding(request, it) if is_teacher and it.state == Pairing.State.ACTIVE else {}
    form = adding.get("form")
    if form and sent(request, form):
        chosen = list(form.cleaned_data["students"])
        if added := outcome_in(form, "students", actions.add_students, it, chosen, by=request.user):
            _say_added(request, added.result)
            return redirect("mentorship:pairing_students", public_id)
    note_views([one.person_id for one in channel.students], request.user, "pairing students")
    shown = shown_in(channel, request.user) | adding
    no_stands = any(one.state == State.REFUSED for one in channel.students)
    shown |= {
        "rows": _rows(channel.students, request.user),
        "is_teacher": is_teacher,
        "no_stands": no_stands,
        "coordinators": [one.full_name for one in coordinators_for(it.request)] if no_stands and is_teacher else [],
    }
    return render(request, "mentorship/pairing_students.html", shown)


def _opened(request: HttpRequest, public_id: str) -> Channel:
    """A pairing for whoever keeps its students today; 404 for everybody else, on the page and for what it sends."""
    channel = opened(request, public_id)
    if not keeps_students(channel, request.user) or not channel.pairing.with_students:
        raise Http404
    return channel


def _say_added(request: HttpRequest, added: list[PairingStudent]) -> None:
    """Who is asked; of whom nobody can be asked by mail, and to whom a no from before stands."""
    number = len(added)
    said = ngettext(
        "%(number)s student is added. Whoever decides for them is asked to approve the mentor.",
        "%(number)s students are added. Whoever decides for them is asked to approve the mentor.",
        number,
    )
    messages.success(request, said % {"number": number})
    for it in added:
        if it.state == State.REFUSED:
            messages.warning(request, actions.why_refused(it))
    _say_unreached(request, {pk for it in added for pk in actions.unreached(it)})


def _say_unreached(request: HttpRequest, people: set[int]) -> None:
    """Whom no mail reaches, and what does: the slip of the class leads to the same page."""
    if people:
        names = ", ".join(it.full_name for it in Person.objects.filter(pk__in=people).order_by("sort_name"))
        said = _(
            "No mail reaches %(names)s. Give them the slip for consents of the class: its address opens the page on "
            "which they decide about the mentor too. Or enter an e-mail address for them."
        )
        messages.warning(request, said % {"names": names})


def _adding(request: HttpRequest, it: Pairing) -> dict:
    """The form that adds students, class by class; a long list can be narrowed."""
    kept, narrow = may_be_added(it), StudentsFilter(request.GET, by=request.user)
    wanted = narrow.narrowed(kept)
    number = wanted.count()
    shown = by_class(wanted, request.user, MOST_SHOWN)
    form = StudentsForm(request.POST or None, kept=kept, shown=shown)
    is_long = bool(request.GET) or number > FEW
    return {"form": form, "narrow": narrow if is_long else None, "number": number, "most": min(number, MOST_SHOWN)}


def _rows(rows: list[PairingStudent], reader: Person) -> list[dict]:
    """Each student with whose word is missing, and what the reader can do, who keeps the students of this pairing."""
    deciding = deciding_for(rows)
    silent = Person.objects.in_bulk({pk for it in deciding.values() for pk in it.silent})
    return [
        {
            "student": it,
            "waited_for": [
                silent[pk].full_name
                for pk in sorted(deciding[it.pk].silent)
                if it.state == State.ASKED and pk in silent
            ],
            "moves": open_moves(it, *_moves_of(it, deciding[it.pk], reader)),
        }
        for it in rows
    ]


def _moves_of(it: PairingStudent, deciding: Deciding, reader: Person) -> list[str]:
    """What the rules let this reader do (rules.py), without asking the database for each row."""
    is_party = reader.pk == it.pairing.request.by_id or reader.pk in deciding.people
    return ["leave"] if is_party else ["ask_anew", "leave"]


@for_class_keepers
@require_POST
def act_on_student(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a student out; ask again whose word is missing; as a coordinator, ask everybody anew."""
    it = _student_of(PairingStudent.objects.all(), public_id)
    _opened(request, it.pairing.public_id)
    if request.POST.get("move") == "ask":
        _ask_again(request, it)
    else:
        act(request, it, {"leave": actions.leave_student, "ask_anew": actions.ask_guardians_anew})
        _say_unreached(request, actions.unreached(it) if it.state == State.ASKED else set())
    return redirect("mentorship:pairing_students", it.pairing.public_id)


def _ask_again(request: HttpRequest, it: PairingStudent) -> None:
    if not may_move(request.user, it, "ask"):
        raise PermissionDenied
    if asked := tried(request, actions.ask_student, it):
        if asked.result.written:
            messages.success(request, _("Asked. Whoever was written to today is not written to again."))
        elif not asked.result.unreached:
            messages.info(request, _("They were asked today already. Ask again tomorrow, or call them."))
        _say_unreached(request, asked.result.unreached)


def mentor_of_child(request: HttpRequest, public_id: str) -> HttpResponse:
    """A guardian who is signed in, or the student: who the mentor is, and one's word."""
    mine = [request.user.pk, *(it.pk for it in guarded_now(request.user))]
    it = _student_of(PairingStudent.objects.not_left().filter(person__in=mine), public_id)
    back = reverse("members:child", args=[it.person.public_id])
    return _decide(request, it, request.user, back)


@login_not_required
def mentor_of_child_by_link(request: HttpRequest, token: str, public_id: str) -> HttpResponse:
    """The same by the link of a consent, without an account."""
    child, reader = opened_by(request, token)
    it = _student_of(child.mentored_in.not_left(), public_id)
    return _decide(request, it, reader, reverse("members:consent", args=[token]))


def _decide(request: HttpRequest, it: PairingStudent, reader: Person, back: str) -> HttpResponse:
    """What a guardian reads of the mentor before anything is shared: and yes or no, to be changed at any time."""
    deciding = deciding_for([it])[it.pk]
    if request.method == "POST":
        action = {"approve": actions.approve_student, "refuse": actions.refuse_student}.get(request.POST.get("move"))
        if action is None:
            raise Http404
        read = {"seen": request.POST.get("seen", "")} if request.POST["move"] == "approve" else {}
        if outcome(request, action, it, by=reader, **read):
            messages.success(request, _said(it, request.POST["move"] == "approve"))
        return redirect(request.path)
    note_view(it.person, reader, "mentor")
    pairing, profile = it.pairing, profile_of(it.pairing.mentor)
    shown = {
        "it": it,
        "mentor": pairing.mentor,
        "facts": mentor_as_facts(pairing.mentor),
        "pairing": pairing,
        "places": [
            one.institution for one in pairing.mentor.person.affiliations.active().select_related("institution")
        ],
        "name": it.person.given_name or it.person.full_name,
        "is_own": reader.pk == it.person_id,
        "may": pairing.state == Pairing.State.ACTIVE and reader.pk in deciding.people,
        "said": deciding.said.get(reader.pk),
        "seen": profile,
        "is_changed": reader.pk in deciding.agreed_to(profile),
        "others": _others(deciding, reader),
        "back": back,
    }
    return render(request, "mentorship/mentor_of_child.html", shown)


def _said(it: PairingStudent, granted: bool) -> str:
    if not granted:
        return _("Your no is written down. Nothing is shared from this moment on; you can change your mind here.")
    if it.state == State.APPROVED:
        return _("Your yes is written down. You can read here what they write and plan, and take it back at any time.")
    return _("Your yes is written down. Somebody else who decides too has not agreed yet.")


def _others(deciding: Deciding, reader: Person) -> str:
    """How the words of the others stand, without saying whose they are."""
    others = {person: yes for person, yes in deciding.said.items() if person != reader.pk}
    if deciding.state == State.REFUSED and not all(others.values()):
        return _(
            "Somebody else who decides has said no. It stands until they take it back, or a coordinator asks everybody "
            "anew."
        )
    agreed = any(yes for person, yes in others.items() if person in deciding.people)
    return _("Somebody else who decides has agreed.") if agreed else ""


def pairing_of_child(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the mentor of my child writes and plans: leads to the page of the pairing."""
    mine = [request.user.pk, *(it.pk for it in guarded_now(request.user))]
    it = _student_of(PairingStudent.objects.approved().filter(person__in=mine), public_id)
    return redirect(it.pairing)


def _student_of(rows, public_id: str) -> PairingStudent:
    people = ("pairing__mentor__person", "pairing__request__by", "pairing__request__affiliation__institution")
    return get_object_or_404(rows.select_related("person", *people), public_id=public_id)
