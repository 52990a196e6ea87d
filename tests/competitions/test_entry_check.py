"""What an entry lacks, what is worth a second look, and which licence an adaptation may have."""

from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.utils.timezone import localdate, now

from competitions.entry_check import what_is_missing, what_to_look_at
from competitions.library_licences import licences_for, may_adapt
from competitions.models import Entry
from members.actions import decide
from members.models import Agreement, Purpose
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(cast):
    """A complete draft."""
    it = make.EntryFactory(competition=make.CompetitionFactory())
    make.AuthorshipFactory(entry=it, person=cast.teacher)
    it.steps.create(position=1, title="Ask", text="Students ask.", minutes=45)
    it.tools.create(name="A model", use="It answers.")
    return it


def said(remarks):
    return [(it.field, it.said) for it in remarks]


def missing(entry):
    it = Entry.objects.with_parts().get(pk=entry.pk)
    return said(what_is_missing(it, now()))


def looked_at(entry):
    return said(what_to_look_at(Entry.objects.with_parts().get(pk=entry.pk)))


def test_nothing_is_missing_in_a_complete_entry(entry):
    assert (missing(entry), looked_at(entry)) == ([], [])


def test_each_empty_field_is_asked_for(entry):
    empty = {"title": "", "abstract": "", "subject": "", "stage_from": None, "stage_until": None, "minutes": None}
    Entry.objects.update(objectives="", risks="", licence="", **empty)
    assert [field for field, _said in missing(entry)] == [
        "id_title", "id_abstract", "id_subject", "id_stage_from", "id_stage_until", "id_minutes", "id_objectives",
        "id_risks", "id_licence",
    ]  # fmt: skip


def test_before_school_is_no_empty_year(entry):
    Entry.objects.update(stage_from=0, stage_until=0)
    assert missing(entry) == []


def test_a_nomination_is_asked_for_where_there_are_some(entry):
    make.NominationFactory(competition=entry.competition)
    assert missing(entry) == [("id_nomination", "Choose the nomination.")]


def test_a_lesson_has_a_step_and_each_step_a_title_and_a_text(entry):
    entry.steps.all().delete()
    assert missing(entry) == [("steps", "Describe the course of the lesson: at least one step.")]
    entry.steps.create(position=1, text="Only a text.")
    entry.steps.create(position=2, title="Only a title")
    assert [field for field, _said in missing(entry)] == ["id_steps-0-title", "id_steps-1-text"]


def test_a_tool_has_a_name_and_a_use(entry):
    entry.tools.create(name="Another")
    entry.tools.create(use="Something")
    assert [field for field, _said in missing(entry)] == ["id_tools-1-use", "id_tools-2-name"]


def test_an_author_whose_institution_is_no_member_is_named(entry):
    stranger = make.AffiliationFactory().person
    make.AuthorshipFactory(entry=entry, person=stranger, is_lead=False)
    [(_field, why)] = missing(entry)
    assert "is not a member of the cluster" in why


def test_a_child_needs_a_guardians_consent_before_it_is_handed_in(cast):
    text = make.ConsentTextFactory(purpose=Purpose.TAKING_PART)
    child = make.ChildFactory()
    make.AffiliationFactory(institution=cast.school, person=child, role="student")
    guardian = make.GuardianshipFactory(child=child).guardian
    it = make.EntryFactory(competition=make.CompetitionFactory(roles=["student"]))
    make.AuthorshipFactory(entry=it, person=child)
    it.steps.create(position=1, title="Ask", text="Students ask.")
    assert [text for _field, text in missing(it)] == [f"A guardian has to consent that {child.short_name} takes part."]
    decide(child, Purpose.TAKING_PART, "granted", by=guardian, channel="link", text=text)
    assert missing(it) == []


def test_who_has_not_answered_is_a_remark_that_names_the_address_only(entry, cast):
    make.AuthorshipFactory(entry=entry, person=cast.colleague, is_lead=False, state="invited")
    [(_field, text)] = looked_at(entry)
    assert text.startswith(f"{cast.colleague.email} has not answered yet.")


def test_times_that_do_not_add_up_are_a_remark(entry):
    entry.steps.create(position=2, title="Check", text="They check.", minutes=10)
    assert looked_at(entry) == [("id_minutes", "The steps take 55 minutes together, the lesson 45.")]


def test_a_lesson_without_a_tool_is_a_remark(entry):
    entry.tools.all().delete()
    assert [field for field, _said in looked_at(entry)] == ["tools"]


def test_an_adaptation_takes_a_licence_that_its_source_allows(entry):
    source = make.PlanFactory(entry__licence=Entry.Licence.BY_SA, entry__title="Agents")
    Entry.objects.filter(pk=entry.pk).update(adapted_from=source)
    assert missing(entry) == [
        ("id_licence", "“Agents” is given under CC-BY-SA-4.0. What is adapted from it cannot be given under CC-BY-4.0.")
    ]
    Entry.objects.filter(pk=entry.pk).update(licence=Entry.Licence.BY_SA)
    assert missing(entry) == []


L = Entry.Licence
EVERY = {L.BY, L.BY_SA, L.BY_NC, L.BY_NC_SA, L.BY_ND, L.BY_NC_ND}
CHART = {
    L.CC0: {L.CC0} | EVERY,
    L.BY: EVERY,
    L.BY_SA: {L.BY_SA},
    L.BY_NC: {L.BY_NC, L.BY_NC_SA, L.BY_NC_ND},
    L.BY_NC_SA: {L.BY_NC_SA},
    L.BY_ND: set(),
    L.BY_NC_ND: set(),
}


@pytest.mark.parametrize("source", L)
def test_licences_of_adaptations_follow_the_chart_of_creative_commons(source):
    assert (set(licences_for(source)), [it for it in L if may_adapt(source, it)]) == (
        CHART[source],
        licences_for(source),
    )


def test_the_right_to_take_part_is_that_of_the_moment_of_arrival(entry):
    """Members until the end of the last day; the clock of the server says the next day, the request arrived before."""
    last = localdate(now(), entry.competition.zone)
    Agreement.objects.update(state="terminated", terminated_on=last + timedelta(days=1))
    midnight = datetime.combine(last, time.max, entry.competition.zone)
    it = Entry.objects.with_parts().get(pk=entry.pk)
    with time_machine.travel(midnight + timedelta(seconds=5), tick=False):
        found = [bool(said(what_is_missing(it, at))) for at in (midnight - timedelta(seconds=1), now())]
    assert found == [False, True]
