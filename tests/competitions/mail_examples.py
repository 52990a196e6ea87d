"""An example of each kind of mail about competitions, with all that its text may mention."""

from django.utils.timezone import now

from cluster_portal.hooks import WantedMail
from tests import factories as make

ABOUT_AN_ENTRY = {"competitions/receipt": "submitted", "competitions/withdrawn": "withdrawn"}


def example_of_competitions(template, to):
    """A mail of this kind to somebody, about an entry of theirs, about them as a juror, or about a competition."""
    if "author_" in template:
        return WantedMail(template, example_author(template, to), to)
    if template in ABOUT_AN_ENTRY or template == "competitions/disqualified":
        return WantedMail(template, example_entry(to, ABOUT_AN_ENTRY.get(template, "disqualified")), to)
    if "juror_" in template or "reviews_" in template:
        juror = make.ReviewFactory(juror__person=to, entry__competition__title="Plans").juror
        return WantedMail(template, juror, to)
    return WantedMail(
        template, example_entry(to, "admitted" if template.endswith("results") else "draft").competition, to
    )


def example_entry(to, state):
    """Handed in with a step and two authors."""
    entry = make.EntryFactory(competition__title="Plans", title="A chatbot", state=state, submitted_at=now())
    entry.steps.create(position=1, title="Ask", minutes=10, text="Students ask.")
    make.AuthorshipFactory(entry=entry, person=to)
    make.AuthorshipFactory(entry=entry, is_lead=False)
    return entry


def example_author(template, to):
    """An authorship in the state that the mail is about."""
    entry = example_entry(make.PersonFactory(), "draft")
    state = {"asked": "invited", "leads": "confirmed"}.get(template.partition("author_")[2], "ended")
    person = to if state != "ended" or template.endswith("out") else make.PersonFactory(family_name="Gone")
    at = make.AffiliationFactory(person=person)
    invited_by = entry.authorships.get(is_lead=True).person
    return make.AuthorshipFactory(
        entry=entry, person=person, state=state, is_lead=False, affiliation=at, invited_by=invited_by
    )
