"""Coordinators who ask for a mentor, or are one: nobody matches, judges or reads in a matter of their own."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves, may_move
from mentorship import actions
from mentorship.clock import coordinators_for
from mentorship.desk_rows import rows_of
from mentorship.models import MentorRequest, Pairing
from tests import factories as make
from tests.mentorship.factories import MentorFactory, MentorRequestFactory, PairingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
AGAIN = "mentorship/sought_again"


def fresh(it):
    return type(it).objects.get(pk=it.pk)


def page(name, *rest):
    return reverse(f"mentorship:{name}", args=rest)


def told(template):
    rows = OutboxMail.objects.filter(template=template).order_by("to_id")
    return [it.to for it in rows]


@pytest.fixture
def own(cast):
    """The teacher coordinates the cluster too, and asks for a mentor."""
    make.CoordinatorFactory(person=cast.teacher)
    return MentorRequestFactory(affiliation=cast.teacher.affiliations.get())


def asked(own, state, **facts):
    """Somebody is asked for the teacher's own request."""
    MentorRequest.objects.filter(pk=own.pk).update(state={"accepted": "accepted", "declined": "open"}.get(state, state))
    return PairingFactory(state=state, request=fresh(own), **facts)


# Who asks


def test_who_declined_and_why_is_told_to_the_other_coordinators(cast, own):
    pairing = asked(own, "proposed")
    actions.decline_proposal(pairing, by=pairing.mentor.person, reason="I cannot stand him.")
    assert told(AGAIN) == [cast.coordinator]


def test_ones_own_request_is_on_the_desk_of_others(cast, own):
    MentorFactory()
    for person, number in ((cast.teacher, 0), (cast.coordinator, 1)):
        assert [row.count for row in rows_of(person)] == [1] * number
        assert len(MentorRequest.objects.kept_by(person)) == number
        assert len(actions.intake_for(person).pairs) == number


@pytest.mark.parametrize("name", ["desk_match", "desk_close_request"])
def test_nobody_matches_or_closes_their_own_request(cast, client, own, name):
    client.force_login(cast.teacher)
    assert client.get(page(name, own.public_id)).status_code == 404
    client.force_login(cast.coordinator)
    assert client.get(page(name, own.public_id)).status_code == 200


def test_ones_own_request_has_the_buttons_of_a_teacher(cast, client, own):
    assert set(available_moves(cast.teacher, own)) == {"withdraw"}
    client.force_login(cast.teacher)
    text = client.get(own.get_absolute_url()).text
    assert page("desk_match", own.public_id) not in text
    assert page("edit_request", own.public_id) in text


def test_what_a_mentor_is_asked_by_oneself_is_not_read_or_taken_back(cast, client, own):
    pairing = asked(own, "proposed")
    assert available_moves(cast.teacher, pairing) == {}
    client.force_login(cast.teacher)
    assert client.get(page("desk_mentor", pairing.mentor.public_id)).text.count(own.title) == 0
    assert client.post(page("desk_act_on_proposal", pairing.public_id), {"move": "withdraw"}).status_code == 403
    client.force_login(cast.coordinator)
    assert client.get(page("desk_mentor", pairing.mentor.public_id)).text.count(own.title) == 1


def test_outbox_and_audit_do_not_tell_who_asks_who_is_asked(cast, own):
    pairing = actions.propose_mentor(own, by=cast.coordinator, mentor=MentorFactory())
    proposed = OutboxMail.objects.get(template="mentorship/proposed")
    actions.decline_proposal(pairing, by=pairing.mentor.person, reason="No time.")
    why = OutboxMail.objects.get(template=AGAIN)
    about = AuditEntry.objects.filter(object_id=pairing.public_id)
    for person, sees in ((cast.teacher, set()), (cast.coordinator, {proposed, why})):
        person = fresh(person)
        assert set(OutboxMail.objects.visible_to(person)) & {proposed, why} == sees
        assert AuditEntry.objects.visible_to(person).filter(pk__in=about).exists() == bool(sees)


def test_with_the_yes_of_the_mentor_all_of_it_is_known(cast, own):
    pairing = asked(own, "proposed")
    actions.accept_proposal(pairing, by=pairing.mentor.person)
    assert OutboxMail.objects.visible_to(cast.teacher).filter(template="mentorship/mentor_found").exists()


def test_the_one_coordinator_cannot_ask_where_nobody_else_answers(cast, own):
    facts = {name: getattr(own, name) for name in MentorRequest.SAYS if name != "directions"} | {"title": "Another"}
    actions.withdraw_request(own, by=cast.teacher)
    cast.coordinator.coordinator_roles[0].delete()
    with pytest.raises(Refused, match="Nobody coordinates here but you"):
        actions.ask_for_mentor(own.affiliation, by=fresh(cast.teacher), **facts)


