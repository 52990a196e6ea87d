"""The second factor at signing in and its pages: allauth's, imported by whoever needs them.

They bring passkeys, and with these 12 MB of cryptography. Those processes that send mail and keep time never need them.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.stages import LoginStage
from allauth.mfa.internal.constants import LoginStageKey
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.module_loading import import_string


class AuthenticateStage(LoginStage):
    """Asks whoever has a second factor for it, as allauth's stage of the same name; others pass."""

    key = LoginStageKey.MFA_AUTHENTICATE.value
    urlname = "mfa_authenticate"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        if self.login.user is None or not is_mfa_enabled(self.login.user):
            return None, True
        from allauth.mfa.stages import AuthenticateStage as Asks  # here, because of what it brings

        return Asks(self.controller, self.request, self.login).handle()


def late(name: str) -> Callable[..., HttpResponse]:
    """The view of this name below allauth.mfa, imported when somebody opens its page."""
    dotted = f"allauth.mfa.{name}"

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return import_string(dotted)(request, *args, **kwargs)

    view.__module__, _dot, view.__name__ = dotted.rpartition(".")
    return view


# The addresses of allauth/mfa/urls.py; tests/members/test_second_factor.py compares.
urlpatterns = [
    path("", late("base.views.index"), name="mfa_index"),
    path("authenticate/", login_not_required(late("base.views.authenticate")), name="mfa_authenticate"),
    path("reauthenticate/", late("base.views.reauthenticate"), name="mfa_reauthenticate"),
    path("totp/activate/", late("totp.views.activate_totp"), name="mfa_activate_totp"),
    path("totp/deactivate/", late("totp.views.deactivate_totp"), name="mfa_deactivate_totp"),
    path("recovery-codes/", late("recovery_codes.views.view_recovery_codes"), name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/generate/",
        late("recovery_codes.views.generate_recovery_codes"),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "recovery-codes/download/",
        late("recovery_codes.views.download_recovery_codes"),
        name="mfa_download_recovery_codes",
    ),
    path("webauthn/", late("webauthn.views.list_webauthn"), name="mfa_list_webauthn"),
    path("webauthn/add/", late("webauthn.views.add_webauthn"), name="mfa_add_webauthn"),
    path(
        "webauthn/reauthenticate/", late("webauthn.views.reauthenticate_webauthn"), name="mfa_reauthenticate_webauthn"
    ),
    path("webauthn/keys/<int:pk>/remove/", late("webauthn.views.remove_webauthn"), name="mfa_remove_webauthn"),
    path("webauthn/keys/<int:pk>/edit/", late("webauthn.views.edit_webauthn"), name="mfa_edit_webauthn"),
]
