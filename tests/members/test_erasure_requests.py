"""Asking for an erasure that one cannot do at once: who is asked, who says what, who decides, what is left of it."""

from datetime import date

import pytest
from django.core import mail as locmem

from cluster_portal.delivery import deliver_due_mail
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from members import actions
from members.models import ErasureRequest, ErasureWord, Person
from tests import factories as make
from tests.members.conftest import BORN

pytestmark = pytest.mark.django_db
TEENAGER = date(2010, 3, 1)


def is_erased(person):
    return Person.objects.get(pk=person.pk).erased_at is not None


def readers(template):
    return [it.to for it in OutboxMail.objects.filter(template=f"members/{template}").order_by("pk")]


def audit_of(request):
    rows = AuditEntry.objects.filter(object_id=request.public_id).order_by("pk")
    return [(it.verb.rpartition(".")[2], it.actor) for it in rows]


def state_of(request):
    return ErasureRequest.objects.get(pk=request.pk).state


# Asking


def test_the_other_guardian_and_the_coordinator_are_told(cast, asked, mother, father):
    assert (readers("erasure_word"), readers("erasure_asked")) == ([father], [cast.coordinator])
    assert [(it.by, it.agrees) for it in asked.words.all()] == [(father, None)]
    assert audit_of(asked) == [("enter", mother.public_id)]


def test_a_teenager_is_asked_too(child, mother, father):
    Person.objects.filter(pk=child.pk).update(birth_date=TEENAGER, contact_email="ilya@example.org")
    asked = actions.request_erasure(child, by=mother)
    assert {it.by for it in asked.words.all()} == {child, father}
    assert set(readers("erasure_word")) == {child, father}


def test_mails_name_a_child_by_first_name_and_initial_and_tell_no_reason(asked):
    said = "".join(f"{it.subject} {it.body_text}" for it in OutboxMail.objects.all())
    assert ("Ilya G." in said, "Gromov" in said, "We move away" in said) == (True, False, False)


def test_it_is_asked_once(asked, child, father):
    with pytest.raises(Refused, match="This was asked for already"):
        actions.request_erasure(child, by=father)


def test_it_can_be_asked_again_after_it_was_declined(cast, asked, child, father):
    actions.decline_erasure(asked, "Not now", by=cast.coordinator)
    assert actions.request_erasure(child, by=father).state == "asked"


def test_who_may_erase_at_once_need_not_ask(child, mother, father):
    child.guarded_by.filter(guardian=father).delete()
    with pytest.raises(Refused, match="Nothing stands against erasing at once"):
        actions.request_erasure(child, by=mother)


@pytest.mark.parametrize("who", ["teacher", "contact", "outsider"])
def test_nobody_else_asks(cast, child, who):
    with pytest.raises(Refused, match="You do not decide about this person any more"):
        actions.request_erasure(child, by=getattr(cast, who))


def test_without_another_coordinator_nobody_is_promised_an_answer(cast):
    with pytest.raises(Refused, match="There is no other coordinator"):
        actions.request_erasure(cast.coordinator, by=cast.coordinator)
    assert ErasureRequest.objects.count() == 0


def test_a_refused_request_leaves_no_mail(asked, child, father):
    OutboxMail.objects.all().delete()
    with pytest.raises(Refused):
        actions.request_erasure(child, by=father)
    assert OutboxMail.objects.count() == 0


# Words


def test_a_word_is_written_down_and_may_change(asked, father):
    actions.say_word(asked, by=father, agrees=True)
    actions.say_word(asked, by=father, agrees=False)
    assert list(asked.words.values_list("by", "agrees")) == [(father.pk, False)]
    values = AuditEntry.objects.filter(verb="members.erasurerequest.say_word").order_by("pk").values_list("values")
    assert [it["agrees"] for (it,) in values] == ["True", "False"]


def test_the_word_of_who_asks_is_not_counted_twice(asked, mother):
    with pytest.raises(Refused, match="You do not decide about this person any more"):
        actions.say_word(asked, by=mother, agrees=True)


def test_a_former_guardian_has_no_word(asked, child, father):
    actions.end_guardianship(child.guarded_by.get(guardian=father), by=father)
    with pytest.raises(Refused, match="You do not decide"):
        actions.say_word(asked, by=father, agrees=True)
    assert actions.words_about(asked) == []


def test_no_word_after_the_answer(cast, asked, father):
    actions.decline_erasure(asked, "Not now", by=cast.coordinator)
    with pytest.raises(Refused, match="answered already"):
        actions.say_word(asked, by=father, agrees=True)


def test_a_guardian_who_is_named_later_counts_and_has_no_answer_yet(cast, asked, child, father):
    actions.say_word(asked, by=father, agrees=True)
    aunt = make.GuardianshipFactory(child=child).guardian
    assert {it.by: it.agrees for it in actions.words_about(asked)} == {father: True, aunt: None}
    with pytest.raises(Refused, match="Not everybody who decides has agreed"):
        actions.grant_erasure(asked, by=cast.coordinator)


