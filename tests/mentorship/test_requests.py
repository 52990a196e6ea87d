"""What teachers ask for: asked with the right to, changed, withdrawn, closed, opened again; who owes the answer."""

from datetime import timedelta

import pytest
from django.utils.timezone import localdate, now

from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from members.actions import end_affiliation
from members.models import Affiliation, Cluster, Direction, Initiative
from members.unanswered import unanswered_in
from mentorship import actions
from mentorship.asking import right_to_ask
from mentorship.clock import Owes, answer_until, coordinators_for, owner_of
from mentorship.models import MentorRequest, Pairing, Terms
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db


def wanted(**facts):
    """What a well formed request says."""
    usual = {
        "title": "A mentor for our team",
        "what_for": "team",
        "help": ["prepare"],
        "text": "Four students.",
        "languages": ["en"],
        "formats": ["online"],
        "needed_from": localdate(),
        "needed_by": localdate() + timedelta(days=60),
        "with_students": True,
    }
    return usual | facts


def work_of(person):
    return person.affiliations.get()


def ask(cast, **facts):
    return actions.ask_for_mentor(work_of(cast.teacher), by=cast.teacher, **wanted(**facts))


def fresh(it):
    return type(it).objects.get(pk=it.pk)


def templates_to(person):
    return list(OutboxMail.objects.filter(to=person).order_by("pk").values_list("template", flat=True))


def test_a_teacher_of_a_member_asks_and_the_coordinator_owes_the_answer(cast):
    theme = Direction.objects.create(name="Robotics", slug="robotics")
    request = ask(cast, directions=[theme])
    assert (request.state, owner_of(request)) == ("open", Owes.COORDINATOR)
    assert request.answer_by == answer_until(request.asked_at)
    assert request.answer_by - request.asked_at == timedelta(days=7)
    assert list(request.directions.all()) == [theme]
    assert AuditEntry.objects.get(verb="mentorship.mentorrequest.ask").values == {"state": "open"}


def test_the_clock_counts_days_of_the_cluster(cast):
    Cluster.objects.create(pk=1, name="Cluster", time_zone="Europe/Berlin")
    pair.TermsFactory(answer_days=7)
    at = now().replace(year=2027, month=3, day=24, hour=11)  # the clocks there go forward on the 28th
    assert answer_until(at) - at == timedelta(days=7, hours=-1)


def test_who_belongs_to_no_member_is_told_what_is_missing(cast):
    with pytest.raises(Refused, match="do not work there"):
        actions.ask_for_mentor(work_of(cast.teacher), by=cast.outsider, **wanted())
    elsewhere = make.AffiliationFactory()
    with pytest.raises(Refused, match="is not a member of the cluster"):
        actions.ask_for_mentor(elsewhere, by=elsewhere.person, **wanted())
    assert "do not belong to an institution yet" in right_to_ask(cast.outsider, localdate()).missing


def test_students_do_not_ask(cast):
    student = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory())
    assert right_to_ask(student.person, localdate()).missing.startswith("Teachers ask for a mentor")
    with pytest.raises(Refused, match="do not work there"):
        actions.ask_for_mentor(student, by=student.person, **wanted())


def test_who_works_there_no_more_does_not_ask_through_it(cast):
    work = work_of(cast.teacher)
    Affiliation.objects.filter(pk=work.pk).update(state="ended", ends_on=localdate())
    with pytest.raises(Refused, match="do not work there any more"):
        actions.ask_for_mentor(work, by=cast.teacher, **wanted())


def test_a_clause_that_opens_later_is_cited(cast):
    later = localdate() + timedelta(days=30)
    make.ClauseFactory(agreement=cast.agreement, right="mentorship", number="3.4", since=later)
    with pytest.raises(Refused, match=r"§ 3\.4"):
        ask(cast)


def test_a_time_that_is_over_is_refused(cast):
    yesterday = localdate() - timedelta(days=1)
    with pytest.raises(Refused, match="over"):
        ask(cast, needed_from=yesterday, needed_by=yesterday)
    assert MentorRequest.objects.count() == 0


