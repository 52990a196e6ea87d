"""What decisions come to, by age and by who said what; the documents; and that nothing said can be unsaid."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused
from members import actions
from members.consent import State, state_of, states_of, unpublishable
from members.models import AgePolicy, Cluster, ConsentDecision, ConsentText, Guardianship, Person, Purpose, RecordView
from tests import factories as make

pytestmark = pytest.mark.django_db
PART = Purpose.TAKING_PART
GRANTED, REFUSED, WITHDRAWN = "granted", "refused", "withdrawn"


def born(years, day=None):
    """The birth date of somebody who is so many years old today."""
    day = day or localdate()
    return date(day.year - years, 1, 1)


@pytest.fixture
def text():
    return make.ConsentTextFactory()


@pytest.fixture
def child(text):
    child = make.ChildFactory(birth_date=born(10))
    actions.request_consent([child], [PART], by=None)
    return child


@pytest.fixture
def mother(child):
    return make.GuardianshipFactory(child=child).guardian


@pytest.fixture
def father(child):
    return make.GuardianshipFactory(child=child).guardian


def say(child, by, decision, text, **facts):
    return actions.decide(child, PART, decision, by=by, channel="link", text=text, **facts)


def refusal(function, *args, **facts):
    with pytest.raises(Refused) as refused:
        function(*args, **facts)
    return str(refused.value)


def test_nobody_asked_means_not_needed(text):
    assert state_of(make.ChildFactory(), PART) == State.NOT_NEEDED


@pytest.mark.parametrize(
    ("mothers", "fathers", "expected"),
    [
        ([], [], "waiting"),
        ([GRANTED], [], "granted"),
        ([], [GRANTED], "granted"),
        ([REFUSED], [], "refused"),
        ([GRANTED], [GRANTED], "granted"),
        ([GRANTED], [REFUSED], "conflict"),
        ([REFUSED], [GRANTED], "conflict"),
        ([GRANTED, WITHDRAWN], [], "withdrawn"),
        ([GRANTED, WITHDRAWN], [REFUSED], "refused"),
        ([GRANTED], [WITHDRAWN], "conflict"),
        ([GRANTED, WITHDRAWN, GRANTED], [], "granted"),
        ([REFUSED, GRANTED], [], "granted"),
        ([GRANTED, REFUSED], [], "refused"),
    ],
)
def test_words_of_two_guardians_come_to_one_state(child, mother, father, text, mothers, fathers, expected):
    for decision in mothers:
        say(child, mother, decision, text)
    for decision in fathers:
        say(child, father, decision, text)
    assert state_of(child, PART) == expected


@pytest.mark.parametrize(
    ("age", "guardian", "own", "expected"),
    [
        (13, GRANTED, None, "granted"),
        (14, GRANTED, None, "waiting"),
        (14, None, GRANTED, "waiting"),
        (15, GRANTED, GRANTED, "granted"),
        (15, GRANTED, REFUSED, "refused"),
        (17, REFUSED, GRANTED, "refused"),
        (18, None, GRANTED, "granted"),
        (18, None, REFUSED, "refused"),
        (18, None, None, "waiting"),
    ],
)
def test_age_says_who_decides(child, mother, text, age, guardian, own, expected):
    child.birth_date = born(age)
    child.save()
    if guardian:
        say(child, mother, guardian, text)
    if own:
        say(child, child, own, text)
    assert state_of(child, PART) == expected


def test_what_a_guardian_granted_ends_on_the_eighteenth_birthday(child, mother, text):
    say(child, mother, GRANTED, text)
    child.birth_date = date(2010, 3, 1)
    child.save()
    assert state_of(child, PART, today=date(2028, 2, 29)) == State.WAITING  # with 14 the child's own word is missing
    assert state_of(child, PART, today=date(2024, 2, 29)) == State.GRANTED
    assert state_of(child, PART, today=date(2028, 3, 1)) == State.WAITING


def test_ages_of_the_country_decide(child, mother, text):
    child.birth_date = born(15)
    child.save()
    Cluster.objects.create(pk=1, name="C", country="KR")
    AgePolicy.objects.create(country="KR", together_from=16, alone_from=19)
    say(child, mother, GRANTED, text)
    assert state_of(child, PART) == State.GRANTED


def test_policy_is_set_for_the_country_and_recorded(cast):
    Cluster.objects.create(pk=1, name="C", country="RU")
    actions.set_age_policy(cast.coordinator, together_from=15, alone_from=18)
    policy = AgePolicy.objects.get()
    assert (policy.country, policy.together_from, policy.alone_from) == ("RU", 15, 18)
    assert AuditEntry.objects.get(verb="members.agepolicy.set").reason == "15, 18"


def test_day_begins_in_the_clusters_zone(time_machine, child, mother, text):
    Cluster.objects.create(pk=1, name="C", time_zone="Asia/Seoul")
    child.birth_date = date(2013, 5, 2)
    child.save()
    time_machine.move_to("2027-05-01T14:59:00Z")
    say(child, mother, GRANTED, text)
    assert state_of(child, PART) == State.GRANTED
    time_machine.move_to("2027-05-01T15:01:00Z")
    assert state_of(child, PART) == State.WAITING


def test_grant_expires_on_its_day(child, mother, text):
    monthly = make.ConsentTextFactory(language="ru", valid_months=1, published_at="2026-01-01T00:00:00Z")
    decision = say(child, mother, GRANTED, monthly, seen_on=date(2026, 1, 31))
    assert decision.expires_on == date(2026, 2, 28)
    assert state_of(child, PART, today=date(2026, 2, 27)) == State.GRANTED
    assert state_of(child, PART, today=date(2026, 2, 28)) == State.EXPIRED


def test_words_of_a_former_guardian_count_no_more(child, mother, father, text, cast):
    say(child, mother, GRANTED, text)
    say(child, father, REFUSED, text)
    actions.end_guardianship(child.guarded_by.get(guardian=father), by=cast.coordinator)
    assert state_of(child, PART) == State.GRANTED


def test_merged_people_keep_what_each_of_them_said(child, mother, father, text):
    """The rows of a merged person are never changed: they are read as the words of the person who is kept."""
    say(child, mother, GRANTED, text)
    Guardianship.objects.filter(guardian=mother).update(guardian=make.PersonFactory())
    kept = child.guarded_by.get(pk=child.guarded_by.order_by("pk").first().pk).guardian
    assert state_of(child, PART) == states_of([child.pk])[child.pk, PART] == State.WAITING
    Person.objects.filter(pk=mother.pk).update(merged_into=kept, erased_at=now())
    assert state_of(child, PART) == states_of([child.pk])[child.pk, PART] == State.GRANTED
    say(child, kept, WITHDRAWN, text)
    assert state_of(child, PART) == states_of([child.pk])[child.pk, PART] == State.WITHDRAWN


def test_words_about_a_merged_child_are_about_the_one_who_is_kept(child, mother, text):
    say(child, mother, REFUSED, text)
    kept = make.ChildFactory()
    Guardianship.objects.filter(guardian=mother).update(child=kept)
    Person.objects.filter(pk=child.pk).update(merged_into=kept, erased_at=now())
    assert state_of(kept, PART) == states_of([kept.pk])[kept.pk, PART] == State.REFUSED


def test_only_who_decides_today_is_heard(child, mother, text, cast):
    told = "You do not decide this today: your age or your guardianship says so. Ask the school."
    assert refusal(say, child, child, GRANTED, text) == told
    assert refusal(say, child, cast.teacher, GRANTED, text) == told
    child.birth_date = born(18)
    child.save()
    assert refusal(say, child, mother, GRANTED, text) == told


def test_replaced_document_is_read_anew(child, mother, text):
    ConsentText.objects.filter(pk=text.pk).update(replaced_at=now())
    told = "The document was replaced meanwhile. Read the new one, then decide."
    assert refusal(say, child, mother, GRANTED, text) == told


def test_document_of_another_purpose_is_refused(child, mother):
    other = make.ConsentTextFactory(purpose=Purpose.PHOTO)
    told = "The document was replaced meanwhile. Read the new one, then decide."
    assert refusal(say, child, mother, GRANTED, other) == told


def test_nothing_granted_is_nothing_to_take_back(child, mother, text):
    told = "There is nothing to take back: no consent stands for this."
    assert refusal(say, child, mother, WITHDRAWN, text) == told


def test_second_press_adds_nothing(child, mother, text):
    first, second = say(child, mother, GRANTED, text), say(child, mother, GRANTED, text)
    assert (first.pk, ConsentDecision.objects.count()) == (second.pk, 1)


def test_two_presses_at_once_are_one_decision(transactional_db, together):
    text, child = make.ConsentTextFactory(), make.ChildFactory()
    mother = make.GuardianshipFactory(child=child).guardian
    one = lambda: say(child, mother, GRANTED, text)  # noqa: E731
    assert together(one, one) == ["done", "done"]
    assert ConsentDecision.objects.count() == 1


def test_decision_keeps_text_hash_who_channel_and_time(child, mother, text):
    it = say(child, mother, GRANTED, text)
    assert (it.text, it.sha256, it.decided_by, it.channel) == (text, text.sha256, mother, "link")
    assert now() - it.at < timedelta(minutes=1)
    line = AuditEntry.objects.get(verb="members.consentdecision.decide")
    assert (line.actor, line.object_id, line.values) == (mother.public_id, it.public_id, {"decision": "granted"})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE members_consentdecision SET decision = 'refused'",
        "DELETE FROM members_consentdecision",
    ],
)
def test_decision_is_never_changed(child, mother, text, statement):
    say(child, mother, GRANTED, text)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_decisions_are_never_emptied(child, mother, text):
    say(child, mother, GRANTED, text)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE members_consentdecision ENABLE TRIGGER consent_is_never_emptied")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE members_consentdecision CASCADE")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE members_consenttext SET title = 'Other'",
        "UPDATE members_consenttext SET published_at = NULL",
        "DELETE FROM members_consenttext",
    ],
)
def test_published_text_is_never_changed(text, statement):
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


WORDS = {
    "title": "Taking part", "text": "What happens.", "legal_basis": "Consent", "retention": "One year",
    "contact": "data@example.org", "valid_months": 12,
}  # fmt: skip


def test_document_is_published_in_all_languages_at_once_and_replaces_the_former(cast):
    for language in ("en", "ru"):
        actions.write_text(PART, language, by=cast.coordinator, **WORDS)
    told = "A document is published in all languages at once. Write it in these too: Korean."
    assert refusal(actions.publish_texts, PART, by=cast.coordinator) == told
    actions.write_text(PART, "ko", by=cast.coordinator, **WORDS)
    first = actions.publish_texts(PART, by=cast.coordinator)
    for language in ("en", "ru", "ko"):
        actions.write_text(PART, language, by=cast.coordinator, **WORDS | {"text": "More happens."})
    assert ConsentText.objects.in_force().count() == 3
    second = actions.publish_texts(PART, by=cast.coordinator)
    assert {it.version for it in first} | {10 * it.version for it in second} == {1, 20}
    assert set(ConsentText.objects.in_force()) == set(second)
    assert ConsentText.objects.filter(replaced_at=None).count() == 3


def test_hash_covers_every_word(cast):
    text = actions.write_text(PART, "en", by=cast.coordinator, **WORDS)
    hashes = {actions.consent.sha256_of(text)}
    for name in ("title", "text", "legal_basis", "retention", "contact", "valid_months", "version", "language"):
        before = getattr(text, name)
        setattr(text, name, before + 1 if isinstance(before, int) else f"{before}.")
        hashes.add(actions.consent.sha256_of(text))
    assert len(hashes) == 9


def test_languages_agree_on_the_months(cast):
    for language in ("en", "ru", "ko"):
        actions.write_text(PART, language, by=cast.coordinator, **WORDS | {"valid_months": len(language + "x")})
    actions.write_text(PART, "ko", by=cast.coordinator, **WORDS)
    told = "The languages differ in how many months a decision holds. Make them the same, then publish."
    assert refusal(actions.publish_texts, PART, by=cast.coordinator) == told


def test_draft_is_corrected_in_place(cast):
    actions.write_text(PART, "en", by=cast.coordinator, **WORDS)
    actions.write_text(PART, "en", by=cast.coordinator, **WORDS | {"title": "Better"})
    assert ConsentText.objects.get().title == "Better"


def test_reader_reads_their_language_else_english(text):
    russian = make.ConsentTextFactory(language="ru")
    assert ConsentText.objects.for_reader("ru") == {"taking_part": russian}
    assert ConsentText.objects.for_reader("ko") == {"taking_part": text}


def test_nothing_is_asked_without_a_document(text):
    child = make.ChildFactory()
    told = "No document is published for: Publishing photos. Ask the coordinator to publish one."
    assert refusal(actions.request_consent, [child], [Purpose.PHOTO], by=None) == told
    assert child.consent_requests.count() == 0


def test_asking_writes_one_mail_to_each_guardian_naming_the_children(text):
    mother = make.PersonFactory()
    children = [
        make.GuardianshipFactory(guardian=mother, child__family_name=name).child for name in ("Gromov", "Zorin")
    ]
    make.GuardianshipFactory(child=children[0], guardian__email=None)
    assert actions.request_consent(children, [PART], by=None) == 1
    mail = OutboxMail.objects.get()
    assert (mail.to, mail.subject) == (mother, "Answer for Ilya G., Ilya Z.: AI cluster asks for consent")
    assert actions.request_consent(children, [PART], by=None) == 0


def test_reminder_goes_to_exactly_those_who_have_not_answered_once_a_day(child, mother, text, cast):
    other = make.GuardianshipFactory().child
    actions.request_consent([other], [PART], by=None)
    say(child, mother, REFUSED, text)
    before = [it.pk for it in actions.reminders_for([child, other])]
    assert actions.remind_guardians([child, other], by=cast.teacher) == 1
    mail = OutboxMail.objects.get(template="members/consent_reminder")
    assert [mail.to_id] == before == [other.guarded_by.get().guardian_id]
    assert other.consent_requests.get().reminded_at is not None
    assert child.consent_requests.get().reminded_at is None
    told = "Everybody who can be written to has answered, or was reminded today. Try again tomorrow."
    assert refusal(actions.remind_guardians, [child, other], by=cast.teacher) == told
    assert actions.reminders_for([child, other]) == []


def test_reminder_is_not_sent_after_the_answer(child, mother, text, cast):
    actions.remind_guardians([child], by=cast.teacher)
    mail = OutboxMail.objects.get(template="members/consent_reminder")
    due = hooks.mail_kinds["members/consent_reminder"].still_due
    assert due(mail) is True
    say(child, mother, GRANTED, text)
    assert due(mail) is False


def test_fifteen_year_old_with_an_address_is_asked_too(text):
    child = make.ChildFactory(birth_date=born(15), email="ilya@example.org")
    actions.request_consent([child], [PART], by=None)
    assert OutboxMail.objects.get().subject == "Answer for yourself: AI cluster asks for consent"


def test_rolled_back_request_leaves_no_mail(text, cast):
    child = make.GuardianshipFactory().child
    with transaction.atomic():
        actions.request_consent([child], [PART], by=cast.teacher)
        transaction.set_rollback(True)
    assert OutboxMail.objects.count() == 0


def test_childs_name_is_published_after_a_grant_only_and_hidden_at_once(child, mother, text):
    name = make.ConsentTextFactory(purpose=Purpose.NAME)
    assert unpublishable([child.pk]) == {child.pk}
    actions.decide(child, Purpose.NAME, GRANTED, by=mother, channel="link", text=name)
    assert unpublishable([child.pk]) == set()
    actions.decide(child, Purpose.NAME, WITHDRAWN, by=mother, channel="link", text=name)
    assert unpublishable([child.pk]) == {child.pk}


def test_adult_is_shown_unless_they_were_asked_and_did_not_grant():
    name = make.ConsentTextFactory(purpose=Purpose.NAME)
    adult = make.PersonFactory()
    assert unpublishable([adult.pk]) == set()
    actions.decide(adult, Purpose.NAME, REFUSED, by=adult, channel="signed_in", text=name)
    assert unpublishable([adult.pk]) == {adult.pk}


def test_unknown_age_is_a_child_where_a_guardian_or_a_class_says_so():
    teacher, student = make.PersonFactory(birth_date=None), make.ChildFactory(birth_date=None)
    make.GroupMemberFactory(person=student)
    guarded = make.GuardianshipFactory(child__birth_date=None).child
    assert unpublishable([teacher.pk, student.pk, guarded.pk]) == {student.pk, guarded.pk}


def test_roster_of_two_thousand_costs_as_many_queries_as_one(child, mother, text):
    say(child, mother, GRANTED, text)
    many = make.ChildFactory.build_batch(2000)
    Person.objects.bulk_create(many)
    counted = []
    for keys in ([child.pk], [child.pk, *(it.pk for it in many)]):
        with CaptureQueriesContext(connection) as captured, Cluster.read_once():
            states = states_of(keys)
        counted.append((len(captured), len(states)))
    assert counted == [(5, 5), (5, 2001 * 5)]


def test_look_at_a_record_is_written_down_without_a_key_to_the_looker(child, cast):
    actions.note_view(child, cast.teacher, "consent")
    it = RecordView.objects.get()
    assert (it.child, it.viewer, it.page) == (child, cast.teacher.public_id, "consent")


def asked_mail(*children):
    """The mail that asks, as it waits in the outbox."""
    actions.request_consent(children, [PART], by=None)
    return OutboxMail.objects.get(template="members/consent_asked", state="queued")


def still_due(mail):
    return hooks.mail_kinds[mail.template].still_due(mail)


def two_children_of_one(**facts):
    mother = make.PersonFactory()
    return mother, [make.GuardianshipFactory(guardian=mother, **facts).child for _ in "ab"]


def test_mail_is_due_as_long_as_one_of_those_it_names_is_open(text):
    mother, (first, second) = two_children_of_one()
    mail = asked_mail(first)
    actions.request_consent([second], [PART], by=None)
    assert still_due(mail) is True
    say(first, mother, GRANTED, text)
    assert still_due(mail) is False  # the second is open too, but this mail does not name them


def test_mail_is_written_anew_without_the_child_whose_guardian_one_is_no_more(text, cast):
    _mother, (first, second) = two_children_of_one()
    mail = asked_mail(first, second)
    ended = first.guarded_by.get()
    actions.end_guardianship(ended, by=cast.coordinator)
    mail.refresh_from_db()
    anew = OutboxMail.objects.get(template="members/consent_asked", state="queued")
    assert (mail.state, ended.public_id in anew.body_text) == ("cancelled", False)
    assert second.guarded_by.get().public_id in anew.body_text
    Guardianship.objects.filter(child=second).update(ended_at=now())
    assert still_due(anew) is False


def test_mail_about_the_only_child_is_cancelled_with_the_guardianship(text, cast):
    child = make.GuardianshipFactory().child
    mail = asked_mail(child)
    actions.end_guardianship(child.guarded_by.get(), by=cast.coordinator)
    mail.refresh_from_db()
    assert mail.state == "cancelled"
    assert not OutboxMail.objects.filter(template="members/consent_asked", state="queued").exists()


@pytest.mark.parametrize("before", ["asked", "reminded"])
def test_asking_writes_to_nobody_who_was_asked_or_reminded_today(before, text, cast, time_machine):
    _mother, (first, second) = two_children_of_one()
    if before == "asked":
        assert actions.request_consent([first], [PART], by=cast.teacher) == 1
    else:
        actions.request_consent([first], [PART], by=cast.teacher)
        OutboxMail.objects.all().delete()
        actions.remind_guardians([first], by=cast.teacher)
    assert actions.request_consent([first, second], [PART], by=cast.colleague) == 0
    time_machine.move_to(now() + timedelta(days=1))
    third = make.GuardianshipFactory(guardian=_mother).child
    assert actions.request_consent([second, third], [PART], by=cast.colleague) == 1


def test_reminder_is_audited_about_each_child_it_is_about(child, mother, text, cast):
    other = make.GuardianshipFactory().child
    actions.request_consent([other], [PART], by=None)
    say(other, other.guarded_by.get().guardian, GRANTED, text)
    actions.remind_guardians([child, other], by=cast.teacher)
    lines = AuditEntry.objects.filter(verb="members.consent.remind").values_list("object_id", "actor", "reason")
    assert list(lines) == [(child.public_id, cast.teacher.public_id, "")]
