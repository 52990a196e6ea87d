"""What guardians read by the mailed link, without an account: all that those in a pairing write and plan."""

from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from cluster_portal.uploads import as_attachment
from members.actions import note_view
from members.models import Person
from members.views.guardians import opened_by
from mentorship.actions.kept import Part, kind_of
from mentorship.channels import Access
from mentorship.kept import taken_back_in, with_ways
from mentorship.models import Pairing
from mentorship.readers import Channel, channel_of
from mentorship.views_kept import part_of, told_page
from mentorship.views_pairing import PER_PAGE, meetings_ahead, names_for, outcomes_for, shown_in


def opened_by_link(request: HttpRequest, token: str, public_id: str) -> tuple[Channel, Person]:
    """The pairing that a guardian reads by the mailed link; the look is written down."""
    child, reader = opened_by(request, token)
    student = get_object_or_404(child.mentored_in.approved(), public_id=public_id)
    channel = channel_of(Pairing.objects.with_people().get(pk=student.pairing_id))
    if not channel.may(reader, Access.TALK):
        raise Http404
    note_view(child, reader, "pairing")
    return channel, reader


@login_not_required
def pairing_of_child_by_link(request: HttpRequest, token: str, public_id: str) -> HttpResponse:
    """All that is written and planned, to be read by a guardian without an account."""
    channel, reader = opened_by_link(request, token, public_id)
    it, ways = channel.pairing, partial(_address_of, token, public_id)
    page = Paginator(it.messages.shown().select_related("by").order_by("-sent_at", "-pk"), PER_PAGE)
    page = page.get_page(request.GET.get("page"))
    thread = names_for(channel, list(page.object_list)[::-1], reader)
    page.object_list = with_ways(thread, channel, reader, partial(ways, "tell_of_part_by_link"))
    files = names_for(channel, list(it.files.shown().select_related("by", "upload")), reader)
    kept = taken_back_in(channel, reader)
    for row, one in [*((it, it) for it in files), *((it, it.file) for it in kept if it.file)]:
        row.url = reverse("mentorship:file_by_link", args=[token, public_id, one.public_id])
    shown = shown_in(channel, reader) | {
        "meetings": meetings_ahead(channel),
        "log": names_for(channel, list(it.log.select_related("by")), reader),
        "steps": list(it.milestones.all()),
        "files": with_ways(files, channel, reader, partial(ways, "tell_of_part_by_link")),
        "outcomes": outcomes_for(channel, reader),
        "kept": kept,
        "page": page,
        "back": reverse("members:consent", args=[token]),
    }
    return render(request, "mentorship/pairing_by_link.html", shown)


def _address_of(token: str, public_id: str, name: str, part: Part) -> str:
    return reverse(f"mentorship:{name}", args=[token, public_id, kind_of(part), part.public_id])


@login_not_required
def tell_by_link(request: HttpRequest, token: str, public_id: str, kind: str, part_id: str) -> HttpResponse:
    """A guardian tells the coordinator about a message or a file."""
    channel, reader = opened_by_link(request, token, public_id)
    back = reverse("mentorship:pairing_of_child_by_link", args=[token, public_id])
    return told_page(request, part_of(channel, kind, part_id), channel, reader, back)


@login_not_required
def file_by_link(request: HttpRequest, token: str, public_id: str, part_id: str) -> HttpResponse:
    """A file of the pairing; for whoever watches over it one that was taken back too."""
    channel, reader = opened_by_link(request, token, public_id)
    it = get_object_or_404(channel.files_for(reader).select_related("upload"), public_id=part_id)
    return as_attachment(it.upload)
