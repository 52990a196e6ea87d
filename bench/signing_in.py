"""Signed-in sessions and counted queries, for both applications (call it with Django set up)."""

from importlib import import_module


def cookies_of(people) -> list[str]:
    """The session key of each person: a session as signing in makes it."""
    return [cookie_of(person) for person in people]


def cookie_of(person) -> str:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return session.session_key


def queries(path: str, person=None) -> int:
    """How many queries a page asks, its session and user included."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    if person is not None:
        from django.conf import settings

        client.cookies[settings.SESSION_COOKIE_NAME] = cookie_of(person)
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return len(asked)
