"""Three heads sign on phone and keyboard, and the coordinator concludes."""

import pytest
from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile

from coordination.examples.people import PASSWORD
from members import actions
from members.models import Affiliation, Agreement, Cluster, Institution, Person
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PARTIES = ["School 1", "School 2", "School 3"]


def heads():
    """A head for each of the three schools; the example has one already at the first."""
    found = [Person.objects.get(email="head@example.org")]
    for number in (2, 3):
        person = Person.objects.create_user(
            f"head{number}@example.org", PASSWORD, family_name=f"Head{number}", given_name="Anna"
        )
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        make.AffiliationFactory(
            person=person, institution=Institution.objects.get(name=f"School {number}"), role="head"
        )
        found.append(person)
    return found


def test_three_heads_sign_and_the_agreement_is_concluded(visit):
    people = heads()
    assert Affiliation.objects.filter(role="head", person=people[0], institution__name="School 1").exists()
    coordinator = visit("coordinator")
    coordinator.go("/desk/agreements/new/")
    coordinator.look("New agreement")
    coordinator.fill(kind="Memorandum", title="Memorandum of three", valid_from=str(Cluster.current().today()))
    file = {"name": "Memorandum.txt", "mimeType": "text/plain", "buffer": b"We work together."}
    coordinator.page.set_input_files("[name=text]", files=[file])
    coordinator.press("Save")
    coordinator.look("The draft is kept.", "Memorandum.txt")
    it = Agreement.objects.get(title="Memorandum of three")
    coordinator.follow("Name parties")
    for name in PARTIES:
        coordinator.page.get_by_label(name, exact=True).check()
    coordinator.press("Save")
    coordinator.press("Open it for signature")
    coordinator.look("0 of 3 have signed", "3 have not signed", "Remind them")

    for number, person in enumerate(people):
        phone = visit(width=390)
        phone.sign_in(person.email)
        phone.go("/desk/")
        phone.look("agreement waits for your signature")
        phone.by_key("^Sign", to=f"**/agreements/{it.public_id}/sign/")
        phone.look("Memorandum of three", it.text.sha256)
        phone.tab_to("Type your name")
        phone.page.keyboard.type(person.full_name)
        phone.page.keyboard.press("Enter")
        phone.look("You have signed.")
        assert it.parties.unsigned().count() == 2 - number

    coordinator.go(f"/desk/agreements/{it.public_id}/")
    coordinator.look("3 of 3 have signed")
    coordinator.press("Conclude")
    coordinator.look("Concluded")
    it.refresh_from_db()
    assert it.state == "concluded"
    assert set(it.parties.values_list("how", "signed_sha256")) == {("online", it.text.sha256)}
    visitor = visit(width=390)
    visitor.go(it.get_absolute_url())
    visitor.look("in force today", "School 3")


def test_what_ends_is_looked_at_before_it_does(visit):
    coordinator = visit("coordinator")
    it = Agreement.objects.get(kind="network")
    addendum = actions.prepare_accession(
        it, [Institution.objects.get(name="School 8")], None, text=ContentFile(b"It joins.", "Addendum.txt")
    )
    coordinator.go(f"/desk/agreements/{addendum.public_id}/")
    coordinator.look("Accession to: Network collaboration agreement", "School 8")
    coordinator.go(f"/desk/agreements/{it.public_id}/terminate/")
    coordinator.fill(because="Its aim is reached.")
    coordinator.press("Show what stops")
    coordinator.look("These institutions are no members any more:", "It cannot be taken back.")
    assert Agreement.objects.get(pk=it.pk).state == "concluded"
    coordinator.go("/members/standing/")
    coordinator.look("Who belongs on")
