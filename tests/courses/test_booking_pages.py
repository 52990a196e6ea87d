"""The pages on which a class is brought: who may open them, what they say, and as many queries for 3 as for 30."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from courses import actions
from courses.desk_rows import classes_brought
from courses.models import ClassBooking, Enrolment, Pool
from members.actions import decide
from members.models import RecordView
from tests import factories as make
from tests.browsing import at, said
from tests.courses.conftest import class_of

pytestmark = pytest.mark.django_db


def page(client, name, *args):
    return client.get(reverse(f"courses:{name}", args=args))


@pytest.fixture
def wide(run, pool):
    """The run with a hundred places."""
    Pool.objects.filter(pk=pool.pk).update(places=100)
    return run


@pytest.fixture
def teacher(cast, text):
    return at(cast.teacher)


@pytest.fixture
def booking(wide, group, children, cast, text):
    return actions.book_class(wide, group, children, by=cast.teacher)


def keys(children):
    return [child.public_id for child in children]


def test_the_run_page_leads_who_keeps_classes_to_bringing_one(wide, cast, teacher):
    address = reverse("courses:bring", args=[wide.public_id])
    outsider = at(cast.outsider)
    found = [address in it.get(wide.get_absolute_url()).content.decode() for it in (teacher, outsider, Client())]
    assert found == [True, False, False]


def test_one_chooses_among_ones_own_classes(wide, group, children, cast, teacher):
    other, _children = class_of(cast.school, cast.colleague, name="8 A")
    response = page(teacher, "bring", wide.public_id)
    assert list(response.context["page"]) == [group]
    assert page(teacher, "bring_class", wide.public_id, other.public_id).status_code == 404


def test_a_class_that_is_booked_leads_to_its_booking(booking, wide, teacher):
    assert booking.get_absolute_url() in page(teacher, "bring", wide.public_id).content.decode()


def test_a_draft_is_no_run_to_bring_a_class_to(wide, group, teacher):
    wide.state = "draft"
    wide.save()
    codes = [page(teacher, "bring", wide.public_id), page(teacher, "bring_class", wide.public_id, group.public_id)]
    assert [it.status_code for it in codes] == [404, 404]


def test_all_who_fit_are_marked_beforehand_and_places_are_said(wide, group, children, teacher):
    make.EnrolmentFactory(run=wide, person=children[0])
    response = page(teacher, "bring_class", wide.public_id, group.public_id)
    assert response.context["chosen"] == keys(children[1:])
    assert [it.free_here for it in response.context["pools"]] == [100]
    assert [it.why_not for it in response.context["others"]] == ["Is in this run already."]


def test_whoever_opens_the_list_is_written_down(wide, group, children, cast, teacher):
    page(teacher, "bring_class", wide.public_id, group.public_id)
    assert RecordView.objects.filter(page="class", viewer=cast.teacher.public_id).count() == 3


def test_a_press_holds_the_places_and_leads_to_the_booking(wide, group, children, teacher):
    address = reverse("courses:bring_class", args=[wide.public_id, group.public_id])
    response = teacher.post(address, {"students": keys(children)}, follow=True)
    it = ClassBooking.objects.get()
    assert response.redirect_chain == [(it.get_absolute_url(), 302)]
    assert said(response)[0].startswith("3 places held.")


def test_online_and_in_the_room_are_chosen_apart(wide, group, children, teacher):
    online = make.PoolFactory(run=wide, sort="online", places=5)
    address = reverse("courses:bring_class", args=[wide.public_id, group.public_id])
    teacher.post(address, {"students": keys(children), "pool": online.public_id})
    online.refresh_from_db()
    assert (ClassBooking.objects.get().pool, online.taken) == (online, 3)


def test_too_few_places_are_said_with_another_run_linked(run, group, children, teacher):
    other = make.RunFactory(course=run.course, title="autumn 2027")
    make.SessionFactory(run=other)
    make.PoolFactory(run=other, places=3)
    address = reverse("courses:bring_class", args=[run.public_id, group.public_id])
    response = teacher.post(address, {"students": keys(children)})
    assert said(response) == [
        "2 places are free here for School 1, and you chose 3 students. Choose fewer, or another run of the course."
    ]
    assert response.context["elsewhere"] == [(other, 3)]
    assert reverse("courses:bring_class", args=[other.public_id, group.public_id]) in response.content.decode()
    assert Enrolment.objects.count() == 0


@pytest.mark.parametrize("sent", ["\x00", "a" * 5000, "ALLCAPITALS1"])
def test_what_is_no_public_id_is_nobody(wide, group, booking, teacher, sent):
    address = reverse("courses:bring_class", args=[wide.public_id, group.public_id])
    response = teacher.post(address, {"students": [sent]})
    assert said(response) == ["Nobody is chosen. Mark the students whom you bring."]
    address = reverse("courses:take_out", args=[booking.public_id])
    assert teacher.post(address, {"student": sent}).status_code == 404


def test_strangers_cannot_be_put_into_the_party(wide, group, children, teacher):
    stranger = make.ChildFactory()
    address = reverse("courses:bring_class", args=[wide.public_id, group.public_id])
    teacher.post(address, {"students": [children[0].public_id, stranger.public_id]})
    assert list(Enrolment.objects.values_list("person", flat=True)) == [children[0].pk]


def test_more_are_added_on_the_same_page(wide, group, children, cast, teacher, text):
    it = actions.book_class(wide, group, children[:1], by=cast.teacher)
    address = reverse("courses:bring_class", args=[wide.public_id, group.public_id])
    response = teacher.post(address, {"students": keys(children[1:])}, follow=True)
    assert (response.context["it"], it.enrolments.held().count()) == (it, 3)


@pytest.mark.parametrize("role", ["teacher", "contact", "coordinator"])
def test_who_keeps_the_class_opens_its_booking(role, booking, cast, demo):
    assert page(at(getattr(cast, role)), "booking", booking.public_id).status_code == 200


def test_nobody_else_opens_it(booking, cast):
    assert page(at(cast.colleague), "booking", booking.public_id).status_code == 404


def test_signed_out_nobody_opens_it(booking):
    assert page(Client(), "booking", booking.public_id).status_code == 302


def test_a_new_device_is_confirmed_first(booking, wide, group, cast):
    client = at(cast.teacher)
    for name in [it for it in client.cookies if it not in {"sessionid", "csrftoken"}]:
        del client.cookies[name]
    asked = [
        page(client, "booking", booking.public_id),
        page(client, "bookings"),
        page(client, "bring", wide.public_id),
        page(client, "bring_class", wide.public_id, group.public_id),
    ]
    led = reverse("members:confirm_device")
    assert [it["Location"].partition("?")[0] for it in asked] == [led] * 4


def test_the_coordinator_of_the_run_sees_the_booking_and_reminds_nobody(booking, cast, demo):
    region = make.RegionFactory()
    booking.run.host = make.InstitutionFactory(region=region)
    booking.run.save()
    client = at(make.CoordinatorFactory(region=region).person)
    assert page(client, "booking", booking.public_id).context["keeps"] is False
    assert client.post(reverse("courses:remind_booking", args=[booking.public_id])).status_code == 403
    assert page(client, "booking_slips", booking.public_id).status_code == 403
    desk = page(client, "desk_run", booking.run.public_id)
    assert list(desk.context["bookings"]) == [booking]


def test_who_is_missing_stands_first(booking, children, teacher, text):
    decide(children[0], "taking_part", "granted", by=children[0].guarded_by.get().guardian, channel="link", text=text)
    response = page(teacher, "booking", booking.public_id)
    assert [line["child"] for line in response.context["lines"]] == [*children[1:], children[0]]
    assert (response.context["waiting"], response.context["sure"]) == (children[1:], 1)


def test_exactly_those_who_are_missing_are_reminded(booking, children, teacher, text):
    decide(children[0], "taking_part", "granted", by=children[0].guarded_by.get().guardian, channel="link", text=text)
    response = teacher.post(reverse("courses:remind_booking", args=[booking.public_id]), follow=True)
    assert said(response) == ["2 people are reminded."]
    reminded = OutboxMail.objects.filter(template="members/consent_reminder").values_list("to", flat=True)
    assert set(reminded) == {child.guarded_by.get().guardian_id for child in children[1:]}


def test_slips_are_printed_for_exactly_those(booking, children, cast, teacher, text):
    decide(children[0], "taking_part", "granted", by=children[0].guarded_by.get().guardian, channel="link", text=text)
    response = page(teacher, "booking_slips", booking.public_id)
    assert response.content[:5] == b"%PDF-"
    views = RecordView.objects.filter(page="slips", viewer=cast.teacher.public_id)
    assert set(views.values_list("child", flat=True)) == {child.pk for child in children[1:]}


def test_one_is_taken_out(booking, children, teacher):
    it = booking.enrolments.get(person=children[0])
    response = teacher.post(
        reverse("courses:take_out", args=[booking.public_id]), {"student": it.public_id}, follow=True
    )
    assert [one.person for one in response.context["gone"]] == [children[0]]
    assert len(response.context["lines"]) == 2


def test_nobody_of_another_booking_is_taken_out(booking, teacher):
    foreign = make.EnrolmentFactory()
    response = teacher.post(reverse("courses:take_out", args=[booking.public_id]), {"student": foreign.public_id})
    assert response.status_code == 404


def test_giving_all_places_back_is_asked_twice(booking, teacher):
    address = reverse("courses:act_on_booking", args=[booking.public_id])
    assert teacher.post(address, {"move": "release"}).context["count"] == 3
    assert booking.enrolments.live().count() == 3
    response = teacher.post(address, {"move": "release", "confirmed": "yes"}, follow=True)
    assert said(response) == ["All places of the class are free again."]
    assert booking.enrolments.live().count() == 0


def test_what_only_the_portal_does_has_no_button(booking, teacher):
    address = reverse("courses:act_on_booking", args=[booking.public_id])
    codes = [teacher.post(address, {"move": move, "confirmed": "yes"}).status_code for move in ("settle", "fly")]
    assert codes == [403, 404]


def test_bookings_stand_on_ones_own_page_and_in_a_list(booking, cast, teacher):
    own = teacher.get(reverse("coordination:me"))
    assert (own.context["bookings"], list(page(teacher, "bookings").context["page"])) == ([booking], [booking])
    assert at(cast.colleague).get(reverse("coordination:me")).context["bookings"] == []


def test_the_desk_of_the_school_says_that_a_class_waits(booking, cast):
    row = next(classes_brought(cast.contact))
    assert (row.count, row.url) == (1, booking.get_absolute_url())
    assert list(classes_brought(cast.teacher)) == []


def test_a_list_made_meanwhile_leads_back_to_the_run(wide, cast, teacher):
    page(teacher, "bring", wide.public_id)
    group = make.GroupFactory(institution=cast.school, name="5 C")
    group.keepers.add(cast.teacher)
    make.GroupMemberFactory(group=group)
    errand = teacher.get(group.get_absolute_url()).context["errand"]
    assert errand.url == reverse("courses:bring", args=[wide.public_id])


def test_the_errand_ends_with_the_booking(wide, group, children, teacher):
    page(teacher, "bring", wide.public_id)
    teacher.post(reverse("courses:bring_class", args=[wide.public_id, group.public_id]), {"students": keys(children)})
    assert teacher.get(group.get_absolute_url()).context["errand"] is None


def test_a_run_that_is_closed_says_why_instead_of_a_button(wide, group, children, teacher):
    wide.enrol_until = now() - timedelta(days=1)
    wide.save()
    response = page(teacher, "bring_class", wide.public_id, group.public_id)
    assert response.context["why_not"].startswith("Enrolment closed on")
    assert b'name="students"' not in response.content


@pytest.mark.parametrize("name", ["bring", "bring_class", "booking", "bookings"])
def test_as_many_queries_for_30_students_as_for_3(name, wide, cast, text, teacher):
    fresh = make.RunFactory(course=wide.course)
    make.SessionFactory(run=fresh)
    make.PoolFactory(run=fresh, places=40)
    asked = []
    for size in (3, 30):
        group, children = class_of(cast.school, cast.teacher, name=f"Class of {size}", size=size)
        it = actions.book_class(wide, group, children, by=cast.teacher)
        args = {
            "bring": [wide.public_id],
            "bring_class": [fresh.public_id, group.public_id],
            "booking": [it.public_id],
            "bookings": [],
        }
        page(teacher, name, *args[name])
        with CaptureQueriesContext(connection) as queries:
            assert page(teacher, name, *args[name]).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]
