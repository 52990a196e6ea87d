"""The reader of a page: their language and their time zone, and the device they may change their sign-in from."""

import zoneinfo

from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from members.access import WAYS_TO_SIGN_IN, led_to_confirm, must_confirm_device
from members.at_hand import have_what_came_along
from members.models import Cluster


class ReaderMiddleware:
    """Show a page in the reader's language and time zone, the cluster's where they have chosen none."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with Cluster.read_once():
            return self._answer(request)

    def _answer(self, request):
        request.cluster = SimpleLazyObject(Cluster.current)
        language = language_for(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        timezone.activate(_zone_for(request))
        if request.user.is_authenticated and request.method == "GET":  # an action may change them: that asks itself
            have_what_came_along(request.user)
        response = self.get_response(request)
        timezone.deactivate()
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        response.headers.setdefault("Content-Language", language)
        return response


class WaysToSignInMiddleware:
    """Let a stolen password add no second factor and change no address: allauth's views cannot be decorated."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        guarded = request.resolver_match.view_name in WAYS_TO_SIGN_IN
        return led_to_confirm(request) if guarded and must_confirm_device(request) else None


def language_for(request) -> str:
    """The language of a page: the person's own when signed in, else the cookie's, else the browser's."""
    if request.user.is_authenticated:
        return request.user.language
    return translation.get_language_from_request(request)


def _zone_for(request) -> zoneinfo.ZoneInfo:
    if request.user.is_authenticated and request.user.time_zone:
        return zoneinfo.ZoneInfo(request.user.time_zone)
    return request.cluster.zone
