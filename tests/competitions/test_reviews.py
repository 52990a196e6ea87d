"""A review: saved, given, changed, handed back; others' only after one's own."""

import pytest
from django.urls import reverse

from cluster_portal.moves import Refused
from competitions import actions
from competitions.models import Review, Score
from members.models import Tie
from members.ties import tie_together
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def review():
    it = make.ReviewFactory()
    make.AuthorshipFactory(entry=it.entry)
    for position in (1, 2):
        make.CriterionFactory(competition=it.entry.competition, title=f"Criterion {position}", position=position)
    return it


def criteria(review):
    return list(review.entry.competition.criteria.all())


def save(review, *values, revision=None, **comments):
    review.refresh_from_db()
    scores = dict(zip(criteria(review), values, strict=False))
    return actions.save_review(review, review.juror.person, revision or review.revision, scores, **comments)


def test_scores_and_comments_are_saved_with_a_new_revision(review):
    assert save(review, 3, 0, for_author="Good.").revision == 2
    assert list(review.scores.values_list("value", flat=True)) == [3, 0]
    assert save(review, None, 0).revision == 3
    assert list(review.scores.values_list("value", flat=True)) == [0]


def test_an_older_window_changes_nothing_and_reads_what_was_saved(review):
    save(review, 3, for_jury="Mine.")
    saving = save(review, 4, revision=1, for_jury="Theirs.")
    assert saving.theirs == {criteria(review)[0].public_id: 3, "for_jury": "Mine."}
    assert Score.objects.get().value == 3


def test_a_score_beyond_the_scale_is_refused(review):
    with pytest.raises(Refused, match="from 0 to 5"):
        save(review, 6)
    assert Score.objects.count() == 0


def test_a_review_is_given_when_every_criterion_is_scored(review):
    save(review, 3)
    with pytest.raises(Refused, match="Criterion 2"):
        actions.complete_review(review, by=review.juror.person)
    save(review, 3, 4)
    actions.complete_review(review, by=review.juror.person)
    assert review.state == "completed"
    with pytest.raises(Refused, match="cannot be changed now"):
        save(review, 1)


def test_against_a_conflict_nothing_is_given(review):
    save(review, 3, 4)
    Tie.objects.create(
        kind="mentor",
        **dict(zip(("first", "second"), sorted([review.juror.person, review.entry.authorships.get().person],
                                               key=lambda it: it.pk), strict=True)),
    )  # fmt: skip
    with pytest.raises(Refused, match="conflict of interest"):
        actions.complete_review(review, by=review.juror.person)


@pytest.mark.parametrize("facts", [{"juror": "ended"}, {"entry": "disqualified"}, {"competition": "concluded"}])
def test_what_is_over_changes_no_more(review, facts):
    ((what, state),) = facts.items()
    it = {"juror": review.juror, "entry": review.entry, "competition": review.entry.competition}[what]
    extra = {"refusal": "No plan."} if what == "entry" else {}
    type(it).objects.filter(pk=it.pk).update(state=state, **extra)
    with pytest.raises(Refused):
        save(review, 3)


def test_a_given_review_is_changed_until_one_has_seen_the_others(review):
    save(review, 3, 4)
    person = review.juror.person
    actions.complete_review(review, by=person)
    actions.reopen_review(review, by=person)
    actions.complete_review(review, by=person)
    actions.see_others(review, by=person)
    with pytest.raises(Refused, match="You have seen"):
        actions.reopen_review(review, by=person)
    with pytest.raises(Refused, match="You have seen"):
        actions.recuse(review, by=person, reason="Now that I know.")


def test_others_are_not_seen_before_ones_own_is_given(review):
    with pytest.raises(Refused):
        actions.see_others(review, by=review.juror.person)


def test_an_entry_that_is_handed_back_never_comes_again(review):
    actions.recuse(review, by=review.juror.person, reason="I know the style.")
    review.refresh_from_db()
    assert (review.state, review.withdrawn_because) == ("withdrawn", "I know the style.")
    assert review.juror.conflicts.get().entry == review.entry
    assert actions.proposal_for(review.entry.competition).plan.choices == ()


@pytest.mark.django_db(transaction=True)
def test_of_two_windows_at_once_one_saves(review, together):
    scores = {criteria(review)[0]: 3}, {criteria(review)[0]: 4}
    results = []
    together(*[lambda it=it: results.append(actions.save_review(review, review.juror.person, 1, it)) for it in scores])
    assert sorted(bool(it.theirs) for it in results) == [False, True]


