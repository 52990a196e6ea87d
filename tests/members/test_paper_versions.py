"""Which text a paper shows: the slip names it, its QR code carries it, and the decision is about exactly that one."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localdate, now

from cluster_portal.moves import Refused
from members import actions
from members.consent import State, state_of
from members.consent_slips import slips
from members.models import ConsentDecision, ConsentRequest, ConsentText, Purpose
from tests import factories as make
from tests.browsing import at
from tests.members.test_consent_pages import messages_of, page_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
PHOTO = Purpose.PHOTO


def days_ago(days):
    return now() - timedelta(days=days)


def version(number, published, replaced=None, **facts):
    """A text that was published so many days ago, and replaced."""
    ended = days_ago(replaced) if replaced is not None else None
    named = {"purpose": PHOTO, "version": number, "replaced_at": ended} | facts
    return make.ConsentTextFactory(published_at=days_ago(published), **named)


@pytest.fixture
def group(cast):
    group = make.GroupFactory(institution=cast.school, name="7 B")
    group.keepers.add(cast.teacher)
    return group


@pytest.fixture
def guardianship(group):
    """Of a child that was asked for photos ten days ago; the text has been replaced since."""
    child = make.GroupMemberFactory(group=group, person__family_name="Gromov").person
    ConsentRequest.objects.create(child=child, purpose=PHOTO, asked_at=days_ago(10))
    return make.GuardianshipFactory(child=child)


@pytest.fixture
def printed(guardianship):
    """The text that stood on the slips: in force until five days ago."""
    return version(1, published=20, replaced=5)


@pytest.fixture
def newer(printed):
    return version(2, published=5)


def recorded(guardianship, cast, shown, seen_on=None, decision="granted"):
    said = (guardianship.child, guardianship.guardian, {PHOTO: decision}, seen_on or localdate())
    return actions.record_paper(*said, by=cast.teacher, shown={PHOTO: shown} if shown else None)


def refusal(*args, **facts):
    with pytest.raises(Refused) as refused:
        recorded(*args, **facts)
    return str(refused.value)


def sent(guardianship, **answers):
    return {"signed_by": guardianship.guardian_id, "seen_on": localdate().isoformat()} | answers


@pytest.mark.parametrize("decision", ["granted", "refused"])
def test_slip_of_an_older_text_is_written_down_about_that_text(cast, guardianship, printed, newer, decision):
    it = recorded(guardianship, cast, printed, decision=decision)[0]
    assert (it.text, it.sha256) == (printed, printed.sha256)


def test_withdrawal_on_paper_is_about_the_text_on_it(cast, guardianship, printed, newer):
    recorded(guardianship, cast, newer)
    assert recorded(guardianship, cast, printed, decision="withdrawn")[0].text == printed


def test_paper_that_names_no_text_is_about_the_newest_of_its_day(cast, guardianship, printed, newer):
    days = [localdate() - timedelta(days=it) for it in (7, 5, 0)]
    assert [recorded(guardianship, cast, None, day)[0].text for day in days[:2]] == [printed, newer]
    said = (guardianship.child, guardianship.guardian, {PHOTO: "refused"}, days[2])
    assert actions.record_paper(*said, by=cast.teacher)[0].text == newer


def test_new_text_is_no_new_question(cast, guardianship, printed, newer):
    recorded(guardianship, cast, printed)
    assert state_of(guardianship.child, PHOTO) == State.GRANTED


def test_grant_holds_as_long_as_its_own_text_says(cast, guardianship):
    short = version(1, published=20, replaced=5, valid_months=1)
    version(2, published=5, valid_months=12)
    it = recorded(guardianship, cast, short)[0]
    assert it.expires_on - localdate() < timedelta(days=32)


def told_of(text):
    return f"No paper seen on this day shows {text.mark}. Compare day, version and SHA-256 with the paper."


def test_paper_does_not_show_what_was_published_after_its_day(cast, guardianship, printed, newer):
    assert refusal(guardianship, cast, newer, localdate() - timedelta(days=6)) == told_of(newer)


def test_paper_does_not_show_what_was_replaced_before_anybody_was_asked(cast, guardianship, printed, newer):
    oldest = version(0, published=40, replaced=20)
    assert refusal(guardianship, cast, oldest) == told_of(oldest)


def test_paper_does_not_show_a_draft(cast, guardianship, printed, newer):
    draft = make.ConsentTextFactory(purpose=PHOTO, version=3, published_at=None)
    assert refusal(guardianship, cast, draft) == told_of(draft)


def test_paper_does_not_show_the_text_of_another_purpose(cast, guardianship, printed, newer):
    other = make.ConsentTextFactory(purpose=Purpose.NAME)
    assert refusal(guardianship, cast, other) == told_of(other)


def test_paper_of_a_child_that_nobody_asked_for_shows_what_was_in_force(cast, guardianship, printed, newer):
    ConsentRequest.objects.all().delete()
    assert refusal(guardianship, cast, printed) == told_of(printed)
    assert recorded(guardianship, cast, newer)[0].text == newer


def test_what_is_signed_online_is_the_text_in_force_only(guardianship, printed, newer):
    with pytest.raises(Refused, match="The document was replaced meanwhile"):
        actions.decide(guardianship.child, PHOTO, "granted", by=guardianship.guardian, channel="link", text=printed)


def test_form_offers_each_text_that_a_paper_may_show_by_its_mark(cast, group, guardianship, printed, newer):
    version(0, published=40, replaced=20)
    make.ConsentTextFactory(purpose=PHOTO, version=3, published_at=None)
    field = at(cast.teacher).get(page_of("child_consent", group, guardianship.child)).context["form"]
    assert field["text_photo"].value() == ""
    assert field.fields["text_photo"].choices == [
        ("", "The newest of that day"),
        (newer.public_id, f"Version 2 · SHA-256 {newer.sha256[:12]} · English"),
        (printed.public_id, f"Version 1 · SHA-256 {printed.sha256[:12]} · English"),
    ]


def test_teacher_writes_down_the_text_on_the_paper(cast, group, guardianship, printed, newer):
    page, answers = page_of("child_consent", group, guardianship.child), {"answer_photo": "granted"}
    at(cast.teacher).post(page, sent(guardianship, text_photo=printed.public_id, **answers))
    assert ConsentDecision.objects.get().text == printed


def test_teacher_is_told_that_the_paper_cannot_show_this(cast, group, guardianship, printed, newer):
    page = page_of("child_consent", group, guardianship.child)
    early = (localdate() - timedelta(days=6)).isoformat()
    said = sent(guardianship, text_photo=newer.public_id, answer_photo="granted", seen_on=early)
    assert messages_of(at(cast.teacher).post(page, said)) == [told_of(newer)]
    assert ConsentDecision.objects.count() == 0


def scanned(group, guardianship, teacher):
    """The address in the QR code of the slip that the teacher prints now."""
    slip = next(slips(group, [guardianship.child], teacher))
    return slip["link"].removeprefix("http://testserver")


def test_scanned_slip_preselects_its_text_and_its_reader(cast, group, guardianship, newer):
    make.GuardianshipFactory(child=guardianship.child)
    code = scanned(group, guardianship, cast.teacher)
    ConsentText.objects.filter(pk=newer.pk).update(replaced_at=now())
    version(3, published=0)
    page = at(cast.teacher).get(code, follow=True)
    assert page.redirect_chain[0][0].partition("?")[0] == page_of("child_consent", group, guardianship.child)
    form = page.context["form"]
    assert (form["text_photo"].value(), form["signed_by"].value()) == (newer.public_id, guardianship.guardian_id)


def test_code_of_a_slip_names_each_of_its_texts(cast, group, guardianship, newer):
    name = make.ConsentTextFactory(purpose=Purpose.NAME)
    actions.request_consent([guardianship.child], [Purpose.NAME], by=None)
    query = parse_qs(urlsplit(scanned(group, guardianship, cast.teacher)).query)
    assert query == {"paper": [f"{name.public_id}.{newer.public_id}"]}


def test_code_opens_the_answer_of_a_guardian_as_before(client, cast, group, guardianship, newer):
    page = client.get(scanned(group, guardianship, cast.teacher))
    assert (page.status_code, "birth_date" in page.context["form"].fields) == (200, True)


def test_code_is_for_somebody_else_where_one_keeps_no_class_of_the_child(cast, group, guardianship, newer):
    code = scanned(group, guardianship, cast.teacher)
    assert [at(by).get(code).status_code for by in (cast.outsider, cast.colleague)] == [409, 409]
    assert at(cast.teacher).get(code.partition("?")[0]).status_code == 409


def test_scanning_a_slip_writes_no_row_but_of_sessions(cast, group, guardianship, newer):
    code = scanned(group, guardianship, cast.teacher)
    reader = at(cast.teacher)
    with CaptureQueriesContext(connection) as captured:
        reader.get(code)
    writes = [it["sql"] for it in captured if it["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [it for it in writes if "session" not in it] == []


def test_more_texts_cost_no_more_queries(cast, group, guardianship, printed):
    reader, counted = at(cast.teacher), []
    for more in ([], [2, 3]):
        for number in more:
            version(number, published=3, language="ru" if number == 2 else "ko")
        reader.get(page_of("child_consent", group, guardianship.child))
        with CaptureQueriesContext(connection) as captured:
            reader.get(reverse("members:child_consent", args=[group.public_id, guardianship.child.public_id]))
        counted.append(len(captured))
    assert counted[0] == counted[1]
