"""An entry from its first word to the jury: who may begin one, what saving keeps, and when handing in counts."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import now

from cluster_portal.models import AuditEntry, OutboxMail, Upload
from cluster_portal.moves import Refused, available_moves
from competitions import actions
from competitions.actions.entries import Saving
from competitions.models import Entry
from competitions.receipt import as_bytes, digest_of
from members.models import Affiliation, Direction
from tests import factories as make

pytestmark = pytest.mark.django_db
STEP = {"title": "Ask", "minutes": 10, "text": "Students ask a model."}


@pytest.fixture
def competition(db):
    return make.CompetitionFactory()


def begin(competition, person, at=None):
    return actions.begin_entry(competition, by=person, at=at or now())


def complete(competition, person, **facts):
    """A draft with all that is asked for."""
    entry = make.EntryFactory(competition=competition, **facts)
    make.AuthorshipFactory(entry=entry, person=person, affiliation=person.affiliations.first())
    entry.steps.create(position=1, **STEP)
    return entry


def fresh(entry):
    return Entry.objects.get(pk=entry.pk)


def mails(entry, template):
    rows = OutboxMail.objects.about(entry).filter(template=f"competitions/{template}")
    return sorted((it.to_id, it.state) for it in rows)


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


def test_whoever_begins_leads_and_the_right_is_kept(cast, competition):
    make.ClauseFactory(agreement=cast.agreement, number="2.4", right="competition")
    entry = begin(competition, cast.teacher)
    author = entry.authorships.get()
    assert (entry.state, author.person, author.is_lead, author.state) == ("draft", cast.teacher, True, "confirmed")
    assert (author.affiliation.institution, author.clause.number) == (cast.school, "2.4")


def test_nobody_without_an_institution_begins(cast, competition):
    assert refused(begin, competition, cast.outsider) == (
        "You do not belong to an institution yet. Ask your institution to admit you."
    )


def test_everybody_begins_where_everyone_is_admitted(cast):
    entry = begin(make.CompetitionFactory(admits="everyone"), cast.outsider)
    assert (entry.authorships.get().affiliation, entry.authorships.get().clause) == (None, None)


@pytest.mark.parametrize(
    ("state", "moved", "said"),
    [
        ("published", -timedelta(days=20), "Entries are taken from"),
        ("published", timedelta(days=20), "Entries were taken until"),
        ("cancelled", timedelta(), "This competition was cancelled"),
        ("concluded", timedelta(), "Entries were taken until"),
        ("draft", timedelta(), "This competition is not published yet"),
    ],
)
def test_nothing_is_begun_outside_of_the_open_phase(cast, state, moved, said):
    competition = make.CompetitionFactory(state=state)
    assert refused(begin, competition, cast.teacher, now() + moved).startswith(said)


def test_one_person_has_as_many_entries_as_the_competition_says(cast):
    competition = make.CompetitionFactory(author_limit=1)
    first = begin(competition, cast.teacher)
    assert refused(begin, competition, cast.teacher).startswith("One person can be an author of 1 entry here")
    actions.withdraw_entry(first, by=cast.teacher)
    assert begin(competition, cast.teacher).state == "draft"


def test_one_institution_has_as_many_entries_as_the_competition_says(cast):
    competition = make.CompetitionFactory(institution_limit=1)
    begin(competition, cast.teacher)
    assert refused(begin, competition, cast.colleague).startswith("School 1 can have 1 entry here, and has it")


def test_the_clause_says_how_many_entries_an_institution_has(cast, competition):
    make.ClauseFactory(agreement=cast.agreement, number="2.4", right="competition", places=1)
    begin(competition, cast.teacher)
    assert refused(begin, competition, cast.colleague).startswith("§ 2.4 of the")


def test_a_plan_that_may_only_be_passed_on_unchanged_is_not_adapted(cast, competition):
    kept, free = (make.PlanFactory(entry__licence=licence) for licence in ("CC-BY-ND-4.0", "CC-BY-4.0"))
    said = refused(actions.begin_entry, competition, by=cast.teacher, at=now(), source=kept)
    assert said.startswith("It is given under CC-BY-ND-4.0")
    entry = actions.begin_entry(competition, by=cast.teacher, at=now(), source=free)
    assert entry.adapted_from == free


def test_a_juror_of_the_competition_does_not_enter_it(cast, competition):
    make.JurorFactory(competition=competition, person=cast.teacher, state="invited")
    assert refused(begin, competition, cast.teacher).startswith("You are in the jury of this competition")


def test_students_enter_only_what_names_them(cast):
    student = make.AffiliationFactory(institution=cast.school, role=Affiliation.Role.STUDENT).person
    student.birth_date = "2000-01-01"
    student.save()
    assert refused(begin, make.CompetitionFactory(), student).startswith("This competition is for adults")
    assert begin(make.CompetitionFactory(roles=["student"]), student).state == "draft"


def test_a_student_who_also_teaches_enters_as_a_teacher(cast, competition):
    person = make.AffiliationFactory(institution=cast.school, role=Affiliation.Role.STUDENT).person
    teaching = make.AffiliationFactory(institution=cast.school, person=person)
    assert begin(competition, person).authorships.get().affiliation == teaching


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_pass_the_limit_of_their_school(cast, together):
    competition = make.CompetitionFactory(institution_limit=1)
    done = together(lambda: begin(competition, cast.teacher), lambda: begin(competition, cast.colleague))
    assert (sorted(done), Entry.objects.count()) == (["done", "refused"], 1)


def test_saving_keeps_fields_steps_and_tools(cast, competition):
    entry = begin(competition, cast.teacher)
    theme = Direction.objects.create(name="Ethics", slug="ethics")
    saved = actions.save_entry(
        entry, by=cast.teacher, at=now(), revision=1, title="Agents", minutes=45, directions=[theme],
        steps=[STEP, STEP | {"title": "Check"}], tools=[{"name": "A model", "use": "It answers."}],
    )  # fmt: skip
    it = fresh(entry)
    assert (saved, it.title, it.minutes, it.revision) == (Saving(2), "Agents", 45, 2)
    assert [(one.position, one.title) for one in it.steps.all()] == [(1, "Ask"), (2, "Check")]
    assert ([one.name for one in it.tools.all()], list(it.directions.all())) == (["A model"], [theme])


def test_saving_the_same_changes_nothing(cast, competition):
    entry = begin(competition, cast.teacher)
    actions.save_entry(entry, by=cast.teacher, at=now(), revision=1, title="Agents", steps=[STEP])
    again = actions.save_entry(entry, by=cast.teacher, at=now(), revision=1, title="Agents", steps=[STEP])
    assert (again, fresh(entry).revision) == (Saving(2), 2)


def test_the_later_of_two_windows_is_told_and_nothing_is_lost(cast, competition):
    entry = begin(competition, cast.teacher)
    actions.save_entry(entry, by=cast.teacher, at=now(), revision=1, title="First window", abstract="Same")
    later = actions.save_entry(entry, by=cast.colleague, at=now(), revision=1, title="Second", abstract="Same")
    assert later == Saving(2, {"title": "First window"})
    assert (fresh(entry).title, fresh(entry).revision) == ("First window", 2)


def test_what_two_windows_write_in_different_places_is_kept_from_both(cast, competition):
    entry = begin(competition, cast.teacher)
    base = {"title": "", "abstract": ""}
    actions.save_entry(entry, by=cast.teacher, at=now(), revision=1, title="First window", abstract="")
    saved = actions.save_entry(
        entry, by=cast.colleague, at=now(), revision=1, title="", abstract="Second window", base=base
    )
    it = fresh(entry)
    assert (saved, it.title, it.abstract) == (Saving(3, {}, ["title"]), "First window", "Second window")


def test_what_two_windows_write_in_one_place_is_left_to_the_later(cast, competition):
    entry = begin(competition, cast.teacher)
    actions.save_entry(entry, by=cast.teacher, at=now(), revision=1, title="First", abstract="First")
    mine = {"title": "Second", "abstract": "", "base": {"title": "", "abstract": ""}}
    told = actions.save_entry(entry, by=cast.colleague, at=now(), revision=1, **mine)
    assert (told.theirs, fresh(entry).title) == ({"title": "First"}, "First")
    actions.save_entry(entry, by=cast.colleague, at=now(), revision=told.revision, **mine)
    assert (fresh(entry).title, fresh(entry).abstract) == ("Second", "First")


@pytest.mark.django_db(transaction=True)
def test_of_two_windows_at_once_one_saves_and_the_other_is_told(cast, together):
    entry = begin(make.CompetitionFactory(), cast.teacher)
    told = []

    def save(title):
        return lambda: told.append(actions.save_entry(entry, by=cast.teacher, at=now(), revision=1, title=title))

    assert together(save("One"), save("Other")) == ["done", "done"]
    assert sorted(len(it.theirs) for it in told) == [0, 1]


def test_a_sitting_is_noted_once_and_not_every_word(cast, competition):
    entry = begin(competition, cast.teacher)
    for number in range(3):
        actions.save_entry(entry, by=cast.teacher, at=now(), revision=number + 1, title=f"Title {number}")
    assert AuditEntry.objects.filter(verb="competitions.entry.change").count() == 1


def test_a_draft_is_not_saved_after_the_deadline(cast, competition):
    entry = begin(competition, cast.teacher)
    late = competition.closes_at
    said = refused(actions.save_entry, entry, by=cast.teacher, at=late, revision=1, title="Late")
    assert said.startswith("Entries were taken until")


def test_the_last_second_counts_and_the_next_one_does_not(cast, competition):
    entry = complete(competition, cast.teacher)
    assert refused(actions.submit_entry, entry, by=cast.teacher, at=competition.closes_at).startswith("Entries were")
    in_time = competition.closes_at - timedelta(microseconds=1)
    actions.submit_entry(entry, by=cast.teacher, at=in_time)
    assert (entry.state, entry.submitted_at) == ("submitted", in_time)


def test_what_is_missing_is_said_and_nothing_is_handed_in(cast, competition):
    entry = begin(competition, cast.teacher)
    said = refused(actions.submit_entry, entry, by=cast.teacher, at=now())
    assert said == (
        "Something is missing, so nothing was handed in. Give the plan a title. Say in a few sentences what the "
        "lesson is about. Name the subject. And more: the check lists all of it."
    )
    assert (fresh(entry).state, OutboxMail.objects.count()) == ("draft", 0)


def test_each_author_gets_a_receipt_with_the_digest_of_what_was_handed_in(cast, competition):
    entry = complete(competition, cast.teacher)
    make.AuthorshipFactory(entry=entry, person=cast.colleague, is_lead=False)
    make.AuthorshipFactory(entry=entry, person=cast.outsider, is_lead=False, state="invited")
    competition.admits = "everyone"
    competition.save()
    actions.submit_entry(entry, by=cast.teacher, at=now())
    assert mails(entry, "receipt") == sorted([(cast.teacher.pk, "queued"), (cast.colleague.pk, "queued")])
    it = fresh(entry)
    body = OutboxMail.objects.filter(to=cast.teacher).get().body_text
    assert (it.sha256, it.sha256 in body, it.public_id in body) == (digest_of(it), True, True)
    assert '"title": "Ask"' in as_bytes(it).decode()


def test_opened_again_it_is_a_draft_without_receipt_and_is_handed_in_anew(cast, competition):
    entry = complete(competition, cast.teacher)
    actions.submit_entry(entry, by=cast.teacher, at=now())
    actions.reopen_entry(entry, by=cast.teacher, at=now())
    assert (entry.state, entry.submitted_at, entry.sha256) == ("draft", None, "")
    assert mails(entry, "receipt") == [(cast.teacher.pk, "cancelled")]
    actions.save_entry(entry, by=cast.teacher, at=now(), revision=1, title="Better")
    actions.submit_entry(entry, by=cast.teacher, at=now())
    assert (entry.state, mails(entry, "receipt")) == (
        "submitted", [(cast.teacher.pk, "cancelled"), (cast.teacher.pk, "queued")],
    )  # fmt: skip


def test_after_the_deadline_it_is_not_opened_again(cast, competition):
    entry = complete(competition, cast.teacher)
    actions.submit_entry(entry, by=cast.teacher, at=now())
    said = refused(actions.reopen_entry, entry, by=cast.teacher, at=competition.closes_at)
    assert (said.endswith("What was handed in stays as it is."), fresh(entry).state) == (True, "submitted")


def test_what_is_handed_in_does_not_change(cast, competition):
    entry = complete(competition, cast.teacher)
    actions.submit_entry(entry, by=cast.teacher, at=now())
    said = refused(actions.save_entry, entry, by=cast.teacher, at=now(), revision=1, title="Other")
    assert said == "This entry is not a draft any more. Its page says what you can do with it."


def test_withdrawing_tells_the_other_authors_and_takes_the_receipts_back(cast, competition):
    entry = complete(competition, cast.teacher)
    make.AuthorshipFactory(entry=entry, person=cast.colleague, is_lead=False)
    actions.submit_entry(entry, by=cast.teacher, at=now())
    actions.withdraw_entry(entry, by=cast.teacher)
    assert (entry.state, mails(entry, "withdrawn")) == ("withdrawn", [(cast.colleague.pk, "queued")])
    assert {state for _to, state in mails(entry, "receipt")} == {"cancelled"}


def test_nothing_is_withdrawn_after_the_results(cast):
    entry = make.EntryFactory(competition=make.CompetitionFactory(state="concluded"), state="admitted")
    assert refused(actions.withdraw_entry, entry, by=cast.teacher).startswith("The results are out")


def text_file(name="worksheet.txt", content=b"Which answer is wrong?"):
    return SimpleUploadedFile(name, content)


def test_files_are_added_and_removed_for_good(cast, competition):
    entry = begin(competition, cast.teacher)
    file = actions.add_file(entry, by=cast.teacher, at=now(), file=text_file("../Sheet 1.exe"))
    assert (file.title, file.upload.name, fresh(entry).revision) == ("Sheet 1", "Sheet 1.txt", 1)
    actions.remove_file(file, by=cast.teacher, at=now())
    assert (entry.files.count(), Upload.objects.count()) == (0, 0)


def test_an_entry_holds_ten_files(cast, competition):
    entry = begin(competition, cast.teacher)
    for number in range(10):
        actions.add_file(entry, by=cast.teacher, at=now(), file=text_file(f"{number}.txt"))
    said = refused(actions.add_file, entry, by=cast.teacher, at=now(), file=text_file())
    assert said == "An entry holds ten files at most. Remove one first."


def test_files_stay_as_they_are_after_handing_in(cast, competition):
    entry = complete(competition, cast.teacher)
    file = actions.add_file(entry, by=cast.teacher, at=now(), file=text_file())
    actions.submit_entry(entry, by=cast.teacher, at=now())
    for action, what in ((actions.add_file, {"file": text_file()}), (actions.remove_file, {})):
        about = entry if what else file
        assert refused(action, about, by=cast.teacher, at=now(), **what).startswith("This entry is not a draft")


ALLOWED = {
    ("lead", "draft"): {"submit", "withdraw"},
    ("lead", "submitted"): {"reopen", "withdraw"},
    ("lead", "admitted"): {"withdraw"},
    ("coordinator", "submitted"): {"admit", "disqualify"},
    ("coordinator", "admitted"): {"disqualify"},
}


@pytest.mark.parametrize("state", Entry.State.values)
@pytest.mark.parametrize("role", ["lead", "co-author", "asked", "stranger", "coordinator"])
def test_moves_by_role_and_state(cast, role, state):
    entry = make.EntryFactory(state=state)
    make.AuthorshipFactory(entry=entry, person=cast.teacher)
    make.AuthorshipFactory(entry=entry, person=cast.colleague, is_lead=False)
    make.AuthorshipFactory(entry=entry, person=cast.contact, is_lead=False, state="invited")
    people = {
        "lead": cast.teacher, "co-author": cast.colleague, "asked": cast.contact, "stranger": cast.outsider,
        "coordinator": cast.coordinator,
    }  # fmt: skip
    assert set(available_moves(people[role], entry)) == ALLOWED.get((role, state), set())


def test_a_spelling_that_is_mended_later_breaks_no_receipt(competition):
    nomination = make.NominationFactory(competition=competition, title="Kindergartns")
    entry = make.EntryFactory(competition=competition, nomination=nomination)
    before = digest_of(fresh(entry))
    nomination.title = "Kindergartens"
    nomination.save()
    assert digest_of(fresh(entry)) == before
