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

View = Callable[..., HttpResponse]


def desk_only(view: View) -> View:
    """Let in whoever has a desk."""
    return _guarded(view, lambda person: person.has_desk)


def coordinators_only(view: View) -> View:
    """Let in coordinators, of the cluster or of a region."""
    return _guarded(view, lambda person: person.is_coordinator)


def _guarded(view: View, may_enter: Callable) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not may_enter(request.user):
            raise PermissionDenied
        if not settings.DEMO and not is_mfa_enabled(request.user):
            messages.warning(
                request, _("The desk shows other people's data. Add a second way to sign in, then it opens.")
            )
            return redirect("mfa_index")
        return view(request, *args, **kwargs)

    return guarded