def test_one_asks_for_initiatives_of_the_own_institution_that_are_under_way(cast):
    own = Initiative.objects.create(title="Lab", responsible=cast.school, starts_on=localdate(), state="published")
    draft = Initiative.objects.create(title="Draft", responsible=cast.school, starts_on=localdate())
    foreign = Initiative.objects.create(
        title="Other", responsible=make.InstitutionFactory(), starts_on=localdate(), state="published"
    )
    for it in (None, draft, foreign):
        with pytest.raises(Refused, match="initiative of your institution"):
            ask(cast, what_for="initiative", initiative=it)
    assert ask(cast, what_for="initiative", initiative=own).initiative == own


def test_the_same_is_asked_once_while_it_waits(cast):
    first = ask(cast)
    with pytest.raises(Refused, match="asked for this already"):
        ask(cast)
    actions.withdraw_request(first, by=cast.teacher)
    assert ask(cast).state == "open"


@pytest.mark.django_db(transaction=True)
def test_whoever_presses_twice_asks_once(cast, together):
    results = together(lambda: ask(cast), lambda: ask(cast))
    assert sorted(results) == ["done", "refused"]
    assert MentorRequest.objects.count() == 1


def test_what_is_asked_for_changes_until_a_mentor_is_asked(cast):
    request = ask(cast)
    before = request.answer_by
    actions.change_request(request, by=cast.teacher, title="Another title", needed_by=localdate() + timedelta(days=9))
    line = AuditEntry.objects.get(verb="mentorship.mentorrequest.change")
    assert line.fields == ["needed_by", "title"]
    assert "Another title" not in str(line.values)
    assert fresh(request).answer_by == before
    with pytest.raises(Refused, match="over"):
        actions.change_request(request, by=cast.teacher, needed_by=localdate() - timedelta(days=1))


@pytest.mark.parametrize("state", ["proposed", "accepted", "paired", "withdrawn", "closed"])
def test_what_a_mentor_was_asked_about_stays(state):
    request = pair.MentorRequestFactory(state=state)
    with pytest.raises(Refused, match="A mentor was asked"):
        actions.change_request(request, by=request.by, needed_by=request.needed_by)


@pytest.mark.parametrize("state", ["proposed", "accepted"])
def test_withdrawing_tells_whoever_was_asked(state):
    it = pair.PairingFactory(state=state)
    actions.withdraw_request(it.request, by=it.request.by)
    assert (fresh(it.request).state, fresh(it).state) == ("withdrawn", "withdrawn")
    assert templates_to(it.mentor.person) == ["mentorship/request_withdrawn"]
    assert owner_of(fresh(it.request)) is None


def test_withdrawing_what_nobody_was_asked_about_tells_nobody(cast):
    request = ask(cast)
    actions.withdraw_request(request, by=cast.teacher)
    assert OutboxMail.objects.count() == 0


@pytest.mark.parametrize("state", ["paired", "withdrawn", "closed"])
def test_what_is_decided_is_not_withdrawn(state):
    request = pair.MentorRequestFactory(state=state)
    with pytest.raises(Refused, match="already answered"):
        actions.withdraw_request(request, by=request.by)


@pytest.mark.django_db(transaction=True)
def test_accepting_and_withdrawing_at_once_end_as_one_of_both(together):
    it = pair.PairingFactory(state="proposed")
    as_seen = fresh(it.request)
    results = together(
        lambda: actions.withdraw_request(as_seen, by=it.request.by),
        lambda: actions.accept_proposal(fresh(it), by=it.mentor.person),
    )
    states = (fresh(it.request).state, fresh(it).state)
    assert (results, states) in [
        (["done", "refused"], ("withdrawn", "withdrawn")),
        (["refused", "done"], ("accepted", "accepted")),
    ]


def test_closing_gives_a_reason_by_mail(cast):
    request = ask(cast)
    actions.close_request(request, by=cast.coordinator, reason="Nobody speaks Korean here.")
    assert (fresh(request).state, fresh(request).closed_because) == ("closed", "Nobody speaks Korean here.")
    mail = OutboxMail.objects.get(to=cast.teacher)
    assert mail.template == "mentorship/request_closed"
    assert "Nobody speaks Korean here." in mail.body_text


@pytest.mark.parametrize("state", ["proposed", "accepted", "paired", "withdrawn"])
def test_only_a_search_is_closed(cast, state):
    request = pair.MentorRequestFactory(state=state)
    with pytest.raises(Refused, match="already answered"):
        actions.close_request(request, by=cast.coordinator, reason="No.")


