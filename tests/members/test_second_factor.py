"""The second factor's pages and stage are allauth's."""

import pytest
from django.urls import URLResolver, include

from members import second_factor


def addresses(patterns, before=""):
    for it in patterns:
        if isinstance(it, URLResolver):
            yield from addresses(it.url_patterns, before + str(it.pattern))
        else:
            yield (
                before + str(it.pattern),
                it.name,
                getattr(it.callback, "login_required", True),
                it.callback.__module__,
            )


def test_they_are_the_addresses_of_allauth():
    theirs, _app, _namespace = include("allauth.mfa.urls")
    assert set(addresses(second_factor.urlpatterns)) == set(addresses(theirs.urlpatterns))


@pytest.mark.django_db
def test_every_page_of_it_is_found(client, cast):
    client.force_login(cast.coordinator)
    assert {client.get(f"/accounts/2fa/{page}").status_code for page in ("", "webauthn/", "totp/activate/")} <= {
        200,
        302,
    }
