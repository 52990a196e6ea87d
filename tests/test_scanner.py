"""A mail scanner opens every link of every mail, often, from many addresses, some altered: nothing must come of it.

Only sessions, the list of who looked at a child's record and a device's day of use may be written by a GET. The test
finds by itself which kinds of signed links there are, and fails on one that it does not know how to make.
"""

import random
from datetime import timedelta

import pytest
from allauth.account import app_settings
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.db import connection
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils.timezone import now

from cluster_portal.links import PATHS, signed_token
from members import actions
from members.models import Application, ConsentRequest, ConsentText, ErasureWord, Person
from members.stopping import token_text
from tests import factories as make
from tests.everything import rows_of
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db
MAY_BE_WRITTEN = {"django_session", "members_recordview", "members_device"}
# allauth takes a HEAD of a reset link for a try, and counts tries for a minute where all limits are counted.
COUNTED = {"account_reset_password_from_key": ["cache"]}
TOKENS = {"token", "key", "uidb36"}  # what a signed link is called in an address
HABITS = [
    {},
    {"HTTP_PURPOSE": "prefetch"},
    {"HTTP_SEC_PURPOSE": "prefetch;prerender"},
    {"HTTP_X_MOZ": "prefetch"},
    {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 SafeLinks"},
    {"HTTP_USER_AGENT": "Barracuda Sentinel (EE)", "HTTP_ACCEPT": "*/*"},
    {"HTTP_USER_AGENT": "Slackbot-LinkExpanding 1.0", "HTTP_ACCEPT": "text/html"},
    {"HTTP_HX_REQUEST": "true"},
    {"HTTP_ACCEPT_LANGUAGE": "ko"},
    {"HTTP_RANGE": "bytes=0-1023"},
]


def offered_place():
    run = make.RunFactory()
    make.SessionFactory(run=run)
    pool = make.PoolFactory(run=run, taken=1)
    return make.EnrolmentFactory(run=run, pool=pool, state="offered")


def session_now():
    run = make.RunFactory(online_link="https://meet.example.net/1")
    make.PoolFactory(run=run, sort="online", taken=1)
    return make.SessionFactory(run=run, starts_at=now(), ends_at=now() + timedelta(hours=1))


def confirmed_place():
    return make.EnrolmentFactory(run=session_now().run)


def place_in_queue():
    offered = offered_place()
    return make.EnrolmentFactory(run=offered.run, pool=offered.pool, state="waiting")


def place_in_what_is_over():
    run = make.RunFactory()
    make.SessionFactory(run=run, starts_at=now() - timedelta(days=2))
    make.FeedbackQuestionFactory(run=run)
    return make.EnrolmentFactory(run=run)


def application(state):
    person = make.PersonFactory()
    return Application.objects.create(name="School", kind="school", why="Why", applicant=person, state=state)


def asked_guardianship():
    it = make.GuardianshipFactory(guardian__contact_email="guardian@example.org")
    ask_consent(it.child)
    return it


def asked_student():
    student = make.PersonFactory(birth_date="2012-01-01")
    ask_consent(student)
    return student


def ask_consent(child):
    make.GroupMemberFactory(person=child)
    if not ConsentText.objects.exists():
        make.ConsentTextFactory(purpose="name")
    ConsentRequest.objects.create(child=child, purpose="name")


def erasure_word():
    request = make.ErasureRequestFactory()
    other = make.GuardianshipFactory(child=request.person).guardian
    return ErasureWord.objects.create(request=request, by=other)


def unclaimed():
    return make.PersonFactory(password="!")


# Kind of signed link → the objects that one is mailed about, each in a state in which it works.
ABOUT = {
    "members.certificate": lambda: [make.CertificateFactory()],
    "courses.feedback": lambda: [place_in_what_is_over()],
    "courses.door": lambda: [session_now()],
    "courses.join": lambda: [confirmed_place()],
    "courses.leave": lambda: [place_in_queue()],
    "courses.offer": lambda: [offered_place()],
    "courses.ticket": lambda: [confirmed_place()],
    "members.application": lambda: [application("unconfirmed"), application("received"), application("questioned")],
    "members.claim": lambda: [unclaimed()],
    "members.consent": lambda: [asked_guardianship()],
    "members.erasure": lambda: [make.AffiliationFactory().person],
    "members.erasure_word": lambda: [erasure_word()],
    "members.invitation": lambda: [
        make.AffiliationFactory(state="invited"),
        make.AffiliationFactory(state="invited", person=unclaimed()),
    ],
    "members.own_consent": lambda: [asked_student()],
    "members.unsubscribe": lambda: [make.PersonFactory()],
}


def confirmation():
    person = make.PersonFactory()
    address = EmailAddress.objects.create(user=person, email=person.email, primary=True)
    return [reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])]


def reset():
    person = make.PersonFactory()
    return [
        reverse(
            "account_reset_password_from_key",
            kwargs={
                "uidb36": user_pk_to_url_str(person),
                "key": app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(person),
            },
        )
    ]


# Links that allauth signs: the name of the address → paths.
OF_ALLAUTH = {"account_confirm_email": confirmation, "account_reset_password_from_key": reset}
KINDS = sorted([*PATHS, *OF_ALLAUTH])