# The pages


@pytest.fixture
def page(client, review):
    client.force_login(review.juror.person)
    return reverse("competitions:review", args=[review.public_id])


def posted(review, *values, **facts):
    names = [f"score-{it.public_id}" for it in criteria(review)]
    return {"revision": review.revision, **dict(zip(names, values, strict=False)), **facts}


def test_the_page_shows_the_plan_and_the_rubric(client, review, page):
    answer = client.get(page)
    assert answer.status_code == 200
    assert [line["criterion"].title for line in answer.context["form"].rubric()] == ["Criterion 1", "Criterion 2"]


def test_nobody_else_sees_it(cast, client, review):
    for person in (cast.coordinator, cast.teacher, review.entry.authorships.get().person):
        client.force_login(person)
        assert client.get(reverse("competitions:review", args=[review.public_id])).status_code == 404


def test_giving_leads_to_the_next_that_is_not_read(client, review, page):
    other = make.ReviewFactory(juror=review.juror, entry__competition=review.entry.competition, reading_order=0.1)
    answer = client.post(page, posted(review, 3, 4, press="complete"))
    assert answer.url == reverse("competitions:review", args=[other.public_id])
    review.refresh_from_db()
    assert review.state == "completed"


def test_giving_the_last_leads_to_the_list(client, review, page):
    answer = client.post(page, posted(review, 3, 4, press="complete"))
    assert answer.url == review.juror.get_absolute_url()


def test_giving_too_early_says_what_is_missing(client, review, page):
    answer = client.post(page, posted(review, 3, press="complete"), follow=True)
    assert "Scores are missing: Criterion 2" in answer.content.decode()
    assert Score.objects.count() == 1


def test_it_saves_itself_and_says_how_far_one_is(client, review, page):
    answer = client.post(page, posted(review, 3), headers={"accept": "application/json"})
    assert answer.json()["revision"] == 2
    assert answer.json()["parts"] == {"scored": "1 of 2 criteria scored"}
    late = client.post(page, posted(review, 4), headers={"accept": "application/json"})
    assert late.status_code == 409
    assert late.json()["theirs"] == [["Criterion 1", "3"]]


def test_what_is_not_well_formed_is_named_and_the_rest_saved(client, review, page):
    answer = client.post(page, posted(review, 99, 4), headers={"accept": "application/json"})
    assert list(answer.json()["errors"]) == [f"score-{criteria(review)[0].public_id}"]
    assert [it.value for it in Score.objects.all()] == [4]


def test_others_show_only_after_ones_own_and_without_names(client, review, page):
    other = make.ReviewFactory(entry=review.entry, state="completed", for_jury="Too long a plan.")
    assert "Too long" not in client.get(page).content.decode()
    save(review, 3, 4)
    actions.complete_review(review, by=review.juror.person)
    assert "Too long" not in client.get(page).content.decode()
    answer = client.post(reverse("competitions:act_on_review", args=[review.public_id]), {"move": "see_others"})
    shown = client.get(answer.url).content.decode()
    assert "Too long a plan." in shown
    assert other.juror.person.family_name not in shown


def test_a_file_comes_as_a_copy_under_a_neutral_name(client, review, page):
    from tests.competitions.test_blind import keep

    author = review.entry.authorships.get().person
    keep(review.entry, f"{author.family_name}.txt", f"by {author.family_name}".encode())
    answer = client.get(f"{page}files/1/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="file-1.txt"'
    assert b"".join(answer.streaming_content) == b"by [hidden]"
    assert client.get(f"{page}files/2/").status_code == 404
    assert client.get(reverse("file", args=[review.entry.files.get().upload.public_id])).status_code == 404


def test_handing_back_asks_why(client, review, page):
    assert client.post(f"{page}hand-back/", {}).status_code == 200
    client.post(f"{page}hand-back/", {"reason": "A friend."})
    assert Review.objects.get().state == "withdrawn"
    assert client.get(page).status_code == 404


def test_a_tie_that_arises_takes_the_page_away(client, review, page):
    tie_together([review.juror.person, review.entry.authorships.get().person], Tie.Kind.MENTOR, about=review.entry)
    assert client.get(page).status_code == 404
