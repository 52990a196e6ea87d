"""The link in bulk mail by which one stops it. GET shows; POST stops, also that of a mail program (RFC 8058)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

from cluster_portal import hooks
from cluster_portal.links import read_link
from members import actions
from members.models import Person
from members.stopping import PURPOSE, has_stopped


@csrf_exempt  # mail programs post without having seen the page; the signed link is what allows it
@login_not_required
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop one kind of mail, or want it again; the link holds for ever, and needs no sign-in."""
    person_id, _dot, template = (read_link(PURPOSE, token) or "").partition(".")
    person = Person.objects.active().filter(public_id=person_id).first()
    template = template.replace(".", "/")
    kind = hooks.mail_kinds.get(template)
    if person is None or kind is None or not kind.bulk:
        return render(request, "members/unsubscribe_bad.html", status=404)
    if request.method == "POST":
        action = actions.want_mail if request.POST.get("again") else actions.stop_mail
        action(person, template, by=person)
        return redirect(request.path)
    shown = {"title": kind.title, "is_stopped": has_stopped(person, template)}
    return render(request, "members/unsubscribe.html", shown)
