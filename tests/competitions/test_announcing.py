"""A competition from its first draft on: what it needs, what stays as it was published, who is told of what."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils.timezone import now

from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from competitions import actions
from competitions.models import Competition, Criterion, LevelExample, Score
from members.models import Cluster
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Competition.State


@pytest.fixture
def coordinator(db):
    return make.CoordinatorFactory().person


@pytest.fixture
def competition(db):
    """Published, with a criterion."""
    return make.CriterionFactory().competition


def templates_to(person):
    return sorted(OutboxMail.objects.filter(to=person).exclude(state="cancelled").values_list("template", flat=True))


def fresh(it):
    return Competition.objects.get(pk=it.pk)


def test_a_new_competition_is_a_draft_with_its_regions(coordinator):
    region = make.RegionFactory()
    facts = {name: getattr(make.CompetitionFactory.build(), name)
             for name in ("title", "summary", "opens_at", "closes_at", "judged_until", "results_on")}  # fmt: skip
    it = actions.create_competition(by=coordinator, regions=[region], **facts)
    assert (it.state, list(it.regions.all())) == (State.DRAFT, [region])
    assert AuditEntry.objects.filter(verb="competitions.competition.create", object_id=it.public_id).count() == 1


def test_publishing_asks_for_criteria(coordinator):
    it = make.CompetitionFactory(state=State.DRAFT)
    with pytest.raises(Refused, match="Add the criteria"):
        actions.publish_competition(it, by=coordinator)
    make.CriterionFactory(competition=it)
    actions.publish_competition(it, by=coordinator)
    assert fresh(it).state == State.PUBLISHED


def test_publishing_asks_for_a_deadline_ahead(coordinator):
    it = make.CriterionFactory(
        competition__state=State.DRAFT, competition__opens_at=now() - timedelta(days=30)
    ).competition
    with pytest.raises(Refused, match="Its deadline is over"):
        actions.publish_competition(it, by=coordinator)
    assert fresh(it).state == State.DRAFT


ALLOWED = {
    ("coordinator", State.DRAFT): {"publish", "cancel"},
    ("coordinator", State.PUBLISHED): {"conclude", "cancel"},
    ("keeper", State.DRAFT): {"publish", "cancel"},
    ("keeper", State.PUBLISHED): {"conclude", "cancel"},
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("role", ["coordinator", "keeper", "elsewhere", "author", "juror", "stranger"])
def test_moves_by_role_and_state(role, state):
    region = make.RegionFactory()
    it = make.CompetitionFactory(state=state, host=make.InstitutionFactory(region=region))
    person = {
        "coordinator": lambda: make.CoordinatorFactory().person,
        "keeper": lambda: make.CoordinatorFactory(region=region).person,
        "elsewhere": lambda: make.CoordinatorFactory(region=make.RegionFactory()).person,
        "author": lambda: make.AuthorshipFactory(entry__competition=it).person,
        "juror": lambda: make.JurorFactory(competition=it).person,
        "stranger": make.PersonFactory,
    }[role]()
    assert set(available_moves(person, it)) == ALLOWED.get((role, state), set())


def test_a_draft_is_kept_from_everybody_but_its_keepers(coordinator):
    it, stranger = make.CompetitionFactory(state=State.DRAFT), make.PersonFactory()
    assert list(Competition.objects.visible_to(stranger)) == []
    assert list(Competition.objects.visible_to(coordinator)) == [it]


def test_what_is_cancelled_or_decided_is_not_changed(coordinator):
    for state in (State.CANCELLED, State.CONCLUDED):
        it = make.CompetitionFactory(state=state)
        with pytest.raises(Refused, match="This competition is over"):
            actions.change_competition(it, by=coordinator, title="Another")
        with pytest.raises(Refused, match="This competition is over"):
            actions.add_nomination(it, by=coordinator, title="Another")


def test_authors_of_all_that_counts_are_told_of_a_moved_deadline_once(competition, coordinator):
    author = make.AuthorshipFactory(entry__competition=competition).person
    make.AuthorshipFactory(entry__competition=competition, entry__state="submitted", person=author)
    gone = make.AuthorshipFactory(entry__competition=competition, entry__state="withdrawn").person
    juror = make.JurorFactory(competition=competition).person
    later = competition.closes_at + timedelta(days=2)
    actions.change_competition(competition, by=coordinator, closes_at=later)
    assert fresh(competition).closes_at == later
    assert templates_to(author) == ["competitions/deadline_moved"]
    assert templates_to(gone) == templates_to(juror) == []


def test_a_deadline_that_moves_there_and_back_is_told_each_time_and_only_the_last_leaves(competition, coordinator):
    author = make.AuthorshipFactory(entry__competition=competition).person
    first = competition.closes_at
    for at in (first + timedelta(days=2), first, first + timedelta(days=2)):
        actions.change_competition(competition, by=coordinator, closes_at=at)
    assert templates_to(author) == ["competitions/deadline_moved"]
    assert OutboxMail.objects.filter(to=author).count() == 3


def test_jurors_are_told_when_they_have_another_day_for_their_reviews(competition, coordinator):
    author = make.AuthorshipFactory(entry__competition=competition).person
    juror = make.JurorFactory(competition=competition).person
    left = make.JurorFactory(competition=competition, state="ended").person
    later = competition.judged_until + timedelta(days=2)
    actions.change_competition(competition, by=coordinator, judged_until=later)
    assert templates_to(juror) == ["competitions/judging_moved"]
    assert templates_to(author) == templates_to(left) == []


def test_changing_words_mails_nobody(competition, coordinator):
    make.AuthorshipFactory(entry__competition=competition)
    make.JurorFactory(competition=competition)
    assert actions.change_competition(competition, by=coordinator, about="New") == ["about"]
    assert OutboxMail.objects.count() == 0


def test_a_draft_moves_its_dates_without_mail(coordinator):
    it = make.CompetitionFactory(state=State.DRAFT)
    make.JurorFactory(competition=it)
    actions.change_competition(it, by=coordinator, judged_until=it.judged_until + timedelta(days=1), is_blind=False)
    assert OutboxMail.objects.count() == 0


def test_whether_names_are_shown_stays_as_it_was_published(competition, coordinator):
    with pytest.raises(Refused, match="That stays as it was published"):
        actions.change_competition(competition, by=coordinator, is_blind=False)


def test_a_deadline_is_not_moved_into_the_past(competition, coordinator):
    with pytest.raises(Refused, match="Choose a deadline ahead"):
        actions.change_competition(competition, by=coordinator, closes_at=now() - timedelta(seconds=1))


def test_the_dates_of_entering_stay_once_the_jury_reads(competition, coordinator):
    make.ReviewFactory(entry__competition=competition)
    with pytest.raises(Refused, match="The jury reads already"):
        actions.change_competition(competition, by=coordinator, closes_at=competition.closes_at + timedelta(days=1))


def test_the_rule_for_ties_stays_once_a_review_is_given(competition, coordinator):
    make.ReviewFactory(entry__competition=competition, state="completed")
    with pytest.raises(Refused, match="the rule for ties stays"):
        actions.change_competition(competition, by=coordinator, tie_rule="shared")


def test_cancelling_tells_authors_and_jurors_once_and_what_waited_does_not_leave(competition, coordinator):
    author = make.AuthorshipFactory(entry__competition=competition).person
    make.AuthorshipFactory(entry__competition=competition, person=author)
    juror = make.JurorFactory(competition=competition, state="invited").person
    actions.change_competition(competition, by=coordinator, closes_at=competition.closes_at + timedelta(days=1))
    actions.cancel_competition(fresh(competition), by=coordinator)
    assert templates_to(author) == templates_to(juror) == ["competitions/cancelled"]


def test_cancelling_a_draft_tells_nobody(coordinator):
    it = make.JurorFactory(competition__state=State.DRAFT).competition
    actions.cancel_competition(it, by=coordinator)
    assert (fresh(it).state, OutboxMail.objects.count()) == (State.CANCELLED, 0)


def test_guardians_of_a_young_author_are_told_too(competition, coordinator):
    bond = make.GuardianshipFactory()
    make.AuthorshipFactory(entry__competition=competition, person=bond.child)
    actions.cancel_competition(competition, by=coordinator)
    assert templates_to(bond.guardian) == ["competitions/cancelled"]


def test_foreseeing_counts_people_and_changes_nothing(competition, coordinator):
    author = make.AuthorshipFactory(entry__competition=competition).person
    make.AuthorshipFactory(entry__competition=competition, person=author)
    make.JurorFactory.create_batch(2, competition=competition)
    foreseen = actions.mailed_by(competition, actions.cancel_competition, fresh(competition), by=coordinator)
    assert sorted(foreseen) == [("Authors", 1), ("Jurors", 2)]
    assert (fresh(competition).state, OutboxMail.objects.count()) == (State.PUBLISHED, 0)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_cancel_and_change_at_once_nobody_tells_of_a_date_that_is_gone(together):
    by = make.CoordinatorFactory().person
    it = make.CriterionFactory().competition
    author = make.AuthorshipFactory(entry__competition=it).person
    later = it.closes_at + timedelta(days=1)
    came = together(
        lambda: actions.cancel_competition(fresh(it), by=by),
        lambda: actions.change_competition(fresh(it), by=by, closes_at=later),
    )
    assert came[0] == "done"
    assert came[1] in {"done", "refused"}
    assert templates_to(author) == ["competitions/cancelled"]


def test_last_years_competition_is_prepared_again_with_all_its_parts_and_nobodys_entry(coordinator):
    Cluster.objects.create(pk=1, name="Cluster", time_zone="Europe/Berlin")
    opens = datetime(2027, 2, 1, 8, tzinfo=UTC)  # 09:00 in Berlin, in winter
    it = make.CompetitionFactory(
        title="Plans 2027", opens_at=opens, closes_at=datetime(2027, 3, 1, 23, tzinfo=UTC), about="Why",
        tie_rule="shared", author_limit=2,
    )  # fmt: skip
    it.regions.add(make.RegionFactory())
    nomination = make.NominationFactory(competition=it, description="For beginners")
    criterion = make.CriterionFactory(competition=it, weight=2)
    LevelExample.objects.create(criterion=criterion, score=5, text="Clear")
    make.AuthorshipFactory(entry__competition=it)
    make.JurorFactory(competition=it)
    again = actions.hold_competition_again(it, coordinator, title="Plans 2028", opens_on=date(2028, 5, 1))
    assert (again.state, again.title, again.slug) == (State.DRAFT, "Plans 2028", "plans-2028")
    assert again.opens_at == datetime(2028, 5, 1, 7, tzinfo=UTC)  # 09:00 in Berlin, in summer
    assert (again.results_on - it.results_on).days == (date(2028, 5, 1) - date(2027, 2, 1)).days
    assert (again.about, again.tie_rule, again.author_limit) == ("Why", "shared", 2)
    assert list(again.regions.all()) == list(it.regions.all())
    assert [(one.title, one.description) for one in again.nominations.all()] == [(nomination.title, "For beginners")]
    copied = again.criteria.get()
    assert (copied.title, copied.weight, copied.examples.get().text) == (criterion.title, 2, "Clear")
    assert (again.entries.count(), again.jurors.count(), it.entries.count()) == (0, 0, 1)


def test_holding_again_asks_for_a_day_from_which_the_deadline_is_ahead(competition, coordinator):
    with pytest.raises(Refused, match="its deadline would be over"):
        actions.hold_competition_again(competition, coordinator, title="Again", opens_on=date(2020, 1, 1))
    assert Competition.objects.count() == 1


def test_nominations_and_criteria_keep_an_order_without_gaps(competition, coordinator):
    first, second, third = (actions.add_nomination(competition, coordinator, title=one) for one in "ABC")
    actions.move_up(third, by=coordinator)
    actions.remove_nomination(first, by=coordinator)
    rows = competition.nominations.values_list("title", "position")
    assert list(rows) == [("C", 1), ("B", 2)]
    with pytest.raises(Refused, match="the first already"):
        actions.move_up(competition.nominations.get(title="C"), by=coordinator)
    assert second in competition.nominations.all()


def test_a_nomination_with_entries_stays(competition, coordinator):
    nomination = make.NominationFactory(competition=competition)
    make.EntryFactory(competition=competition, nomination=nomination)
    with pytest.raises(Refused, match="There are entries for this nomination"):
        actions.remove_nomination(nomination, by=coordinator)


def test_examples_of_levels_follow_the_scale(competition, coordinator):
    criterion = competition.criteria.get()
    actions.change_criterion(criterion, coordinator, {0: "Nothing", 3: "Half", 5: "All"})
    actions.change_criterion(criterion, coordinator, {0: "", 3: "Some", 5: "All"}, highest=4)
    assert list(criterion.examples.values_list("score", "text")) == [(3, "Some")]


def test_once_scores_are_given_only_the_words_of_the_rubric_change(competition, coordinator):
    criterion = competition.criteria.get()
    Score.objects.create(review=make.ReviewFactory(entry__competition=competition), criterion=criterion, value=3)
    actions.change_criterion(criterion, coordinator, {5: "Clear"}, title="Clarity", weight=criterion.weight)
    assert Criterion.objects.get().title == "Clarity"
    for forbidden in (
        lambda: actions.change_criterion(criterion, coordinator, {}, weight=2),
        lambda: actions.add_criterion(competition, coordinator, title="Another"),
        lambda: actions.remove_criterion(criterion, coordinator),
    ):
        with pytest.raises(Refused, match="Only its words can be changed"):
            forbidden()


def test_a_published_competition_keeps_a_criterion(competition, coordinator):
    with pytest.raises(Refused, match="one criterion at least"):
        actions.remove_criterion(competition.criteria.get(), coordinator)


def test_the_last_second_counts_and_the_next_one_does_not(competition):
    closes = competition.closes_at
    assert competition.takes_entries_at(closes - timedelta(microseconds=1))
    assert not competition.takes_entries_at(closes)
    assert not competition.takes_entries_at(competition.opens_at - timedelta(microseconds=1))
    assert competition.last_second == closes - timedelta(seconds=1)
    assert not make.CompetitionFactory(state=State.DRAFT).takes_entries_at(now())
