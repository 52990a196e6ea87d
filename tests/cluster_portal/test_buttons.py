"""What a view says after an action: on the page, or in the form; and who acted."""

import threading

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.http import Http404

from cluster_portal.buttons import act, outcome, outcome_in, tried
from cluster_portal.moves import Refused
from members import actions
from members.models import Region
from tests import factories as make


def refusing(*_args, **_facts):
    raise Refused("All places are taken. Choose another day.")


def broken(*_args, **_facts):
    raise ValueError("a fault of ours")


@pytest.fixture
def pressed(rf):
    """A request that carries a pressed button and can be told something."""

    def request_of(person, **posted):
        request = rf.post("/", posted)
        request.user, request.session = person, {}
        request._messages = FallbackStorage(request)
        return request

    return request_of


def said(request):
    return [(it.level_tag, it.message) for it in get_messages(request)]


@pytest.mark.parametrize("result", ["made", 0, None, []])
def test_an_action_that_went_through_is_true_whatever_it_returned(pressed, result):
    request = pressed("Anna")
    done = tried(request, lambda by: result)
    assert (bool(done), done.result, said(request)) == (True, result, [])


def test_who_pressed_the_button_acts(pressed):
    done = tried(pressed("Anna"), lambda *args, **facts: (args, facts), "thing", day="today")
    assert done.result == (("thing",), {"by": "Anna", "day": "today"})


def test_behind_a_signed_link_its_holder_acts_and_not_who_is_signed_in(pressed):
    assert outcome(pressed("Anna"), lambda by: by, by="Olga").result == "Olga"


def test_an_action_that_is_by_nobody_gets_no_by(pressed):
    assert outcome(pressed("Anna"), lambda **facts: facts, action="any", request="name").result == {
        "action": "any", "request": "name",
    }  # fmt: skip


def test_a_refusal_is_said_on_the_page(pressed):
    request = pressed("Anna")
    done = tried(request, refusing)
    assert (bool(done), done.result) == (False, None)
    assert said(request) == [("warning", "All places are taken. Choose another day.")]


class DayForm(forms.Form):
    day = forms.CharField()


@pytest.mark.parametrize("field", ["day", None])
def test_a_refusal_stands_in_the_form_with_what_was_typed(field):
    form = DayForm({"day": "Monday"})
    assert form.is_valid()
    assert not outcome_in(form, field, refusing, by="Anna")
    assert form.errors == {field or "__all__": ["All places are taken. Choose another day."]}
    assert (form["day"].value(), form.is_valid()) == ("Monday", False)


def test_a_form_whose_action_went_through_stays_as_it_is():
    form = DayForm({"day": "Monday"})
    done = outcome_in(form, "day", lambda day, by: (day, by), "Monday", by="Anna")
    assert (bool(done), done.result, form.errors) == (True, ("Monday", "Anna"), {})


def test_a_fault_of_ours_is_not_taken_for_a_refusal(pressed):
    with pytest.raises(ValueError, match="a fault of ours"):
        tried(pressed("Anna"), broken)
    with pytest.raises(ValueError, match="a fault of ours"):
        outcome_in(DayForm({}), None, broken)


def test_a_pressed_move_says_what_changed(cast, pressed):
    request = pressed(cast.contact, move="admit")
    it = make.AffiliationFactory(state="asked", institution=cast.school)
    act(request, it, actions.ACTIONS["affiliation"])
    it.refresh_from_db()
    assert (it.state, said(request)) == ("active", [("success", str(it.MOVES["admit"].done))])


def test_a_pressed_move_that_comes_too_late_gets_a_sentence(cast, pressed):
    it = make.AffiliationFactory(state="asked", institution=cast.school)
    request = pressed(cast.contact, move="admit")
    act(request, it, {"admit": refusing})
    it.refresh_from_db()
    assert (it.state, said(request)) == ("asked", [("warning", "All places are taken. Choose another day.")])


def test_a_pressed_move_of_no_such_name_is_404(cast, pressed):
    with pytest.raises(Http404):
        act(pressed(cast.contact, move="explode"), make.AffiliationFactory(), actions.ACTIONS["affiliation"])


def test_a_pressed_move_of_somebody_else_is_403(cast, pressed):
    it = make.AffiliationFactory(state="asked", institution=cast.school)
    with pytest.raises(PermissionDenied):
        act(pressed(cast.outsider, move="admit"), it, actions.ACTIONS["affiliation"])


@pytest.mark.django_db(transaction=True)
def test_of_two_who_wait_for_each_other_one_is_told_to_press_once_more(pressed, together):
    first, second = make.RegionFactory(name="A"), make.RegionFactory(name="B")
    both_hold_one, requests = threading.Barrier(2), [pressed("Anna"), pressed("Olga")]

    @transaction.atomic
    def change(one, other, by):
        Region.objects.filter(pk=one.pk).update(name=f"{by} 1")
        both_hold_one.wait(30)
        Region.objects.filter(pk=other.pk).update(name=f"{by} 2")

    ends = together(
        lambda: tried(requests[0], change, first, second),
        lambda: tried(requests[1], change, second, first),
    )
    sentence = "Somebody else was changing the same at that moment, so nothing was changed. Press once more."
    assert (ends, sorted(map(said, requests))) == (["done", "done"], [[], [("warning", sentence)]])
    assert set(Region.objects.values_list("name", flat=True)) in [{"Anna 1", "Anna 2"}, {"Olga 1", "Olga 2"}]


def test_other_faults_of_the_database_are_no_refusal(pressed):
    def fails(by):
        raise OperationalError("the disk is full")

    with pytest.raises(OperationalError):
        tried(pressed("Anna"), fails)
