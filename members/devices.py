"""Confirmed devices: the code that is mailed, the cookie that stays in the browser, and what a browser is called."""

import hashlib
from datetime import timedelta

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.timezone import now

from members.models import Cluster, Device, Person

SALT = "members.device"
ASKED = "device_asked"  # in the session: for which device a code was asked
PREFIX = "device-"  # of the cookies
CODE_AGE = timedelta(minutes=30)
CODE_DIGITS = 6
# As long as browsers keep a cookie at most: how long a device counts, its row says.
COOKIE_AGE = timedelta(days=400)
# Of those that call themselves several things, the one that is meant comes first.
BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "YaBrowser/": "Yandex Browser", "SamsungBrowser/": "Samsung Internet",
    "Whale/": "Whale", "Firefox/": "Firefox", "FxiOS/": "Firefox", "CriOS/": "Chrome", "Chrome/": "Chrome",
    "Safari/": "Safari",
}  # fmt: skip
SYSTEMS = {
    "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip


def code_of(device: Device) -> str:
    """The code for one device: worked out with the portal's secret key, so that it need not be stored.

    A stored hash would keep no secret: whoever reads it tries a million codes in a second.
    """
    digest = salted_hmac(SALT, device.public_id, algorithm="sha256").digest()
    return str(int.from_bytes(digest, "big") % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def is_too_old(device: Device) -> bool:
    """Whether its code is over."""
    return device.asked_at < now() - CODE_AGE


def asked_in(request: HttpRequest) -> Device | None:
    """The device for which a code was asked in this browser, and is awaited."""
    rows = Device.objects.asked().filter(person=request.user, asked_at__gte=now() - CODE_AGE)
    return rows.filter(public_id=request.session.get(ASKED, "")).first()


def device_of(request: HttpRequest) -> Device | None:
    """The confirmed device of the signed-in person from which this request comes."""
    key = request.get_signed_cookie(cookie_of(request.user), default="", salt=SALT)
    return Device.objects.trusted().filter(person=request.user, key_hash=hash_of(key)).first() if key else None


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the device of this request is confirmed. Its last day of use is noted, like a session's: once a day."""
    device, today = device_of(request), Cluster.current().today()
    if device is not None and device.used_on < today:
        Device.objects.filter(pk=device.pk).update(used_on=today)
    return device is not None


def passed_second_factor(request: HttpRequest) -> bool:
    """Whether this sign-in proved more than a password. One that was only set up since did not."""
    return any(it["method"] == "mfa" for it in get_authentication_records(request, request.user))


def remember(response: HttpResponse, person: Person, key: str) -> HttpResponse:
    """Give the browser the key of its device. Each person has a cookie of their own: colleagues share computers."""
    response.set_signed_cookie(
        cookie_of(person), key, salt=SALT, max_age=COOKIE_AGE, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
    return response


def cookie_of(person: Person) -> str:
    """What the cookie of a person is called."""
    return f"{PREFIX}{person.public_id}"


def hash_of(key: str) -> str:
    """What is stored of a key: it is long and random, so its hash tells nobody anything."""
    return hashlib.sha256(key.encode()).hexdigest()


def name_of(request: HttpRequest) -> str:
    """What a browser is called in the list of devices, such as "Firefox, Linux"; nothing when it is none of ours."""
    agent = request.headers.get("User-Agent", "")
    found = [next((said for sign, said in known.items() if sign in agent), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found))
