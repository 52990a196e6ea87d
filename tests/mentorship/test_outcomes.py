"""What students reached: who enters it, what cannot be, and who is named where."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from cluster_portal.links import signed_token
from cluster_portal.models import AuditEntry
from cluster_portal.moves import Refused, may_move
from members.models import ConsentText
from mentorship import actions
from mentorship.models import Outcome, Pairing, PairingStudent
from mentorship.outcomes import in_a_line, in_words, public_outcomes, shown_to_everybody
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
PAGE = "https://olympiad.example.org/2026"
NOT_NAMED = "students who are not named"


@pytest.fixture
def pairing(cast):
    request = pair.MentorRequestFactory(affiliation=cast.teacher.affiliations.get(), state="paired", with_students=True)
    return pair.PairingFactory(request=request, began_on=localdate() - timedelta(days=60))


def child_in(pairing, given="Mira", family="Petrova", **facts):
    person = make.ChildFactory(given_name=given, family_name=family)
    return pair.PairingStudentFactory(pairing=pairing, person=person, **facts)


def enter(pairing, by, **facts):
    wanted = {"contest": "City Olympiad", "level": "city", "place": "winner", "day": localdate()}
    return actions.enter_outcome(pairing, by, **wanted | {"evidence_link": PAGE} | facts)


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


def name_may_be_published(student):
    """A guardian grants that the name is published."""
    text = ConsentText.objects.filter(purpose="name").first() or make.ConsentTextFactory(purpose="name")
    guardian = make.GuardianshipFactory(child=student.person).guardian
    decide_on(student.person, guardian, text, "granted")
    return guardian, text


def decide_on(child, guardian, text, decision):
    said = {"text": text, "sha256": text.sha256, "purpose": "name", "decision": decision, "channel": "signed_in"}
    child.consent_decisions.create(decided_by=guardian, **said)


@pytest.mark.parametrize("state", ["active", "completed", "dissolved"])
def test_mentor_and_teacher_enter_an_outcome_also_after_the_end(cast, pairing, state):
    Pairing.objects.update(state=state, ended_on=None if state == "active" else localdate())
    student = child_in(pairing)
    enter(pairing, cast.teacher, students=[student])
    enter(pairing, pairing.mentor.person, place="second")
    rows = Outcome.objects.order_by("pk")
    assert [(it.by_id, it.place, list(it.students.all())) for it in rows] == [
        (cast.teacher.pk, "winner", [student]),
        (pairing.mentor.person_id, "second", []),
    ]
    assert AuditEntry.objects.filter(verb="mentorship.outcome.add").count() == 2


@pytest.mark.parametrize("state", ["proposed", "accepted", "declined", "lapsed"])
def test_there_is_no_outcome_of_what_was_not_agreed(cast, pairing, state):
    answer_by = pairing.request.answer_by if state in {"proposed", "accepted"} else None
    Pairing.objects.update(state=state, answer_by=answer_by)
    assert refused(enter, pairing, cast.teacher).startswith("This pairing is not under way.")


def test_nobody_else_enters_an_outcome(cast, pairing):
    said = "Mentor and teacher enter what came of a pairing. Tell one of them."
    for person in (cast.coordinator, cast.contact, cast.outsider):
        assert refused(enter, pairing, person) == said
    assert Outcome.objects.count() == 0


def test_a_day_to_come_or_before_the_pairing_is_refused(cast, pairing):
    tomorrow, before = localdate() + timedelta(days=1), pairing.began_on - timedelta(days=1)
    assert refused(enter, pairing, cast.teacher, day=tomorrow).startswith("This day is still to come.")
    assert refused(enter, pairing, cast.teacher, day=before).startswith("This day is before your pairing began.")


def test_a_place_needs_something_that_shows_it(cast, pairing):
    said = refused(enter, pairing, cast.teacher, evidence_link="")
    assert said == "Say what shows it: choose a file of this pairing, or enter the page of the organisers."
    enter(pairing, cast.teacher, evidence_link="", place="part")
    enter(pairing, cast.teacher, evidence_link="", evidence=pair.PairingFileFactory(pairing=pairing))
    assert Outcome.objects.count() == 2


def test_a_file_of_another_pairing_shows_nothing(cast, pairing):
    said = refused(enter, pairing, cast.teacher, evidence=pair.PairingFileFactory())
    assert said.startswith("This file is not among the files of the pairing any more.")


@pytest.mark.parametrize("state", ["asked", "refused", "left"])
def test_only_students_who_take_part_stand_in_an_outcome(cast, pairing, state):
    said = refused(enter, pairing, cast.teacher, students=[child_in(pairing, state=state)])
    assert said.startswith("Choose students who take part in this pairing.")


def test_students_of_another_pairing_do_not(cast, pairing):
    other = pair.PairingStudentFactory()
    assert refused(enter, pairing, cast.teacher, students=[other]).startswith("Choose students who take part")


def test_the_same_is_entered_once(cast, pairing):
    enter(pairing, cast.teacher)
    said = refused(enter, pairing, pairing.mentor.person)
    assert said == "This outcome is entered already. Add the students to it."


def test_a_pairing_has_sixty_outcomes_at_most(cast, pairing):
    for _number in range(60):
        pair.OutcomeFactory(pairing=pairing)
    assert refused(enter, pairing, cast.teacher).startswith("A pairing has 60 outcomes at most.")


@pytest.mark.django_db(transaction=True)
def test_both_enter_the_same_at_once(cast, pairing, together):
    mentor = pairing.mentor.person
    ways = [partial(enter, pairing, cast.teacher), partial(enter, pairing, mentor)]
    assert sorted(together(*ways)) == ["done", "refused"]
    assert Outcome.objects.count() == 1


def test_the_other_side_corrects_it(cast, pairing):
    student = child_in(pairing)
    it = enter(pairing, cast.teacher, students=[student])
    PairingStudent.objects.update(state="left")
    facts = {"contest": "City Olympiad", "level": "national", "place": "winner", "day": localdate()}
    actions.change_outcome(it, pairing.mentor.person, **facts, students=[student], evidence_link=PAGE)
    it.refresh_from_db()
    assert (it.level, list(it.students.all())) == ("national", [student])
    assert AuditEntry.objects.get(verb="mentorship.outcome.change").fields == ["level"]
    actions.change_outcome(it, cast.teacher, **facts, students=[], evidence_link=PAGE)
    lines = AuditEntry.objects.filter(verb="mentorship.outcome.change").order_by("pk")
    assert (it.students.count(), [line.fields for line in lines]) == (0, [["level"], ["students"]])


def test_a_correction_is_refused_as_a_new_one_is(cast, pairing):
    it = enter(pairing, cast.teacher)
    enter(pairing, cast.teacher, place="second")
    facts = {"contest": "City Olympiad", "level": "city", "day": localdate(), "evidence_link": PAGE}
    assert refused(actions.change_outcome, it, cast.teacher, **facts, place="second").startswith("This outcome is")
    assert refused(actions.change_outcome, it, cast.outsider, **facts, place="third").startswith("Mentor and teacher")


def test_who_removes_an_outcome(cast, pairing):
    may = {
        name
        for name, person in [
            ("mentor", pairing.mentor.person),
            ("teacher", cast.teacher),
            ("coordinator", cast.coordinator),
            ("contact", cast.contact),
            ("outsider", cast.outsider),
        ]
        if may_move(person, pair.OutcomeFactory(pairing=pairing), "remove")
    }
    assert may == {"mentor", "teacher", "coordinator"}
    said = refused(actions.remove_outcome, Outcome.objects.first(), cast.contact)
    assert said == "Mentor, teacher and coordinator remove outcomes. Tell one of them what is wrong."


def test_what_is_removed_is_gone_for_whoever_comes_late(cast, pairing):
    it = enter(pairing, cast.teacher)
    actions.remove_outcome(Outcome.objects.get(), cast.coordinator)
    late = "This outcome was removed meanwhile. Reload the page."
    facts = {"contest": "City Olympiad", "level": "city", "place": "winner", "day": localdate(), "evidence_link": PAGE}
    assert refused(actions.remove_outcome, it, cast.teacher) == late
    assert refused(actions.change_outcome, it, cast.teacher, **facts) == late


def test_names_in_words():
    assert in_words([], 0) == ""
    assert in_words([], 1) == "1 student"
    assert in_words(["Anna", "Boris"], 0) == "Anna, Boris"
    assert in_words(["Anna"], 2) == "Anna and 2 more students"
    assert in_a_line(Outcome(contest="City Olympiad", level="city", place="second")) == (
        "Second place, City Olympiad (City or region)"
    )


def said_to_everybody():
    return [(it.students, it.page) for it in shown_to_everybody(public_outcomes())]


def test_outside_nobody_is_named_without_consent(cast, pairing):
    mira, oleg = child_in(pairing), child_in(pairing, "Oleg", "Orlov")
    enter(pairing, cast.teacher, students=[mira, oleg])
    assert said_to_everybody() == [(NOT_NAMED, "")]
    guardian, text = name_may_be_published(mira)
    assert said_to_everybody() == [("Petrova Mira and others who are not named", "")]
    name_may_be_published(oleg)
    assert said_to_everybody() == [("Orlov Oleg, Petrova Mira", PAGE)]
    decide_on(mira.person, guardian, text, "withdrawn")
    assert said_to_everybody() == [("Orlov Oleg and others who are not named", "")]


def test_a_number_is_said_outside_from_three_on(cast, pairing):
    enter(pairing, cast.teacher, students=[child_in(pairing) for _each in range(3)])
    assert said_to_everybody() == [("3 students", "")]
    name_may_be_published(PairingStudent.objects.first())
    assert said_to_everybody() == [("Petrova Mira and others who are not named", "")]


@pytest.mark.parametrize("state", ["refused", "left", "asked"])
def test_who_is_not_approved_any_more_is_named_nowhere(client, cast, pairing, state):
    mira = child_in(pairing)
    name_may_be_published(mira)
    enter(pairing, cast.teacher, students=[mira])
    PairingStudent.objects.update(state=state)
    assert said_to_everybody() == [(NOT_NAMED, "")]
    client.force_login(pairing.mentor.person)
    section = client.get(pairing.get_absolute_url()).text.split('id="outcomes"')[1].split("</section>")[0]
    assert ("1 student" in section, "Mira" in section) == (True, False)


def test_in_the_pairing_everybody_reads_the_name_that_is_for_them(client, cast, pairing):
    mira = child_in(pairing)
    guardian = make.GuardianshipFactory(child=mira.person).guardian
    enter(pairing, cast.teacher, students=[mira])
    for person, name in [
        (cast.teacher, "Petrova Mira"),
        (guardian, "Petrova Mira"),
        (pairing.mentor.person, "Mira P."),
        (cast.coordinator, "Mira P."),
    ]:
        client.force_login(person)
        section = client.get(pairing.get_absolute_url()).text.split('id="outcomes"')[1].split("</section>")[0]
        assert name in section, person
        assert ("Petrova" in section) == (name == "Petrova Mira")


def test_everybody_reads_the_list_of_outcomes(client, cast, pairing):
    enter(pairing, cast.teacher, students=[child_in(pairing)])
    other = pair.OutcomeFactory(contest="Maths Fair", pairing__request__affiliation__institution__name="School 9")
    pair.OutcomeFactory(contest="Nobody agreed", pairing__state="proposed")
    text = client.get("/mentorship/outcomes/").text
    assert [("City Olympiad" in text), ("Maths Fair" in text), ("Nobody agreed" in text)] == [True, True, False]
    assert (NOT_NAMED in text, "Mira" in text, PAGE in text, pairing.mentor.person.family_name in text) == (
        True,
        False,
        False,
        False,
    )
    slug = other.pairing.request.affiliation.institution.slug
    narrowed = client.get("/mentorship/outcomes/", {"institution": slug}).text
    assert ("City Olympiad" in narrowed, "Maths Fair" in narrowed) == (False, True)


def test_the_list_is_empty_before_the_first(client, cast):
    assert "No outcome is entered yet" in client.get("/mentorship/outcomes/").text


def test_the_list_asks_as_much_for_three_as_for_one(client, cast, pairing):
    counts = []
    for number in (1, 2):
        for _each in range(number):
            pair.OutcomeFactory(pairing=pairing).students.set([child_in(pairing), child_in(pairing)])
        with CaptureQueriesContext(connection) as queries:
            client.get("/mentorship/outcomes/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_form_enters_changes_and_removes(client, cast, pairing):
    student = child_in(pairing)
    client.force_login(cast.teacher)
    address = f"{pairing.get_absolute_url()}outcomes/"
    assert 'value="Open Olympiad in Informatics"' in client.get(address).text
    sent = {"contest": "City  Olympiad", "level": "city", "place": "third", "day": localdate().isoformat()}
    sent |= {"students": [student.public_id], "evidence_link": "olympiad.example.org/2026"}
    assert client.post(address, sent).status_code == 302
    it = Outcome.objects.get()
    assert (it.contest, it.place, list(it.students.all()), it.evidence_link) == (
        "City Olympiad",
        "third",
        [student],
        PAGE,
    )
    change = f"{address}{it.public_id}/"
    assert client.get(change).status_code == 200
    assert client.post(change, sent | {"place": "second"}).status_code == 302
    assert Outcome.objects.get().place == "second"
    assert client.post(f"{change}remove/").status_code == 302
    assert Outcome.objects.count() == 0


def correction(client, pairing, outcome, by):
    """The page of a correction, and what its form sends when only the place is changed."""
    client.force_login(by)
    address = f"{pairing.get_absolute_url()}outcomes/{outcome.public_id}/"
    page = client.get(address)
    form = page.context["form"]
    sent = {name: form[name].value() for name in ("contest", "level", "evidence", "evidence_link")}
    return address, page.text, sent | {"day": localdate().isoformat(), "place": "third"}


def test_a_correction_keeps_the_file_that_shows_it(client, cast, pairing):
    proof = pair.PairingFileFactory(pairing=pairing)
    it = enter(pairing, cast.teacher, evidence=proof)
    address, text, sent = correction(client, pairing, it, cast.teacher)
    assert f'<option value="{proof.public_id}" selected>plan.pdf</option>' in text
    client.post(address, sent)
    it.refresh_from_db()
    assert (it.place, it.evidence) == ("third", proof)


def test_a_correction_drops_no_file_that_was_hidden_and_names_it_to_nobody(client, cast, pairing):
    proof = pair.PairingFileFactory(pairing=pairing)
    it = enter(pairing, cast.teacher, evidence=proof)
    actions.hide_part(proof, cast.coordinator, "No addresses")
    address, text, sent = correction(client, pairing, it, cast.teacher)
    assert (f'value="{proof.public_id}" selected' in text, "plan.pdf" in text) == (True, False)
    client.post(address, sent)
    it.refresh_from_db()
    assert (it.place, it.evidence) == ("third", proof)


def test_hidden_evidence_is_named_to_those_alone_who_watch(client, cast, pairing):
    proof = pair.PairingFileFactory(pairing=pairing)
    enter(pairing, cast.teacher, evidence=proof)
    people = {"teacher": cast.teacher, "mentor": pairing.mentor.person, "coordinator": cast.coordinator}

    def naming():
        found = set()
        for name, person in people.items():
            client.force_login(person)
            section = client.get(pairing.get_absolute_url()).text.split('id="outcomes"')[1].split("</section>")[0]
            assert ("plan.pdf" in section) != ("a file of the pairing" in section)
            found |= {name} if proof.upload.public_id in section else set()
        return found

    assert naming() == {"teacher", "mentor", "coordinator"}
    actions.hide_part(proof, cast.coordinator, "No addresses")
    assert naming() == {"coordinator"}


def test_a_refusal_stands_on_the_form(client, cast, pairing):
    client.force_login(cast.teacher)
    sent = {"contest": "City Olympiad", "level": "city", "place": "third", "day": localdate().isoformat()}
    answer = client.post(f"{pairing.get_absolute_url()}outcomes/", sent)
    assert (answer.status_code, "Say what shows it" in answer.text) == (200, True)


def test_who_opens_the_forms(client, cast, pairing):
    it = pair.OutcomeFactory(pairing=pairing)
    pages = {"outcomes/": "get", f"outcomes/{it.public_id}/": "get", f"outcomes/{it.public_id}/remove/": "post"}
    opened = set()
    for name, person in [
        ("mentor", pairing.mentor.person),
        ("teacher", cast.teacher),
        ("contact", cast.contact),
        ("coordinator", cast.coordinator),
        ("outsider", cast.outsider),
    ][::-1]:
        client.force_login(person)
        for page, method in pages.items():
            status = getattr(client, method)(f"{pairing.get_absolute_url()}{page}").status_code
            opened |= {(name, page.rpartition("s/")[2][-7:])} if status != 404 else set()
    assert {name for name, page in opened if page != "remove/"[-7:]} == {"teacher", "mentor"}
    assert ("coordinator", "remove/") in {(name, page) for name, page in opened if page.endswith("remove/")}
    assert {name for name, _page in opened} == {"teacher", "mentor", "coordinator"}


def test_a_guardian_by_link_reads_what_came_of_it(client, cast, pairing):
    student = child_in(pairing)
    bond = make.GuardianshipFactory(child=student.person)
    enter(pairing, cast.teacher, students=[student])
    token = signed_token("members.consent", bond.public_id)
    client.post(f"/consent/{token}/", {"birth_date": student.person.birth_date.isoformat()})
    text = client.get(f"/consent/{token}/pairings/{student.public_id}/").text
    section = text.split('id="outcomes"')[1].split("</section>")[0]
    assert ("City Olympiad" in section, "Petrova Mira" in section) == (True, True)


def test_after_the_end_the_request_asks_what_came_of_it(client, cast, pairing):
    address = f"{pairing.get_absolute_url()}outcomes/"
    page = pairing.request.get_absolute_url()
    client.force_login(cast.teacher)
    assert address not in client.get(page).text
    Pairing.objects.update(state="completed", ended_on=localdate())
    assert address in client.get(page).text
    client.force_login(cast.coordinator)
    assert address not in client.get(page).text


def test_the_request_leads_to_what_came_of_it(client, cast, pairing):
    client.force_login(cast.teacher)
    assert "#outcomes" not in client.get(pairing.request.get_absolute_url()).text
    enter(pairing, cast.teacher)
    assert f"{pairing.get_absolute_url()}#outcomes" in client.get(pairing.request.get_absolute_url()).text