# The coordinator's answer


def test_granting_erases_and_tells_who_asked(cast, asked, child, mother, father):
    actions.say_word(asked, by=father, agrees=True)
    actions.grant_erasure(asked, by=cast.coordinator)
    assert (is_erased(child), state_of(asked), readers("erasure_granted")) == (True, "granted", [mother])
    assert audit_of(asked)[-1] == ("grant", cast.coordinator.public_id)
    assert AuditEntry.objects.get(verb="members.person.erase").actor == cast.coordinator.public_id


@pytest.mark.parametrize("word", [None, False])
def test_without_agreement_the_coordinator_speaks_with_them_first(word, cast, asked, child, father):
    if word is not None:
        actions.say_word(asked, by=father, agrees=word)
    with pytest.raises(Refused, match=r"Not everybody who decides has agreed\. Speak with them"):
        actions.grant_erasure(asked, by=cast.coordinator)
    assert not is_erased(child)
    actions.grant_erasure(asked, by=cast.coordinator, spoken=True)
    assert is_erased(child)


def test_a_granted_request_keeps_no_name(cast, asked, child, father):
    actions.grant_erasure(asked, by=cast.coordinator, spoken=True)
    asked.refresh_from_db()
    assert (asked.reason, asked.person.full_name, ErasureWord.objects.count()) == ("", "Erased person", 0)
    about = OutboxMail.objects.filter(about_id=asked.public_id)
    said = "".join(f"{it.subject}{it.body_text}" for it in about)
    assert ("Ilya" in said, about.filter(template="members/erasure_granted", state="queued").count()) == (False, 1)


def test_declining_says_why(cast, asked, child, mother):
    actions.decline_erasure(asked, "The school year is not over.", by=cast.coordinator)
    deliver_due_mail()
    (mail,) = locmem.outbox
    assert (mail.to, "The school year is not over." in mail.body) == ([mother.address], True)
    assert (is_erased(child), state_of(asked)) == (False, "declined")


def test_taking_back_stops_the_mails(asked, mother):
    actions.withdraw_erasure(asked, by=mother)
    assert (state_of(asked), deliver_due_mail()) == ("withdrawn", 0)


def test_what_was_answered_is_not_answered_again(cast, asked, mother):
    actions.withdraw_erasure(asked, by=mother)
    asked = ErasureRequest.objects.get()
    for again in (
        lambda: actions.grant_erasure(asked, by=cast.coordinator, spoken=True),
        lambda: actions.decline_erasure(asked, "No", by=cast.coordinator),
        lambda: actions.withdraw_erasure(asked, by=mother),
    ):
        with pytest.raises(Refused, match="already answered"):
            again()


def test_an_erasure_by_letter_answers_the_request(cast, asked, child, mother):
    actions.erase_person(child, by=cast.coordinator)
    assert (state_of(asked), readers("erasure_granted")) == ("granted", [mother])


def test_an_erased_guardian_does_not_ask_any_more(asked, mother, child):
    actions.erase_person(mother, by=mother)
    asked.refresh_from_db()
    assert (asked.state, asked.reason, is_erased(child)) == ("withdrawn", "", False)


def test_the_action_itself_refuses_a_guardian_who_does_not_decide_alone(child, mother):
    with pytest.raises(Refused, match="This child has another guardian too"):
        actions.erase_person(child, by=mother)
    assert not is_erased(child)


ALLOWED = {("asker", "asked"): {"withdraw"}, ("coordinator", "asked"): {"grant", "decline"}}


@pytest.mark.parametrize("state", ErasureRequest.State)
@pytest.mark.parametrize("role", ["asker", "other guardian", "coordinator", "contact", "coordinator elsewhere"])
def test_moves_by_role_and_state(role, state, cast, child, mother, father):
    it = make.ErasureRequestFactory(person=child, asked_by=mother, state=state)
    elsewhere = make.CoordinatorFactory(region=make.RegionFactory()).person
    people = {"asker": mother, "other guardian": father, "coordinator": cast.coordinator, "contact": cast.contact}
    reader = {**people, "coordinator elsewhere": elsewhere}[role]
    assert set(available_moves(reader, it)) == ALLOWED.get((role, str(state)), set())


def test_a_coordinator_does_not_grant_what_they_asked_for(cast, child):
    make.GuardianshipFactory(child=child, guardian=cast.coordinator)
    other = make.CoordinatorFactory().person
    asked = actions.request_erasure(child, by=cast.coordinator)
    assert [set(available_moves(it, asked)) for it in (cast.coordinator, other)] == [{"withdraw"}, {"grant", "decline"}]


# Merging, and two at once