def test_the_next_level_is_told_where_a_region_has_only_who_asks(cast):
    region = make.RegionFactory()
    regional = make.CoordinatorFactory(region=region).person
    request = MentorRequestFactory(affiliation__institution__region=region, by=regional)
    assert coordinators_for(request) == [cast.coordinator]
    other = make.CoordinatorFactory(region=region).person
    assert coordinators_for(request) == [other]
    assert coordinators_for(request, but={other.pk}) == [cast.coordinator]


# Who mentors


def test_a_coordinator_who_mentors_does_not_read_why_the_teacher_would_rather_have_another(cast, client):
    pairing = PairingFactory(state="accepted", request__affiliation=cast.teacher.affiliations.get())
    mentor = make.CoordinatorFactory(person=pairing.mentor.person).person
    actions.refuse_mentor(pairing, by=cast.teacher, reason="Too far away.")
    assert told(AGAIN) == [cast.coordinator]
    mail = OutboxMail.objects.get(template=AGAIN)
    for person, reads in ((mentor, False), (cast.coordinator, True)):
        person = fresh(person)
        assert OutboxMail.objects.visible_to(person).filter(pk=mail.pk).exists() == reads
        client.force_login(person)
        answer = client.get(page("desk_match", pairing.request.public_id))
        assert (answer.status_code, "Too far away." in answer.text) == (200, reads)


def test_whoever_was_asked_and_said_no_reads_the_request_no_more(client):
    pairing = PairingFactory(state="proposed")
    mentor, request = pairing.mentor.person, pairing.request
    client.force_login(mentor)
    assert client.get(request.get_absolute_url()).status_code == 200
    assert request.text in client.get(page("asked", pairing.public_id)).text
    actions.decline_proposal(pairing, by=mentor, reason="No time.")
    assert client.get(request.get_absolute_url()).status_code == 404
    assert request.text not in client.get(page("asked", pairing.public_id)).text


@pytest.mark.parametrize("state", Pairing.State)
def test_a_mentor_reads_a_request_while_asked_and_once_they_have_met(state):
    pairing = PairingFactory(state=state)
    reads = MentorRequest.objects.visible_to(pairing.mentor.person).exists()
    assert reads == (state in {"proposed", "accepted", "active", "completed", "dissolved"})


def test_why_a_search_ended_is_read_by_who_asked_and_who_coordinates(cast, client):
    pairing = PairingFactory(state="dissolved", request__affiliation=cast.teacher.affiliations.get())
    actions.close_request(pairing.request, by=cast.coordinator, reason="Nobody near you.")
    for person, reads in ((pairing.mentor.person, False), (cast.teacher, True), (cast.coordinator, True)):
        client.force_login(person)
        answer = client.get(pairing.request.get_absolute_url())
        assert (answer.status_code, "Nobody near you." in answer.text) == (200, reads)


# Who lets a mentor go


def test_who_cannot_end_the_pairings_of_a_mentor_reads_who_can(cast):
    pairing = PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    home = make.AffiliationFactory(person=pairing.mentor.person, institution__region=make.RegionFactory())
    here = make.CoordinatorFactory(region=home.institution.region).person
    assert may_move(here, pairing.mentor, "end")
    with pytest.raises(Refused) as refused:
        actions.end_mentor(pairing.mentor, by=here)
    assert str(refused.value) == (
        "They are in 1 pairing that is under way, in another part of the cluster. "
        f"{cast.coordinator.full_name} can end it first."
    )
    with pytest.raises(Refused, match=r"They are in 1 pairing that is under way. End it first."):
        actions.end_mentor(pairing.mentor, by=cast.coordinator)


def test_where_nobody_else_coordinates_mentor_or_teacher_end_it(cast):
    pairing = PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    home = make.AffiliationFactory(person=pairing.mentor.person, institution__region=make.RegionFactory())
    here = make.CoordinatorFactory(region=home.institution.region).person
    cast.coordinator.coordinator_roles[0].delete()
    with pytest.raises(Refused, match=r"Mentor or teacher can end it first"):
        actions.end_mentor(pairing.mentor, by=here)


def test_several_pairings_elsewhere_cost_as_many_questions_as_one(cast):
    mentor = MentorFactory(places=5)
    home = make.AffiliationFactory(person=mentor.person, institution__region=make.RegionFactory())
    here = make.CoordinatorFactory(region=home.institution.region).person
    counts = []
    for _number in range(2):
        PairingFactory(mentor=mentor, request__affiliation__institution__region=make.RegionFactory())
        with CaptureQueriesContext(connection) as seen, pytest.raises(Refused):
            actions.end_mentor(mentor, by=fresh(here))
        counts.append(len(seen))
    assert counts[0] == counts[1]
