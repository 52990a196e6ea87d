"""Who may do what with competitions, entries and reviews. When it is possible stands in MOVES."""

import rules

from competitions.models import Authorship, Competition


@rules.predicate
def coordinates_the_competition(person, competition):
    return competition is not None and person.coordinates(competition.host.region_id if competition.host else None)


@rules.predicate
def decides_the_competition(person, competition):
    """Whoever judges blindly, or competes, decides nothing until the results are out (decision 109)."""
    return competition is not None and Competition.objects.decidable_by(person).filter(pk=competition.pk).exists()


@rules.predicate
def decides_the_entrys_competition(person, entry):
    return entry is not None and decides_the_competition(person, entry.competition)


@rules.predicate
def wrote_the_entry(person, entry):
    return entry is not None and any(it.person_id == person.pk for it in _authors_of(entry))


@rules.predicate
def leads_the_entry(person, entry):
    return entry is not None and any(it.person_id == person.pk and it.is_lead for it in _authors_of(entry))


def _authors_of(entry):
    """A list of entries fetches its authors at once, and no row asks again."""
    return [it for it in entry.authorships.all() if it.state == Authorship.State.CONFIRMED]


@rules.predicate
def is_the_asked_author(person, authorship):
    return authorship is not None and authorship.person_id == person.pk


@rules.predicate
def may_take_the_author_out(person, authorship):
    """The lead author takes others out; who is not the lead goes by themselves."""
    if authorship is None or (authorship.is_lead and authorship.state == Authorship.State.CONFIRMED):
        return False
    goes = authorship.state == Authorship.State.CONFIRMED and is_the_asked_author(person, authorship)
    return goes or leads_the_entry(person, authorship.entry)


@rules.predicate
def is_the_juror(person, juror):
    return juror is not None and juror.person_id == person.pk


@rules.predicate
def keeps_the_jury(person, juror):
    return juror is not None and decides_the_competition(person, juror.competition)


@rules.predicate
def judges(person, review):
    return review is not None and is_the_juror(person, review.juror)


@rules.predicate
def keeps_the_review(person, review):
    return review is not None and keeps_the_jury(person, review.juror)


@rules.predicate
def coordinates_the_cluster(person, _thing):
    return person.coordinates_whole_cluster


@rules.predicate
def published_the_plan(person, plan):
    return plan is not None and wrote_the_entry(person, plan.entry)


rules.add_perm("competitions.change_competition", coordinates_the_competition)
rules.add_perm("competitions.publish_competition", coordinates_the_competition)
rules.add_perm("competitions.cancel_competition", coordinates_the_competition)
rules.add_perm("competitions.conclude_competition", decides_the_competition)
rules.add_perm("competitions.change_entry", wrote_the_entry)
rules.add_perm("competitions.submit_entry", leads_the_entry)
rules.add_perm("competitions.reopen_entry", leads_the_entry)
rules.add_perm("competitions.withdraw_entry", leads_the_entry)
rules.add_perm("competitions.admit_entry", decides_the_entrys_competition)
rules.add_perm("competitions.disqualify_entry", decides_the_entrys_competition)
rules.add_perm("competitions.confirm_authorship", is_the_asked_author)
rules.add_perm("competitions.decline_authorship", is_the_asked_author)
rules.add_perm("competitions.end_authorship", may_take_the_author_out)
rules.add_perm("competitions.accept_juror", is_the_juror)
rules.add_perm("competitions.decline_juror", is_the_juror)
rules.add_perm("competitions.end_juror", is_the_juror | keeps_the_jury)
rules.add_perm("competitions.complete_review", judges)
rules.add_perm("competitions.reopen_review", judges)
rules.add_perm("competitions.withdraw_review", judges | keeps_the_review)
rules.add_perm("competitions.withdraw_plan", published_the_plan | coordinates_the_cluster)
rules.add_perm("competitions.publish_plan", coordinates_the_cluster)