def test_a_closed_request_is_opened_again_with_a_new_clock(cast):
    request = ask(cast)
    MentorRequest.objects.update(answer_by=now() - timedelta(days=1), risen_at=now())
    actions.close_request(request, by=cast.coordinator, reason="No.")
    actions.reopen_request(request, by=cast.coordinator)
    request = fresh(request)
    assert (request.state, request.risen_at, request.closed_because) == ("open", None, "")
    assert request.answer_by > now()
    assert templates_to(cast.teacher)[-1] == "mentorship/request_reopened"


def test_whoever_opens_their_own_request_again_gets_no_mail(cast):
    request = pair.MentorRequestFactory(state="closed", by=cast.teacher, affiliation=work_of(cast.teacher))
    actions.reopen_request(request, by=cast.teacher)
    assert OutboxMail.objects.count() == 0


def test_with_a_mentor_there_no_other_is_sought(cast):
    it = pair.PairingFactory()
    with pytest.raises(Refused, match="has a mentor"):
        actions.reopen_request(it.request, by=cast.coordinator)


@pytest.mark.parametrize("state", ["completed", "dissolved"])
def test_after_a_pairing_another_mentor_is_sought(state, cast):
    it = pair.PairingFactory(state=state, request__state="paired", request__affiliation=work_of(cast.teacher))
    actions.reopen_request(it.request, by=it.request.by)
    assert fresh(it.request).state == "open"


def test_what_is_over_is_asked_for_anew(cast):
    request = pair.MentorRequestFactory(
        state="closed", needed_from=localdate() - timedelta(days=9), needed_by=localdate() - timedelta(days=1)
    )
    with pytest.raises(Refused, match="Ask anew"):
        actions.reopen_request(request, by=request.by)


def test_taking_a_proposal_back_tells_the_mentor_and_not_the_teacher(cast):
    it = pair.PairingFactory(state="proposed")
    actions.reopen_request(it.request, by=cast.coordinator)
    assert (fresh(it.request).state, fresh(it).state) == ("open", "withdrawn")
    assert templates_to(it.mentor.person) == ["mentorship/request_withdrawn"]
    assert templates_to(it.request.by) == []


def test_coordinators_of_the_region_are_told_else_those_of_the_cluster(cast):
    region = make.RegionFactory()
    request = pair.MentorRequestFactory(affiliation__institution__region=region)
    nowhere = pair.MentorRequestFactory()
    assert coordinators_for(request) == [cast.coordinator]
    regional = make.CoordinatorFactory(region=region).person
    assert coordinators_for(request) == [regional]
    assert coordinators_for(nowhere) == [cast.coordinator]
    type(regional).objects.filter(pk=regional.pk).update(suspended_at=now())
    assert coordinators_for(request) == [cast.coordinator]


def test_terms_are_one_row_and_leave_clocks_that_run(cast):
    request = ask(cast)
    actions.change_terms(by=cast.coordinator, answer_days=3, stalled_weeks=2)
    actions.change_terms(by=cast.coordinator, answer_days=3, stalled_weeks=2)
    assert Terms.objects.count() == 1
    assert (Terms.current().answer_days, Terms.current().stalled_weeks) == (3, 2)
    assert fresh(request).answer_by == request.answer_by
    assert AuditEntry.objects.get(verb="mentorship.terms.change").values == {"answer_days": "3", "stalled_weeks": "2"}


ALLOWED = {
    ("teacher", "open"): {"withdraw"},
    ("teacher", "proposed"): {"withdraw", "reopen"},
    ("teacher", "accepted"): {"withdraw", "reopen", "pair"},
    ("teacher", "paired"): {"reopen"},
    ("teacher", "closed"): {"reopen"},
    ("mentor", "proposed"): {"accept"},
    ("coordinator", "open"): {"propose", "close"},
    ("coordinator", "proposed"): {"reopen"},
    ("coordinator", "accepted"): {"reopen"},
    ("coordinator", "paired"): {"reopen"},
    ("coordinator", "closed"): {"reopen"},
}
PAIRING = {"proposed": "proposed", "accepted": "accepted", "paired": "active"}