def paths_of(kind):
    if kind in OF_ALLAUTH:
        return OF_ALLAUTH[kind]()
    return [PATHS[kind].format(signed_token(kind, said_in(kind, it))) for it in ABOUT[kind]()]


def said_in(kind, it):
    """What a token of this kind holds: those that act name their reader too."""
    if kind == "courses.join":
        return f"{it.run.sessions.get().public_id}.{it.public_id}"
    if kind == "members.unsubscribe":
        return token_text(it, "competitions/deadline_near")
    names_reader = kind in {"courses.offer", "courses.leave", "courses.feedback", "members.certificate"}
    return f"{it.public_id}.{it.person.public_id}" if names_reader else it.public_id


def altered(path, chance):
    """The address as scanners bring it: whole mostly, else with a tail, cut, turned or in another case."""
    stem = path.rstrip("/")
    return chance.choice(
        [
            path, path, path, path,
            f"{path}?utm_source=mail", f"{path}?answer=accept", f"{path}?decision=granted&purpose=name",
            f"{stem}x/", f"{stem[:-1]}/", f"{stem.swapcase()}/", f"{stem}%20/", stem,
        ]
    )  # fmt: skip


def tables() -> dict[str, str]:
    """Every row of every table that a look must not change, as PostgreSQL writes them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = {name for (name,) in cursor.fetchall()} - MAY_BE_WRITTEN
        return {name: rows_of(cursor, name) for name in sorted(names)}


def every_pattern(patterns=None, prefix=""):
    for it in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(it, URLPattern):
            yield f"{prefix}{it.pattern}", it
        else:
            yield from every_pattern(it.url_patterns, f"{prefix}{it.pattern}")


def test_every_kind_of_signed_link_is_known_here():
    assert set(PATHS) == set(ABOUT)


def test_every_address_with_a_token_is_opened_here():
    """But for that of a calendar, which no mail brings: programs ask for it each hour (test_calendar.py)."""
    opened = {path.strip("/").partition("/")[0] for path in PATHS.values()}
    unknown = [
        address
        for address, it in every_pattern()
        if TOKENS & set(it.pattern.regex.groupindex) and it.name not in {*OF_ALLAUTH, "my_calendar_ics"}
        if address.partition("/")[0] not in opened
    ]
    assert unknown == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_works_when_it_is_opened_as_it_was_mailed(kind):
    """Otherwise a scanner would be shown nothing that could change."""
    statuses = {Client().get(path, follow=True).status_code for path in paths_of(kind)}
    assert statuses == {200}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("looks", [110, pytest.param(1000, marks=pytest.mark.big)])
def test_the_looks_of_a_scanner_change_nothing(kind, looks):
    chance, paths = random.Random(kind), paths_of(kind)
    before = tables()
    scanner = Client()
    for number in range(looks):
        client = scanner if number % 3 else Client()  # some keep their cookies, some begin anew
        look = client.head if chance.random() < 0.25 else client.get
        habit = {**chance.choice(HABITS), "REMOTE_ADDR": f"203.0.{number % 113}.{number % 251}"}
        answer = look(altered(chance.choice(paths), chance), follow=number % 10 == 0, **habit)
        assert answer.status_code < 500
    after = tables()
    changed = [name for name in before if before[name] != after[name]]
    assert [name for name in changed if name not in COUNTED.get(kind, [])] == []


@pytest.mark.parametrize("kind", ["members.consent", "members.own_consent"])
def test_an_opened_consent_link_is_only_looked_at_too(kind):
    """The guardian's own phone loads pages ahead, after the birth date was given."""
    (path,) = paths_of(kind)
    phone = Client()
    child = Person.objects.get(consent_requests__purpose="name")
    phone.post(path, {"birth_date": str(child.birth_date)})
    assert "consent" in str(phone.get(path).content)
    before = tables()
    for _ in range(50):
        assert phone.get(path, HTTP_SEC_PURPOSE="prefetch").status_code == 200
    assert tables() == before


@pytest.mark.parametrize("page", ["mentors", "pairings"])
def test_what_guardians_read_of_a_mentor_by_link_is_only_looked_at_too(page):
    """Nobody approves a mentor by looking, and nobody else looks."""
    child = asked_guardianship().child
    student = pair.PairingStudentFactory(person=child, state="approved" if page == "pairings" else "asked")
    token = signed_token("members.consent", child.guarded_by.get().public_id)
    phone, path = Client(), f"/consent/{token}/{page}/{student.public_id}/"
    phone.post(f"/consent/{token}/", {"birth_date": str(child.birth_date)})
    assert phone.get(path).status_code == 200
    before, chance = tables(), random.Random(page)
    for number in range(30):
        client = Client() if number % 2 else phone
        assert client.get(altered(path, chance), **chance.choice(HABITS)).status_code < 500
    assert tables() == before


def test_the_test_sees_a_change():
    person = make.PersonFactory()
    before = tables()
    actions.change_profile(person, by=person, given_name="Maria")
    after = tables()
    assert [name for name in before if before[name] != after[name]] == ["cluster_portal_auditentry", "members_person"]