def test_two_entries_of_one_child_are_asked_about_once(cast, asked, child, mother, father):
    double = make.ChildFactory(family_name=child.family_name, birth_date=BORN)
    make.AffiliationFactory(person=double, institution=cast.school, role="student")
    make.ErasureRequestFactory(person=double)
    actions.merge_people(child, double, by=cast.coordinator)
    assert sorted(child.erasure_requests.values_list("state", flat=True)) == ["asked", "withdrawn"]


def test_who_was_asked_and_is_the_one_who_asked_has_no_word(cast, asked, mother, father):
    Person.objects.filter(pk__in=[mother.pk, father.pk]).update(
        family_name="Gromova", sort_name="gromova", given_name="", patronymic="", birth_date=date(1980, 1, 1)
    )
    actions.merge_people(*Person.objects.filter(pk__in=[mother.pk, father.pk]).order_by("pk"), by=cast.coordinator)
    assert (asked.words.count(), ErasureRequest.objects.get().asked_by) == (0, mother)


@pytest.fixture
def family(transactional_db):
    """A child with two guardians, and a coordinator, seen by every connection."""
    child = make.ChildFactory(birth_date=BORN)
    pair = [make.GuardianshipFactory(child=child).guardian for _ in range(2)]
    return child, pair, make.CoordinatorFactory().person


@pytest.mark.django_db(transaction=True)
def test_two_guardians_who_ask_at_once_ask_once(together, family):
    child, pair, _coordinator = family
    asks = (lambda it=it: actions.request_erasure(child, by=it) for it in pair)
    assert sorted(together(*asks)) == ["done", "refused"]
    assert ErasureRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_granting_and_taking_back_at_once_do_one(together, family):
    child, (mother, _father), coordinator = family
    asked = actions.request_erasure(child, by=mother)
    results = together(
        lambda: actions.grant_erasure(asked, by=coordinator, spoken=True),
        lambda: actions.withdraw_erasure(ErasureRequest.objects.get(), by=mother),
    )
    assert sorted(results) == ["done", "refused"]
    assert is_erased(child) == (state_of(asked) == "granted")


@pytest.mark.django_db(transaction=True)
def test_a_no_at_the_last_moment_stops_the_erasure_or_comes_too_late(together, family):
    child, (mother, father), coordinator = family
    asked = actions.request_erasure(child, by=mother)
    actions.say_word(asked, by=father, agrees=True)
    results = together(
        lambda: actions.grant_erasure(asked, by=coordinator), lambda: actions.say_word(asked, by=father, agrees=False)
    )
    assert sorted(results) == ["done", "refused"]
    assert is_erased(child) == (results[0] == "done")


@pytest.mark.django_db(transaction=True)
def test_a_letter_and_a_grant_at_once_erase_once(together, family):
    child, (mother, _father), coordinator = family
    asked = actions.request_erasure(child, by=mother)
    results = together(
        lambda: actions.grant_erasure(asked, by=coordinator, spoken=True),
        lambda: actions.erase_person(child, by=coordinator),
    )
    assert sorted(results) == ["done", "refused"]


# A child that does not decide yet, and a guardian who decides no more


def test_a_child_for_whom_guardians_decide_alone_does_not_erase_themself(cast, child, mother, father):
    with pytest.raises(Refused, match="At this age your guardians decide"):
        actions.erase_person(child, by=child)
    asked = actions.request_erasure(child, by=child)
    assert (actions.others_who_decide(asked), readers("erasure_word")) == ([father, mother], [father, mother])
    mail = OutboxMail.objects.filter(template="members/erasure_word").first()
    assert ("Ilya G. asks us" in mail.body_text, "Another guardian" in mail.body_text) == (True, False)
    for guardian in (mother, father):
        actions.say_word(asked, by=guardian, agrees=True)
    actions.grant_erasure(asked, by=cast.coordinator)
    assert is_erased(child)


def test_a_child_that_decides_too_and_an_adult_of_unknown_age_erase_themselves(cast, child, mother):
    Person.objects.filter(pk=child.pk).update(birth_date=TEENAGER)
    adult = make.PersonFactory(birth_date=None)
    for person in (Person.objects.get(pk=child.pk), adult):
        actions.erase_person(person, by=person)
        assert is_erased(person)


def test_with_the_guardianship_what_the_guardian_asked_for_ends_and_another_may_ask(cast, asked, child, mother, father):
    actions.end_guardianship(child.guarded_by.get(guardian=mother), by=cast.coordinator)
    assert (state_of(asked), audit_of(asked)[-1]) == ("withdrawn", ("withdraw", cast.coordinator.public_id))
    assert OutboxMail.objects.unfinished().filter(about_id=asked.public_id).count() == 0
    make.GuardianshipFactory(child=child)
    assert actions.request_erasure(child, by=father).state == "asked"