@pytest.mark.parametrize("state", MentorRequest.State)
@pytest.mark.parametrize("role", ["teacher", "mentor", "coordinator", "regional", "elsewhere", "colleague", "outsider"])
def test_moves_by_role_and_state(cast, role, state):
    region = make.RegionFactory()
    work = make.AffiliationFactory(institution__region=region)
    request = pair.MentorRequestFactory(state=state, affiliation=work)
    it = pair.PairingFactory(request=request, state=PAIRING.get(str(state), "declined"))
    person = {
        "teacher": work.person,
        "mentor": it.mentor.person,
        "coordinator": cast.coordinator,
        "regional": make.CoordinatorFactory(region=region).person,
        "elsewhere": make.CoordinatorFactory(region=make.RegionFactory()).person,
        "colleague": make.AffiliationFactory(institution=work.institution).person,
        "outsider": cast.outsider,
    }[role]
    expected = ALLOWED.get(("coordinator" if role == "regional" else role, str(state)), set())
    assert set(available_moves(person, request)) == expected


@pytest.mark.parametrize("role", ["teacher", "mentor", "coordinator", "regional", "elsewhere", "colleague", "outsider"])
def test_who_sees_a_request(cast, role):
    region = make.RegionFactory()
    request = pair.PairingFactory(state="proposed", request__affiliation__institution__region=region).request
    person = {
        "teacher": request.by,
        "mentor": Pairing.objects.get().mentor.person,
        "coordinator": cast.coordinator,
        "regional": make.CoordinatorFactory(region=region).person,
        "elsewhere": make.CoordinatorFactory(region=make.RegionFactory()).person,
        "colleague": make.AffiliationFactory(institution=request.affiliation.institution).person,
        "outsider": cast.outsider,
    }[role]
    sees = role in {"teacher", "mentor", "coordinator", "regional"}
    assert MentorRequest.objects.visible_to(person).filter(pk=request.pk).exists() == sees


def test_the_contact_sees_which_teachers_have_not_agreed_yet(cast):
    work = work_of(cast.teacher)
    pair.PairingFactory(state="proposed", request__affiliation=work)
    pair.PairingFactory(state="accepted", request__affiliation=work, request__title="Robots")
    pair.PairingFactory(state="accepted")
    found = [(it.name, it.what) for it in unanswered_in(cast.school, cast.contact)]
    assert found == [(cast.teacher.full_name, "Whether they agree to a mentor: Robots")]


def test_a_request_that_is_rolled_back_leaves_no_mail(cast):
    it = pair.PairingFactory(state="proposed")
    stale = fresh(it.request)
    actions.withdraw_request(it.request, by=it.request.by)
    OutboxMail.objects.all().delete()
    with pytest.raises(Refused):
        actions.withdraw_request(stale, by=it.request.by)
    assert OutboxMail.objects.count() == 0


@pytest.fixture
def closed(cast):
    return pair.MentorRequestFactory(affiliation=work_of(cast.teacher), state="closed", title="Once more")


def stays_closed(request, by, said):
    with pytest.raises(Refused, match=said):
        actions.reopen_request(request, by=by)
    return fresh(request).state == "closed"


def test_opening_again_is_no_way_around_five_requests_at_a_time(cast, closed):
    pair.MentorRequestFactory.create_batch(5, affiliation=work_of(cast.teacher))
    assert stays_closed(closed, cast.teacher, "5 requests of yours wait for an answer")
    actions.reopen_request(closed, by=cast.coordinator)
    assert fresh(closed).state == "open"


def test_what_was_asked_for_anew_is_not_opened_again_too(cast, closed):
    ask(cast, title=closed.title)
    assert stays_closed(closed, cast.teacher, "You have asked for this already")


def test_opening_again_needs_the_right_to_ask(cast):
    request = pair.MentorRequestFactory(state="closed")
    assert stays_closed(request, request.by, right_to_ask(request.by, localdate()).missing)


@pytest.mark.parametrize("state", ["accepted", "closed"])
def test_nobody_is_sought_for_a_teacher_who_is_not_there_any_more(state, cast):
    request = pair.MentorRequestFactory(affiliation=work_of(cast.teacher), state=state)
    end_affiliation(work_of(cast.teacher), by=cast.coordinator)
    for by in (cast.teacher, cast.coordinator):
        with pytest.raises(Refused, match="Whoever asked does not work at that school any more"):
            actions.reopen_request(fresh(request), by=by)


def test_a_request_that_waits_is_none_too_many(cast):
    mine = {"affiliation": work_of(cast.teacher)}
    pair.MentorRequestFactory.create_batch(4, **mine)
    request = pair.PairingFactory(state="accepted", request__affiliation=mine["affiliation"]).request
    actions.reopen_request(request, by=cast.teacher)
    assert fresh(request).state == "open"
