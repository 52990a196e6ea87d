"""Projects and commitments: drafted, published, their milestones and evidence, their end; overdue ones."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cluster_portal.models import AuditEntry, Upload
from cluster_portal.moves import Refused, available_moves
from members import actions
from members.desk_rows import overdue_initiatives
from members.forms.initiatives import FilesField
from members.models import Cluster, Direction, Initiative, Milestone
from tests import factories as make
from tests.browsing import at

pytestmark = pytest.mark.django_db
State = Initiative.State


@pytest.fixture(autouse=True)
def files_in_a_folder_of_their_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def today():
    return Cluster.current().today()


def drafted(cast, **facts):
    known = {"title": "AI in schools", "summary": "Teachers learn.", "starts_on": date(2026, 1, 1)}
    return actions.draft_initiative(by=cast.contact, **known | {"responsible": cast.school} | facts)


def published(cast, **facts):
    it = drafted(cast, **facts)
    actions.publish_initiative(it, by=cast.contact)
    return it


def over(cast, state="completed"):
    it = published(cast)
    end = {"completed": actions.complete_initiative, "abandoned": actions.abandon_initiative}[state]
    end(it, by=cast.contact, outcome="Forty teachers learnt.")
    return it


def opened(client, upload):
    response = client.get(f"/files/{upload.public_id}/")
    if response.streaming:
        assert b"".join(response.streaming_content) == b"Forty teachers came."
    return response.status_code


def report(name="report.txt"):
    return SimpleUploadedFile(name, b"Forty teachers came.", "text/plain")


# Drafting and changing


def test_a_speaker_drafts_for_their_institution(cast):
    partner, theme = make.InstitutionFactory(), Direction.objects.create(name="Ethics", slug="ethics")
    it = drafted(cast, participants=[partner], directions=[theme])
    assert (it.state, list(it.participants.all()), list(it.directions.all())) == (State.DRAFT, [partner], [theme])


def test_nobody_drafts_for_somebody_elses_institution(cast):
    with pytest.raises(Refused, match="do not answer for the institution"):
        drafted(cast, responsible=make.InstitutionFactory())
    assert Initiative.objects.count() == 0


def test_an_initiative_cannot_be_handed_to_somebody_elses_institution(cast):
    it = drafted(cast)
    with pytest.raises(Refused, match="do not answer for the institution"):
        actions.change_initiative(it, by=cast.contact, responsible=make.InstitutionFactory())


def test_what_changed_is_kept_and_noted_by_name(cast):
    it, partner = published(cast), make.InstitutionFactory()
    changed = actions.change_initiative(
        it, by=cast.contact, title="AI for all", summary=it.summary, participants=[partner]
    )
    it.refresh_from_db()
    line = AuditEntry.objects.get(verb="members.initiative.change")
    assert (changed, it.title, list(it.participants.all())) == (["title", "participants"], "AI for all", [partner])
    assert (line.fields, line.values) == (["participants", "title"], {})


def test_without_a_summary_nothing_is_published(cast):
    with pytest.raises(Refused, match="Nobody could tell what it is for"):
        actions.publish_initiative(drafted(cast, summary=" "), by=cast.contact)


@pytest.mark.parametrize("state", ["completed", "abandoned"])
def test_what_is_over_changes_no_more(cast, today, state):
    it = over(cast, state)
    milestone = Milestone.objects.create(initiative=it, title="Kick-off", due_on=today)
    tries = [
        lambda: actions.change_initiative(it, by=cast.contact, title="Other"),
        lambda: actions.add_milestone(it, "More", today, by=cast.contact),
        lambda: actions.remove_milestone(milestone, by=cast.contact),
        lambda: actions.reach_milestone(milestone, today, by=cast.contact),
        lambda: actions.reopen_milestone(milestone, by=cast.contact),
        lambda: actions.write_progress(it, "More", by=cast.contact),
    ]
    for attempt in tries:
        with pytest.raises(Refused, match="This initiative is over"):
            attempt()


def test_it_ends_with_an_outcome_and_can_be_resumed(cast):
    it = published(cast)
    with pytest.raises(Refused, match="completed with an outcome"):
        actions.complete_initiative(it, by=cast.contact)
    with pytest.raises(Refused, match="want to know why"):
        actions.abandon_initiative(it, by=cast.contact)
    actions.complete_initiative(it, by=cast.contact, outcome="Forty teachers learnt.")
    actions.resume_initiative(it, by=cast.contact)
    it.refresh_from_db()
    assert (it.state, it.outcome) == (State.PUBLISHED, "Forty teachers learnt.")


# Milestones and progress


def test_a_milestone_is_reached_on_a_day_and_taken_back(cast, today):
    it = published(cast)
    milestone = actions.add_milestone(it, "Kick-off", today, by=cast.contact)
    with pytest.raises(Refused, match="lies in the future"):
        actions.reach_milestone(milestone, today + timedelta(days=1), by=cast.contact)
    actions.reach_milestone(milestone, today, by=cast.contact)
    with pytest.raises(Refused, match="reached already"):
        actions.reach_milestone(milestone, today, by=cast.contact)
    with pytest.raises(Refused, match="so it stays"):
        actions.remove_milestone(milestone, by=cast.contact)
    actions.reopen_milestone(milestone, by=cast.contact)
    with pytest.raises(Refused, match="not marked as reached"):
        actions.reopen_milestone(milestone, by=cast.contact)
    actions.remove_milestone(milestone, by=cast.contact)
    assert it.milestones.count() == 0


def test_a_note_outlives_its_milestone(cast, today):
    it = published(cast)
    milestone = actions.add_milestone(it, "Kick-off", today, by=cast.contact)
    note = actions.write_progress(it, "We met.", by=cast.contact, milestone=milestone)
    actions.remove_milestone(milestone, by=cast.contact)
    note.refresh_from_db()
    assert note.milestone is None


def test_progress_is_noted_once_it_is_published(cast):
    with pytest.raises(Refused, match="Publish the initiative first"):
        actions.write_progress(drafted(cast), "We met.", by=cast.contact)


def test_a_refused_file_leaves_no_note(cast):
    it = published(cast)
    with pytest.raises(Refused, match="We take PDF"):
        actions.write_progress(
            it, "We met.", by=cast.contact, evidence=[report(), SimpleUploadedFile("x.exe", b"MZ\x00\x01")]
        )
    assert (it.notes.count(), Upload.objects.count()) == (0, 0)


def test_everybody_opens_evidence_once_it_is_published(cast):
    it = published(cast)
    note = actions.write_progress(it, "We met.", by=cast.contact, evidence=[report("one.txt"), report("two.txt")])
    files = Upload.objects.filter(about_id=note.public_id).order_by("pk")
    assert [opened(Client(), file) for file in files] == [200, 200]
    page = Client().get(f"/initiatives/{it.public_id}/").text
    assert ("one.txt" in page, "two.txt" in page, cast.contact.full_name in page) == (True, True, False)


def test_evidence_of_a_draft_is_for_those_who_keep_it(cast):
    it = published(cast)
    note = actions.write_progress(it, "We met.", by=cast.contact, evidence=[report()])
    hidden = drafted(cast)
    hidden.notes.add(note)
    readers = (Client(), at(cast.outsider), at(cast.contact))
    assert [opened(it, Upload.objects.get()) for it in readers] == [404, 404, 200]


# Overdue


def test_what_is_overdue(cast, today):
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    by_milestone, by_end, in_time, draft = (
        published(cast),
        published(cast, ends_on=yesterday),
        published(cast),
        drafted(cast),
    )
    for it, due in ((by_milestone, yesterday), (in_time, today), (draft, yesterday)):
        actions.add_milestone(it, "Step", due, by=cast.contact)
    reached = actions.add_milestone(in_time, "Early step", yesterday, by=cast.contact)
    actions.reach_milestone(reached, today, by=cast.contact)
    published(cast, ends_on=today)
    actions.complete_initiative(published(cast, ends_on=yesterday), by=cast.contact, outcome="Done.")
    assert set(Initiative.objects.overdue_on(today)) == {by_milestone, by_end}
    assert in_time in Initiative.objects.overdue_on(tomorrow)


def test_overdue_ones_stand_at_the_desk_of_those_who_keep_them(cast, today):
    assert list(overdue_initiatives(cast.contact)) == []
    it = published(cast, ends_on=today - timedelta(days=1))
    rows = {
        name: [row.count for row in overdue_initiatives(getattr(cast, name))]
        for name in ("contact", "coordinator", "teacher")
    }
    assert rows == {"contact": [1], "coordinator": [1], "teacher": []}
    assert "overdue" in Client().get(f"/initiatives/{it.public_id}/").text
    assert "overdue" in Client().get("/initiatives/").text


# Who may do what, who sees what

ALLOWED = {"draft": {"publish"}, "published": {"complete", "abandon"}, "completed": {"resume"}, "abandoned": {"resume"}}


def in_state(cast, state):
    made = {"draft": drafted, "published": published}
    return made[state](cast) if state in made else over(cast, state)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("role", ["contact", "coordinator", "regional", "elsewhere", "teacher", "outsider"])
def test_moves_by_role_and_state(role, state, cast):
    cast.school.region = make.RegionFactory()
    cast.school.save()
    people = {
        "regional": make.CoordinatorFactory(region=cast.school.region).person,
        "elsewhere": make.CoordinatorFactory(region=make.RegionFactory()).person,
    }
    it, person = in_state(cast, state), people.get(role) or getattr(cast, role)
    keeps = role in {"contact", "coordinator", "regional"}
    assert set(available_moves(person, it)) == (ALLOWED[state.value] if keeps else set())


def test_a_draft_is_seen_by_those_who_keep_it(cast):
    draft, shown = drafted(cast), published(cast)
    url = f"/initiatives/{draft.public_id}/"
    answers = [it.get(url).status_code for it in (Client(), at(cast.outsider), at(cast.contact))]
    assert answers == [404, 404, 200]
    assert [it.pk for it in Client().get("/initiatives/").context["page"]] == [shown.pk]


def test_other_institutions_do_not_keep_it(cast, demo):
    it = published(cast)
    client = at(make.AffiliationFactory(role="head").person)
    milestone = actions.add_milestone(it, "Step", date(2027, 1, 1), by=cast.contact)
    base = f"/desk/initiatives/{it.public_id}/"
    pages = [
        base,
        f"{base}edit/",
        f"{base}progress/",
        f"{base}complete/",
        f"/desk/milestones/{milestone.public_id}/reached/",
    ]
    assert [client.get(page).status_code for page in pages] == [404] * 5
    posts = [f"{base}act/", f"/desk/milestones/{milestone.public_id}/act/"]
    assert [client.post(page, {"move": "publish", "act": "remove"}).status_code for page in posts] == [404] * 2
    assert at(cast.teacher).get(base).status_code == 403


# The pages


def test_the_list_is_narrowed_by_state_theme_and_institution(cast):
    ethics, partner = Direction.objects.create(name="Ethics", slug="ethics"), make.InstitutionFactory(name="Partner")
    themed, joined, ended = published(cast, directions=[ethics]), published(cast, participants=[partner]), over(cast)
    drafted(cast, participants=[partner], directions=[ethics])
    found = {
        query: {it.pk for it in Client().get(f"/initiatives/?{query}").context["page"]}
        for query in (
            "",
            "state=completed",
            "direction=ethics",
            f"institution={partner.slug}",
            f"institution={cast.school.slug}",
        )
    }
    assert list(found.values()) == [
        {themed.pk, joined.pk, ended.pk}, {ended.pk}, {themed.pk}, {joined.pk}, {themed.pk, joined.pk, ended.pk},
    ]  # fmt: skip


def test_of_institution_counts_one_that_leads_and_takes_part_once(cast):
    it = published(cast, participants=[cast.school])
    published(cast, responsible=cast.school)
    assert Initiative.objects.of_institution(cast.school).count() == 2
    assert list(Initiative.objects.of_institution(make.InstitutionFactory())) == []
    assert it in Initiative.objects.of_institution(cast.school)


def test_two_parties_of_a_memorandum_show_what_they_do_together(cast):
    memorandum = make.AgreementFactory(kind="memorandum", title="Memorandum of cooperation")
    other = make.PartyFactory(agreement=memorandum, institution__name="Partner network").institution
    make.PartyFactory(agreement=memorandum, institution=cast.school)
    it = published(cast, agreement=memorandum, participants=[other], ends_on=date(2028, 1, 1))
    actions.complete_initiative(it, by=cast.contact, outcome="Recommendations are published.")
    page = Client().get(f"/initiatives/{it.public_id}/").text
    shown = [
        "Memorandum of cooperation",
        memorandum.get_absolute_url(),
        "Partner network",
        "Recommendations are published.",
    ]
    assert [text in page for text in shown] == [True] * 4


def test_a_commitment_keeps_its_clause_its_due_date_and_its_evidence(cast, today):
    clause = make.ClauseFactory(
        agreement=cast.agreement, number="3.2", text="The district runs AI infrastructure in schools."
    )
    it = published(cast, agreement=cast.agreement, clause=clause, ends_on=today + timedelta(days=90))
    step = actions.add_milestone(it, "Ten schools have it", today + timedelta(days=30), by=cast.contact)
    actions.write_progress(it, "Six schools have it.", by=cast.contact, milestone=step, evidence=[report()])
    page = Client().get(f"/initiatives/{it.public_id}/").text
    shown = [clause.text, f"{cast.agreement.get_absolute_url()}#clause-3.2", cast.school.name, "Ten schools have it"]
    assert [text in page for text in [*shown, "Six schools have it.", "report.txt"]] == [True] * 6


def test_the_timeline_is_in_the_order_of_the_calendar(cast, today):
    it = published(cast)
    for title, days in (("last", 9), ("late", -5), ("first", -9)):
        actions.add_milestone(it, title, today + timedelta(days=days), by=cast.contact)
    actions.reach_milestone(it.milestones.get(title="first"), today - timedelta(days=8), by=cast.contact)
    entries = Client().get(f"/initiatives/{it.public_id}/").context["milestones"]
    assert [(entry["text"], str(entry["word"])) for entry in entries] == [
        ("first", "reached"), ("late", "overdue"), ("last", "due"),
    ]  # fmt: skip


FORM = {"title": "AI in schools", "summary": "Teachers learn.", "starts_on": "2026-01-01", "ends_on": ""}


def test_a_speaker_goes_the_whole_way_at_the_desk(cast, demo, today):
    client = at(cast.contact)
    client.post(
        "/desk/initiatives/new/", {**FORM, "responsible": cast.school.pk, "clause": cast.agreement.clauses.get().pk}
    )
    it = Initiative.objects.get()
    base = f"/desk/initiatives/{it.public_id}/"
    client.post(base, {"title": "Kick-off", "due_on": "2026-02-01"})
    client.post(f"{base}act/", {"move": "publish"})
    milestone = it.milestones.get()
    client.post(f"/desk/milestones/{milestone.public_id}/reached/", {"reached_on": today.isoformat()})
    client.post(f"{base}progress/", {"text": "We met.", "milestone": milestone.pk, "evidence": [report(), report()]})
    client.post(f"{base}edit/", {**FORM, "title": "AI for all", "responsible": cast.school.pk})
    client.post(f"{base}complete/", {"outcome": "Forty teachers learnt."})
    it.refresh_from_db()
    milestone.refresh_from_db()
    assert (it.state, it.title, it.outcome) == (State.COMPLETED, "AI for all", "Forty teachers learnt.")
    assert (it.agreement, milestone.reached_on, Upload.objects.count()) == (None, today, 2)
    client.post(f"{base}act/", {"move": "resume"})
    client.post(f"/desk/milestones/{milestone.public_id}/act/", {"act": "reopen"})
    client.post(f"/desk/milestones/{milestone.public_id}/act/", {"act": "remove"})
    assert (it.milestones.count(), it.notes.count()) == (0, 1)


def test_a_clause_brings_its_agreement_and_fits_only_its_own(cast, demo):
    client, clause = at(cast.contact), cast.agreement.clauses.get()
    form = {**FORM, "responsible": cast.school.pk, "clause": clause.pk}
    page = client.post("/desk/initiatives/new/", {**form, "agreement": make.AgreementFactory().pk})
    assert list(page.context["form"].errors) == ["clause"]
    client.post("/desk/initiatives/new/", form)
    assert Initiative.objects.get().agreement == cast.agreement


def test_an_end_before_the_beginning_is_said(cast, demo):
    form = {**FORM, "responsible": cast.school.pk, "ends_on": "2025-01-01"}
    page = at(cast.contact).post("/desk/initiatives/new/", form)
    assert list(page.context["form"].errors) == ["ends_on"]


def test_only_ones_own_institution_can_be_chosen(cast, demo):
    form = {**FORM, "responsible": make.InstitutionFactory().pk}
    page = at(cast.contact).post("/desk/initiatives/new/", form)
    assert list(page.context["form"].errors) == ["responsible"]


@pytest.mark.parametrize("state", State)
def test_every_page_shows_every_state(cast, demo, state):
    it, client = in_state(cast, state), at(cast.contact)
    base = f"/desk/initiatives/{it.public_id}/"
    pages = ["/desk/initiatives/", base, f"{base}edit/", f"{base}progress/", f"/initiatives/{it.public_id}/"]
    assert [client.get(page).status_code for page in pages] == [200] * 5


def test_words_that_are_no_move_are_not_found(cast, demo, today):
    it, client = published(cast), at(cast.contact)
    milestone = actions.add_milestone(it, "Step", today, by=cast.contact)
    base = f"/desk/initiatives/{it.public_id}/"
    answers = [
        client.get(f"{base}publish/"),
        client.post(f"{base}act/", {"move": "vanish"}),
        client.post(f"/desk/milestones/{milestone.public_id}/act/", {"act": "vanish"}),
    ]
    assert [it.status_code for it in answers] == [404, 404, 404]


def test_an_unreached_milestone_is_named_before_the_end(cast, demo, today):
    it = published(cast)
    actions.add_milestone(it, "Step", today, by=cast.contact)
    page = at(cast.contact).get(f"/desk/initiatives/{it.public_id}/complete/")
    assert "1 milestone is not reached" in page.text


def more(cast):
    theme = Direction.objects.create(name=f"Theme {Direction.objects.count()}", slug=f"t{Direction.objects.count()}")
    it = published(cast, directions=[theme], participants=[make.InstitutionFactory(), make.InstitutionFactory()])
    for number in range(2):
        step = actions.add_milestone(it, f"Step {number}", date(2027, 1, 1), by=cast.contact)
        actions.write_progress(it, "Done.", by=cast.contact, milestone=step, evidence=[report()])
    return it


@pytest.mark.parametrize("page", ["/initiatives/", "/desk/initiatives/"])
def test_the_lists_cost_the_same_for_one_and_three(cast, demo, page, django_assert_max_num_queries):
    client = at(cast.contact)
    more(cast)
    client.get(page)
    with django_assert_max_num_queries(20) as first:
        client.get(page)
    more(cast)
    more(cast)
    with django_assert_max_num_queries(len(first)):
        client.get(page)


def test_a_page_with_more_parts_costs_the_same(cast, demo, django_assert_max_num_queries):
    it, client = more(cast), Client()
    client.get(it.get_absolute_url())
    with django_assert_max_num_queries(15) as first:
        client.get(it.get_absolute_url())
    actions.write_progress(it, "More.", by=cast.contact, evidence=[report(), report()])
    it.participants.add(make.InstitutionFactory())
    with django_assert_max_num_queries(len(first)):
        client.get(it.get_absolute_url())


@pytest.mark.django_db(transaction=True)
def test_two_mark_one_milestone_at_once(together, cast, today):
    milestone = actions.add_milestone(published(cast), "Step", today, by=cast.contact)
    one, other = (Milestone.objects.select_related("initiative").get(pk=milestone.pk) for _ in range(2))
    outcome = together(
        lambda: actions.reach_milestone(one, today, by=cast.contact),
        lambda: actions.reach_milestone(other, today, by=cast.coordinator),
    )
    assert sorted(outcome) == ["done", "refused"]


@pytest.mark.django_db(transaction=True)
def test_ended_while_somebody_notes_progress(together, cast):
    it = published(cast)
    one, other = (Initiative.objects.get(pk=it.pk) for _ in range(2))
    outcome = together(
        lambda: actions.complete_initiative(one, by=cast.contact, outcome="Done."),
        lambda: actions.write_progress(other, "More.", by=cast.coordinator),
    )
    it.refresh_from_db()
    assert (outcome[0], it.state, outcome[1] in {"done", "refused"}) == ("done", State.COMPLETED, True)
    assert it.notes.count() == (outcome[1] == "done")


def test_ten_files_come_with_a_note_and_not_eleven():
    field = FilesField(required=False)
    assert len(field.clean([report() for _ in range(10)])) == 10
    with pytest.raises(ValidationError, match=r"more than 10 files\. Send the rest with another note\."):
        field.clean([report() for _ in range(11)])
