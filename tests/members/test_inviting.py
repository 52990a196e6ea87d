"""Inviting by a pasted list: what each line says, what comes of it, and that nothing typed is lost."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from cluster_portal.links import signed_token
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from members import actions
from members.inviting import judge_list
from members.models import Affiliation, Person
from members.pasted import MOST_LINES, pasted_lines, read_address
from tests import factories as make

pytestmark = pytest.mark.django_db

READ = [
    ("Ivanova Anna <anna@example.org>", ("Ivanova", "Anna", "", "anna@example.org")),
    ('"Ivanova Anna" <Anna@Example.ORG>;', ("Ivanova", "Anna", "", "anna@example.org")),
    ("anna@example.org; Ivanova; Anna", ("Ivanova", "Anna", "", "anna@example.org")),
    ("Ivanova\tAnna\tPetrovna\tanna@example.org", ("Ivanova", "Anna", "Petrovna", "anna@example.org")),
    ("Ivanova, Anna Petrovna, anna@example.org", ("Ivanova", "Anna", "Petrovna", "anna@example.org")),
    ("Иванова Анна Петровна anna@example.org", ("Иванова", "Анна", "Петровна", "anna@example.org")),
    ("anna@example.org", ("", "", "", "anna@example.org")),
    ("<anna@example.org>, Ivanova Anna", ("Ivanova", "Anna", "", "anna@example.org")),
    ("김 민수 min@example.org", ("김", "민수", "", "min@example.org")),
]


@pytest.mark.parametrize(("line", "said"), READ)
def test_a_line_is_read_in_any_usual_dress(line, said):
    it = read_address(line)
    assert (it.family_name, it.given_name, it.patronymic, it.email, it.problem) == (*said, "")


WRONG = [
    ("Ivanova Anna", "no e-mail address"),
    ("anna@", "no e-mail address"),
    ("anna@host", "no e-mail address"),
    ("Family name\tGiven name\tE-mail", "no e-mail address"),
    ("www.evil.test anna@example.org", "letters, spaces, hyphens"),
    ("{{ 7 }} anna@example.org", "letters, spaces, hyphens"),
    ("Room 7 anna@example.org", "no digits"),
    (f"{'Ж' * 101} Anna anna@example.org", "more than 100 letters"),
]


@pytest.mark.parametrize(("line", "problem"), WRONG)
def test_a_line_that_cannot_be_used_says_why(line, problem):
    assert problem in read_address(line).problem


def test_a_mail_programs_line_of_several_is_several_people():
    assert len(pasted_lines("A B <a@example.org>, C D <c@example.org>; E F <e@example.org>\n\n ;\n")) == 3


@pytest.fixture
def known(cast):
    return make.PersonFactory(email="known@example.org", family_name="Secret")


def test_each_line_has_its_verdict(cast, known):
    make.AffiliationFactory(institution=cast.school, state="invited", person__email="invited@example.org")
    make.AffiliationFactory(institution=cast.school, state="asked", person__email="asks@example.org")
    lines = [
        "New Anna <new@example.org>", "bare@example.org", "Other Name <known@example.org>", "nonsense",
        "New Anna <NEW@example.org>", "invited@example.org", "asks@example.org", cast.teacher.email,
    ]  # fmt: skip
    verdicts = [(it.well, it.verdict) for it in judge_list("\n".join(lines), cast.school, "teacher")]
    assert verdicts == [
        (True, "Will be invited."),
        (True, "Will be invited, and asked for their name."),
        (True, "Known already: is invited, and keeps their own name."),
        (False, "There is no e-mail address in this line."),
        (False, "Twice in this list."),
        (False, "Was invited already, and has not answered yet."),
        (False, "Asks to join already: answer at your desk."),
        (False, "Belongs here in this role already."),
    ]


def test_the_second_address_of_somebody_known_waits_for_the_one_they_sign_in_with(cast, known):
    EmailAddress.objects.create(user=known, email="second@example.org", verified=True)
    (line,) = judge_list("Guess Anna <second@example.org>", cast.school, "teacher")
    said = "Somebody who is known here signs in with another address. Ask them which, and invite that one."
    assert (line.well, line.verdict) == (False, said)


def test_of_somebody_who_is_known_no_name_shows(cast, known):
    (line,) = judge_list("Guess Anna <known@example.org>", cast.school, "teacher")
    assert (line.shown_name, "Secret" in line.verdict) == ("", False)


@pytest.fixture
def contact(cast, demo):
    client = Client()
    client.force_login(cast.contact)
    return client


def paste(client, cast, text, step, **more):
    facts = {"institution": cast.school.pk, "role": "teacher", "people": text, "step": step} | more
    return client.post(reverse("members:desk_invite_list"), facts)


LIST = "Ivanova Anna <anna@example.org>\nnonsense\nPetrov Petr <petr@example.org>"


def test_looking_through_a_list_sends_nothing(contact, cast):
    page = paste(contact, cast, LIST, "preview").content.decode()
    assert ("Send 2 invitations" in page, "nonsense" in page) == (True, True)
    assert (Affiliation.objects.invited().count(), OutboxMail.objects.count()) == (0, 0)


def test_one_press_sends_what_is_well_and_keeps_the_rest(contact, cast):
    response = paste(contact, cast, LIST, "send")
    sent = OutboxMail.objects.filter(template="members/invitation").values_list("to__email", flat=True)
    assert sorted(sent) == ["anna@example.org", "petr@example.org"]
    assert response.context["form"]["people"].value() == "nonsense"
    assert response.context["form"]["role"].value() == "teacher"


def test_a_list_without_a_fault_leads_back(contact, cast):
    assert paste(contact, cast, "a@example.org", "send")["Location"] == reverse("members:desk_people")


def test_pressing_twice_invites_once(contact, cast):
    paste(contact, cast, LIST, "send")
    paste(contact, cast, LIST, "send")
    assert (Affiliation.objects.invited().count(), OutboxMail.objects.count()) == (2, 2)


def test_known_people_keep_their_name_and_are_invited(contact, cast, known):
    paste(contact, cast, "Guess Name <known@example.org>", "send")
    known.refresh_from_db()
    assert (known.family_name, known.affiliations.get().state) == ("Secret", "invited")


def test_a_list_that_is_too_long_is_refused_and_kept(contact, cast):
    text = "\n".join(f"p{number}@example.org" for number in range(MOST_LINES + 1))
    response = paste(contact, cast, text, "send")
    assert "Paste at most 200" in response.content.decode()
    assert (response.context["form"]["people"].value(), Affiliation.objects.invited().count()) == (text, 0)


def test_a_contact_invites_no_speakers_by_list_and_loses_nothing(contact, cast):
    response = paste(contact, cast, LIST, "send", role="head")
    assert "invited by the head or the coordinator" in response.content.decode()
    assert (response.context["form"]["people"].value(), Affiliation.objects.invited().count()) == (LIST, 0)


def test_a_contact_invites_by_list_into_their_own_institution_only(contact, cast):
    paste(contact, cast, LIST, "send", institution=make.InstitutionFactory().pk)
    assert not Affiliation.objects.invited().exists()


def test_a_teacher_has_no_list(cast, demo):
    client = Client()
    client.force_login(cast.teacher)
    assert client.get(reverse("members:desk_invite_list")).status_code == 403


def test_who_was_invited_by_an_address_alone_says_their_name(cast, client):
    it = actions.invite_person(cast.school, "bare@example.org", "teacher", by=cast.contact, family_name="")
    assert it.shown_name == "bare@example.org"
    url = reverse("members:invitation", args=[signed_token("members.invitation", it.public_id)])
    answer = {"password": "a long enough password", "birth_date": "1990-05-17"}
    assert "family_name" in client.post(url, answer).context["form"].errors
    client.post(url, answer | {"family_name": "Bare", "given_name": "Anna"})
    person = Person.objects.get(email="bare@example.org")
    assert (person.full_name, person.sort_name, person.has_claimed) == ("Bare Anna", "bare anna", True)


def test_who_was_invited_by_name_is_not_asked_for_it(cast, client):
    it = actions.invite_person(cast.school, "new@example.org", "teacher", by=cast.contact, family_name="New")
    url = reverse("members:invitation", args=[signed_token("members.invitation", it.public_id)])
    assert list(client.get(url).context["form"].fields) == ["password", "birth_date"]


def test_a_list_that_fails_midway_invites_nobody(cast, monkeypatch):
    people = [read_address(line) for line in ("a@example.org", "b@example.org")]
    calls = []

    def broken(*args, **facts):
        calls.append(args)
        if len(calls) > 1:
            raise ValueError("the mail server is gone")
        return send(*args, **facts)

    send = actions.affiliations.queue_mail
    monkeypatch.setattr(actions.affiliations, "queue_mail", broken)
    with pytest.raises(ValueError, match="is gone"):
        actions.invite_people(cast.school, "teacher", people, by=cast.contact)
    assert (OutboxMail.objects.count(), Affiliation.objects.invited().count()) == (0, 0)


def test_the_action_refuses_what_the_form_would_let_through(cast):
    with pytest.raises(Refused, match="invited by the head or the coordinator"):
        actions.invite_people(cast.school, "contact", [read_address("a@example.org")], by=cast.contact)
