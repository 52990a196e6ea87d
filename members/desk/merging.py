"""People who are here twice: the list, and both histories side by side before they become one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from cluster_portal.buttons import tried
from members import actions
from members.access import coordinators_only
from members.duplicates import find_duplicates, mergeable_by
from members.models import Person


@coordinators_only
def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs that are probably one person, each with the reason."""
    pairs = find_duplicates(request.user)
    shown = [person.pk for pair in pairs for person in (pair.first, pair.second)]
    actions.note_children(shown, request.user, "duplicates")
    return render(request, "members/desk_duplicate_people.html", {"pairs": pairs})


@coordinators_only
def merge(request: HttpRequest, kept_id: str, gone_id: str) -> HttpResponse:
    """Both histories, and which entry is kept; there is no way back after the press."""
    people = mergeable_by(request.user)
    kept = get_object_or_404(people, public_id=kept_id)
    gone = get_object_or_404(people.exclude(pk=kept.pk), public_id=gone_id)
    if request.method == "POST" and tried(request, actions.merge_people, kept, gone):
        messages.success(request, _("Merged. %(name)s is here once, with both histories.") % {"name": kept.full_name})
        return redirect("members:desk_duplicates")
    actions.note_children([kept.pk, gone.pk], request.user, "duplicates")
    shown = {"kept": kept, "gone": gone, "sides": [_history(kept), _history(gone)]}
    return render(request, "members/desk_merge.html", shown)


def _history(person: Person) -> dict:
    """What points to a person, in words and numbers."""
    return {
        "person": person,
        "affiliations": person.affiliations.select_related("institution").order_by("pk"),
        "facts": [
            (_("Birth date"), person.birth_date),
            (_("E-mail to sign in with"), person.email),
            (_("E-mail to write to"), person.contact_email),
            (_("Signs in"), _("yes") if person.has_claimed else _("no")),
            (_("Here since"), person.joined_at.date()),
            (_("Classes"), ", ".join(it.group.name for it in person.group_memberships.select_related("group"))),
            (_("Guardians"), ", ".join(it.guardian.full_name for it in person.guarded_by.select_related("guardian"))),
            (_("Guardian of"), ", ".join(it.child.full_name for it in person.guards.select_related("child"))),
            (_("Mails"), person.mails.count()),
            (_("In calendars"), person.calendar_entries.count()),
        ],
    }
