"""Who enters the desk: coordinators, heads and contacts, with a second factor unless this is a demonstration.

And from where: a page that shows other people's children opens after a sign-in with a second factor, or on a device
that was confirmed by a mailed code (decision 067). So do the pages by which one could give oneself such a second
factor, or have the code mailed elsewhere.
"""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from cluster_portal.hooks import answering
from cluster_portal.models import Upload
from members.devices import is_confirmed, passed_second_factor
from members.imports.scope import kinds_for
from members.models import Institution

View = Callable[..., HttpResponse]
# Pages of allauth by which a stolen password would become more than that: its second factors, and the address.
WAYS_TO_SIGN_IN = {
    "account_email",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_list_webauthn",
    "mfa_remove_webauthn",
    "mfa_download_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_view_recovery_codes",
}
# Files that hold children's data: signed slips, and class lists with their rejected rows.
FILES_OF_CHILDREN = ("members.consentdecision", "members.import", "courses.finalwork", "mentorship.pairingfile")


def desk_only(view: View) -> View:
    """Let in whoever has a desk."""
    return _guarded(view, lambda person: person.has_desk)


def coordinators_only(view: View) -> View:
    """Let in coordinators, of the cluster or of a region."""
    return _guarded(view, lambda person: person.is_coordinator)


def cluster_coordinators_only(view: View) -> View:
    """Let in coordinators of the whole cluster."""
    return _guarded(view, lambda person: person.coordinates_whole_cluster)


def importers_only(view: View) -> View:
    """Let in whoever may load a list: those with a desk, and teachers for their classes."""
    opened = for_class_keepers(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not kinds_for(request.user):
            raise PermissionDenied
        return opened(request, *args, **kwargs)

    return guarded


def has_second_factor(person) -> bool:
    """Whether this person may use the powers of their desk now; a demonstration asks for no second factor."""
    return settings.DEMO or is_mfa_enabled(person)


def may_enter_back_room(request: HttpRequest) -> bool:
    """Whether /admin/ opens: to superusers, and with a second factor."""
    return request.user.is_active and request.user.is_superuser and has_second_factor(request.user)


def second_factor_first(view: View) -> View:
    """Lead whoever has no second factor to the page where one is set up; who did not use it now confirms the device."""
    opened = confirmed_device_first(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if has_second_factor(request.user):
            return opened(request, *args, **kwargs)
        messages.warning(request, _("The desk shows other people’s data. Add a second way to sign in, then it opens."))
        return redirect("mfa_index")

    return guarded


def confirmed_device_first(view: View) -> View:
    """Lead whoever answers for others and sits at a new device to the page where it is confirmed."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return led_to_confirm(request) if must_confirm_device(request) else view(request, *args, **kwargs)

    return guarded


def for_class_keepers(view: View) -> View:
    """Teachers enter from a confirmed device, whoever has a desk with the same second factor as there."""
    with_desk, without = second_factor_first(view), confirmed_device_first(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return (with_desk if request.user.has_desk else without)(request, *args, **kwargs)

    return guarded


def files_guarded(view: View) -> View:
    """Files with children's data open like the pages they belong to; whom they are for, `upload_readers` says."""
    opened = for_class_keepers(view)

    @wraps(view)
    def guarded(request: HttpRequest, public_id: str) -> HttpResponse:
        private = Upload.objects.filter(public_id=public_id, about_model__in=FILES_OF_CHILDREN)
        is_guarded = request.user.is_authenticated and private.exists()
        return (opened if is_guarded else view)(request, public_id)

    return guarded


def must_confirm_device(request: HttpRequest) -> bool:
    """Whether somebody who answers for others' children sits at a device that nothing but a password has opened."""
    if settings.DEMO or not request.user.is_authenticated or passed_second_factor(request) or is_confirmed(request):
        return False
    person = request.user
    keeps = Institution.objects.with_classes_of(person)
    answers = person.is_superuser or person.has_desk or person.keeps_groups.exists() or keeps.exists()
    answers = answers or person.instructs.exists()  # the rosters of what one teaches
    return answers or any(answers_by(person) for answers_by in answering)


def led_to_confirm(request: HttpRequest) -> HttpResponse:
    """To the page where a device is confirmed, and from there on to the page that was asked for."""
    query = urlencode({"next": _page_of(request)})
    address = f"{reverse('members:confirm_device')}?{query}"
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _page_of(request: HttpRequest) -> str:
    """The page one looks at: of a pressed button, the page it stands on."""
    if request.method in {"GET", "HEAD"} and not request.htmx:
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return urlsplit(came_from)._replace(scheme="", netloc="").geturl() if safe else ""


def _guarded(view: View, may_enter: Callable) -> View:
    opened = second_factor_first(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not may_enter(request.user):
            raise PermissionDenied
        return opened(request, *args, **kwargs)

    return guarded
