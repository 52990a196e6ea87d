"""Who enters the desk: coordinators, heads and contacts, with a second factor unless this is a demonstration."""

from collections.abc import Callable
from functools import wraps

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from members.imports.scope import kinds_for

View = Callable[..., HttpResponse]


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
    return _guarded(view, lambda person: bool(kinds_for(person)))


def has_second_factor(person) -> bool:
    """Whether this person may use the powers of their desk now; a demonstration asks for no second factor."""
    return settings.DEMO or is_mfa_enabled(person)


def may_enter_back_room(request: HttpRequest) -> bool:
    """Whether /admin/ opens: to superusers, and with a second factor."""
    return request.user.is_active and request.user.is_superuser and has_second_factor(request.user)


def second_factor_first(view: View) -> View:
    """Lead whoever has no second factor to the page where one is set up."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if has_second_factor(request.user):
            return view(request, *args, **kwargs)
        messages.warning(request, _("The desk shows other people’s data. Add a second way to sign in, then it opens."))
        return redirect("mfa_index")

    return guarded


def for_class_keepers(view: View) -> View:
    """Teachers enter as they are; whoever has a desk sees classes with the same second factor as the desk."""
    opened = second_factor_first(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return (opened if request.user.has_desk else view)(request, *args, **kwargs)

    return guarded


def _guarded(view: View, may_enter: Callable) -> View:
    opened = second_factor_first(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not may_enter(request.user):
            raise PermissionDenied
        return opened(request, *args, **kwargs)

    return guarded
