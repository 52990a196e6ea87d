"""Co-authors: asked by mail, confirmed, gone; who leads; and each one's own word on the library."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages.storage.cookie import CookieStorage
from django.utils.timezone import now

from cluster_portal.hooks import GuardianPage, mail_kinds
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, available_moves
from competitions import actions
from competitions.child_parts import lesson_plans
from competitions.models import Authorship, Entry
from competitions.views_authors import authors
from members.actions import decide
from members.models import Cluster, ConsentRequest, ConsentText, Person, Tie
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(cast):
    it = make.EntryFactory(competition=make.CompetitionFactory())
    make.AuthorshipFactory(entry=it, person=cast.teacher, affiliation=cast.teacher.affiliations.get())
    return it


def ask(entry, email, by, **names):
    return actions.invite_author(entry, email, by=by, at=now(), **names)


def mails(template):
    rows = OutboxMail.objects.filter(template=f"competitions/{template}").order_by("pk")
    return [(it.to_id, it.state) for it in rows]


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


def test_somebody_known_is_asked_by_the_address_they_sign_in_with(cast, entry):
    author = ask(entry, cast.colleague.email.upper(), cast.teacher)
    assert (author.person, author.state, author.invited_by) == (cast.colleague, "invited", cast.teacher)
    assert (author.shown_name, mails("author_asked")) == (cast.colleague.email, [(cast.colleague.pk, "queued")])


def test_somebody_new_is_entered_and_gets_a_link_to_set_a_password(cast, entry):
    author = ask(entry, "new@example.org", cast.teacher, given_name="Vera", family_name="Kim")
    mail = OutboxMail.objects.get(to=author.person)
    assert (author.person.full_name, author.person.has_claimed) == ("Kim Vera", False)
    assert "⟦claim⟧" in mail.body_text
    assert re.search(r"/invitation/[^/]+/$", mail_kinds[mail.template].secrets(mail)["claim"])


def test_nobody_is_asked_twice_and_nobody_who_is_one_already(cast, entry):
    ask(entry, cast.colleague.email, cast.teacher)
    for person in (cast.colleague, cast.teacher):
        said = refused(ask, entry, person.email, cast.teacher)
        assert said == "This person is an author already, or was asked to be one."


def test_an_entry_has_ten_authors(cast, entry):
    for _number in range(9):
        make.AuthorshipFactory(entry=entry, is_lead=False)
    assert refused(ask, entry, cast.colleague.email, cast.teacher).startswith("An entry has ten authors at most")


def test_authors_are_asked_while_entries_are_taken(cast, entry):
    late = entry.competition.closes_at
    said = refused(actions.invite_author, entry, cast.colleague.email, by=cast.teacher, at=late)
    assert said.startswith("Entries were taken until")


def test_whoever_confirms_is_an_author_by_their_own_right_and_is_bound_to_the_others(cast, entry):
    author = ask(entry, cast.colleague.email, cast.teacher)
    actions.confirm_authorship(author, by=cast.colleague)
    assert (author.state, author.affiliation.institution) == ("confirmed", cast.school)
    tie = Tie.objects.get(kind=Tie.Kind.CO_AUTHOR)
    assert ({tie.first, tie.second}, tie.about_id) == ({cast.teacher, cast.colleague}, entry.public_id)


def test_whoever_may_not_enter_cannot_confirm(cast, entry):
    author = ask(entry, cast.outsider.email, cast.teacher)
    assert refused(actions.confirm_authorship, author, by=cast.outsider) == (
        "You do not belong to an institution yet. Ask your institution to admit you."
    )


def test_a_juror_cannot_confirm_and_only_they_learn_why(cast, entry):
    make.JurorFactory(competition=entry.competition, person=cast.colleague)
    author = ask(entry, cast.colleague.email, cast.teacher)
    assert refused(actions.confirm_authorship, author, by=cast.colleague).startswith("You are in the jury")


def test_confirming_counts_against_ones_own_limit(cast):
    competition = make.CompetitionFactory(author_limit=1)
    make.AuthorshipFactory(entry=make.EntryFactory(competition=competition), person=cast.colleague)
    other = make.EntryFactory(competition=competition)
    make.AuthorshipFactory(entry=other, person=cast.teacher)
    author = ask(other, cast.colleague.email, cast.teacher)
    assert refused(actions.confirm_authorship, author, by=cast.colleague).startswith("One person can be an author of 1")


def test_an_institution_counts_an_entry_of_two_colleagues_once(cast):
    competition = make.CompetitionFactory(institution_limit=1)
    entry = actions.begin_entry(competition, by=cast.teacher, at=now())
    author = ask(entry, cast.colleague.email, cast.teacher)
    actions.confirm_authorship(author, by=cast.colleague)
    assert author.state == "confirmed"


def test_another_institution_counts_it_too(cast):
    competition = make.CompetitionFactory(institution_limit=1)
    other = make.PartyFactory(agreement=cast.agreement).institution
    theirs = make.AffiliationFactory(institution=other).person
    actions.begin_entry(competition, by=theirs, at=now())
    author = ask(actions.begin_entry(competition, by=cast.teacher, at=now()), theirs.email, cast.teacher)
    assert "can have 1 entry here, and has it" in refused(actions.confirm_authorship, author, by=theirs)


@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_once_do_not_pass_the_limit(cast, together):
    competition = make.CompetitionFactory(author_limit=1)
    asked = []
    for _number in range(2):
        entry = make.EntryFactory(competition=competition)
        make.AuthorshipFactory(entry=entry)
        asked.append(ask(entry, cast.colleague.email, entry.authorships.get().person))
    done = together(*[lambda it=it: actions.confirm_authorship(it, by=cast.colleague) for it in asked])
    assert sorted(done) == ["done", "refused"]


def test_the_lead_is_told_of_a_no(cast, entry):
    author = ask(entry, cast.colleague.email, cast.teacher)
    actions.decline_authorship(author, by=cast.colleague)
    assert (author.state, mails("author_gone")) == ("declined", [(cast.teacher.pk, "queued")])
    assert cast.colleague.full_name not in OutboxMail.objects.get(to=cast.teacher).body_text


def test_an_author_leaves_at_any_time_before_the_results(cast, entry):
    author = make.AuthorshipFactory(entry=entry, person=cast.colleague, is_lead=False)
    actions.end_authorship(author, by=cast.colleague, at=entry.competition.closes_at)
    assert (author.state, mails("author_gone")) == ("ended", [(cast.teacher.pk, "queued")])


def test_the_lead_takes_others_out_while_entries_are_taken_and_they_are_told(cast, entry):
    author = make.AuthorshipFactory(entry=entry, person=cast.colleague, is_lead=False)
    late = entry.competition.closes_at
    assert refused(actions.end_authorship, author, by=cast.teacher, at=late).startswith("Entries were taken until")
    actions.end_authorship(author, by=cast.teacher, at=now())
    assert (author.state, mails("author_out")) == ("ended", [(cast.colleague.pk, "queued")])


def test_who_is_asked_no_more_gets_no_mail(cast, entry):
    author = ask(entry, cast.colleague.email, cast.teacher)
    actions.end_authorship(author, by=cast.teacher, at=now())
    assert (mails("author_asked"), mails("author_out")) == ([(cast.colleague.pk, "cancelled")], [])


def test_nobody_leaves_after_the_results(cast):
    entry = make.EntryFactory(competition=make.CompetitionFactory(state="concluded"), state="admitted")
    author = make.AuthorshipFactory(entry=entry, person=cast.colleague, is_lead=False)
    assert refused(actions.end_authorship, author, by=cast.colleague).startswith("The results are out")


def test_another_author_leads_from_now_on(cast, entry):
    author = make.AuthorshipFactory(entry=entry, person=cast.colleague, is_lead=False)
    actions.hand_over_lead(author, by=cast.teacher)
    leads = list(Authorship.objects.filter(entry=entry, is_lead=True).values_list("person", flat=True))
    assert (leads, mails("author_leads")) == ([cast.colleague.pk], [(cast.colleague.pk, "queued")])
    assert set(available_moves(cast.teacher, entry)) == set()


def test_the_lead_does_not_go_to_somebody_who_has_not_answered(cast, entry):
    author = ask(entry, cast.colleague.email, cast.teacher)
    assert refused(actions.hand_over_lead, author, by=cast.teacher).startswith("The lead goes to an author who has")


@pytest.mark.django_db(transaction=True)
def test_the_lead_goes_to_one_of_two_at_once(cast, together):
    entry = make.EntryFactory(competition=make.CompetitionFactory())
    make.AuthorshipFactory(entry=entry, person=cast.teacher)
    others = [make.AuthorshipFactory(entry=entry, is_lead=False) for _number in range(2)]
    together(*[lambda it=it: actions.hand_over_lead(it, by=cast.teacher) for it in others])
    assert entry.authorships.filter(is_lead=True).count() == 1


def test_each_author_decides_about_the_library_and_takes_it_back(cast, entry):
    author = entry.authorships.get()
    actions.decide_publishing(author, by=cast.teacher, yes=True)
    author.refresh_from_db()
    said = author.decided_at
    actions.decide_publishing(author, by=cast.teacher, yes=False)
    author.refresh_from_db()
    assert (said is not None, author.may_be_published, author.decided_at > said) == (True, False, True)


def test_who_has_not_confirmed_says_nothing_about_the_library(cast, entry):
    author = ask(entry, cast.colleague.email, cast.teacher)
    said = refused(actions.decide_publishing, author, by=cast.colleague, yes=True)
    assert said == "Confirm first that you are an author of this entry."


def test_guardians_of_a_child_are_asked_when_it_enters_and_when_it_wants_to_be_published(cast):
    for purpose in ("taking_part", "work"):
        make.ConsentTextFactory(purpose=purpose)
    child = make.ChildFactory(email="child@example.org")
    make.GuardianshipFactory(child=child)
    make.AffiliationFactory(institution=cast.school, person=child, role="student")
    entry = actions.begin_entry(make.CompetitionFactory(roles=["student"]), by=child, at=now())
    assert list(ConsentRequest.objects.values_list("purpose", flat=True)) == ["taking_part"]
    actions.decide_publishing(entry.authorships.get(), by=child, yes=True)
    assert sorted(ConsentRequest.objects.values_list("purpose", flat=True)) == ["taking_part", "work"]


def test_mails_are_sent_only_while_they_are_true(cast, entry):
    author = ask(entry, cast.colleague.email, cast.teacher)
    mail = OutboxMail.objects.get(template="competitions/author_asked")
    due = mail_kinds[mail.template].still_due
    assert due(mail)
    Authorship.objects.filter(pk=author.pk).update(person=Person.objects.get(pk=cast.outsider.pk))
    assert not due(mail)


ALLOWED = {
    ("asked", "invited"): {"confirm", "decline"},
    ("asked", "confirmed"): {"end"},
    ("lead", "invited"): {"end"},
    ("lead", "confirmed"): {"end"},
}


@pytest.mark.parametrize("state", Authorship.State.values)
@pytest.mark.parametrize("role", ["asked", "lead", "stranger", "coordinator"])
def test_moves_by_role_and_state(cast, entry, role, state):
    author = make.AuthorshipFactory(entry=entry, person=cast.colleague, is_lead=False, state=state)
    people = {
        "asked": cast.colleague, "lead": cast.teacher, "stranger": cast.outsider, "coordinator": cast.coordinator,
    }  # fmt: skip
    assert set(available_moves(people[role], author)) == ALLOWED.get((role, state), set())


def test_the_lead_does_not_leave_before_handing_over(cast, entry):
    assert set(available_moves(cast.teacher, entry.authorships.get())) == set()
    assert Entry.objects.get().authorships.count() == 1


@pytest.fixture
def child(cast):
    """A student of the school whose guardian has consented, and can take that back."""
    it = make.ChildFactory(email="child@example.org")
    make.AffiliationFactory(institution=cast.school, person=it, role="student")
    make.GuardianshipFactory(child=it)
    make.ConsentTextFactory(purpose="taking_part")
    return it


def say(child, decision):
    guardian = child.guarded_by.get().guardian
    decide(child, "taking_part", decision, by=guardian, channel="link", text=ConsentText.objects.get())


def test_what_a_child_wrote_alone_is_withdrawn_when_consent_is_taken_back(child):
    entry = make.EntryFactory(competition=make.CompetitionFactory(roles=["student"]), state="submitted")
    make.AuthorshipFactory(entry=entry, person=child)
    say(child, "granted")
    assert Entry.objects.get().state == "submitted"
    say(child, "withdrawn")
    assert Entry.objects.get().state == "withdrawn"


def test_what_a_child_wrote_with_others_stays_with_them(child, cast):
    entry = make.EntryFactory(competition=make.CompetitionFactory(), state="submitted")
    make.AuthorshipFactory(entry=entry, person=child)
    other = make.AuthorshipFactory(entry=entry, person=cast.teacher, is_lead=False)
    say(child, "refused")
    other.refresh_from_db()
    states = dict(entry.authorships.values_list("person", "state"))
    assert (states, other.is_lead) == ({child.pk: "ended", cast.teacher.pk: "confirmed"}, True)
    assert (Entry.objects.get().state, mails("author_leads")) == ("submitted", [(cast.teacher.pk, "queued")])


def test_after_the_results_a_no_changes_no_entry(child):
    entry = make.EntryFactory(competition=make.CompetitionFactory(state="concluded"), state="admitted")
    make.AuthorshipFactory(entry=entry, person=child)
    say(child, "refused")
    assert (Entry.objects.get().state, entry.authorships.get().state) == ("admitted", "confirmed")


def test_guardians_read_what_their_child_has_entered_and_by_when_it_is_handed_in(child):
    competition = make.CompetitionFactory(title="June plans", roles=["student"])
    entry = make.EntryFactory(competition=competition, title="Agents")
    make.AuthorshipFactory(entry=entry, person=child)
    page = GuardianPage(child.guarded_by.get().guardian, [child])
    [part] = lesson_plans(page)
    [row] = part.rows
    assert (part.child, row.title, row.notes[0], row.word) == (child.pk, "Agents", "June plans", "Draft")
    assert row.notes[1].startswith("To be handed in until")
    assert list(lesson_plans(GuardianPage(page.reader, []))) == []


def test_who_was_asked_is_told_when_the_lead_withdraws_the_entry(cast, entry):
    author = ask(entry, cast.colleague.email, cast.teacher)
    actions.withdraw_entry(entry, by=cast.teacher)
    author.refresh_from_db()
    assert (author.state, mails("withdrawn")) == ("ended", [(cast.colleague.pk, "queued")])
    assert mails("author_asked") == [(cast.colleague.pk, "cancelled")]
    told = OutboxMail.objects.get(template="competitions/withdrawn")
    assert "/entries/" not in told.body_text  # it is not theirs to open
    assert "This is about" not in told.body_text
    assert mail_kinds[told.template].still_due(told)
    told.to = cast.contact
    assert not mail_kinds[told.template].still_due(told)


def test_an_invitation_that_arrived_in_time_is_sent_however_long_it_waited(cast, entry, rf):
    closes = entry.competition.closes_at
    request = rf.post("/", {"email": cast.colleague.email})
    request.user, request.received_at, request.cluster = cast.teacher, closes - timedelta(seconds=1), Cluster.current()
    request.htmx, request.session, request._messages = False, {}, CookieStorage(request)
    with time_machine.travel(closes + timedelta(minutes=1), tick=False):
        assert authors(request, entry.public_id).status_code == 302
    assert mails("author_asked") == [(cast.colleague.pk, "queued")]
