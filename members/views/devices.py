"""Confirming the device one sits at, and the list of those one has confirmed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import outcome_in, tried
from members import actions
from members.access import confirmed_device_first, must_confirm_device
from members.devices import ASKED, asked_in, device_of, name_of, remember
from members.forms.devices import CodeForm
from members.models import Device


def confirm_device(request: HttpRequest) -> HttpResponse:
    """Enter the mailed code; then go on to where one was led away from."""
    onwards = _onwards(request)
    if not must_confirm_device(request):
        return redirect(onwards)
    asked = asked_in(request)
    form = CodeForm(request.POST or None) if asked else None
    if asked and form and form.is_valid():
        code, name = form.cleaned_data["code"], name_of(request)
        if done := outcome_in(form, "code", actions.confirm_device, asked, code, name, by=request.user):
            messages.success(request, _("This device is confirmed. It is remembered until it is not used for 90 days."))
            return remember(redirect(onwards), request.user, done.result)
    shown = {"form": form, "onwards": onwards}
    return render(request, "members/confirm_device.html", shown)


@require_POST
def send_code(request: HttpRequest) -> HttpResponse:
    """Mail a code for the browser that asks."""
    if must_confirm_device(request) and (asked := tried(request, actions.ask_for_code)):
        request.session[ASKED] = asked.result.public_id
        messages.success(request, _("A code is on its way to %(address)s.") % {"address": request.user.email})
    query = urlencode({"next": _onwards(request)})
    return redirect(f"{reverse('members:confirm_device')}?{query}")


def devices(request: HttpRequest) -> HttpResponse:
    """The devices that I have confirmed."""
    shown = {"devices": Device.objects.trusted().filter(person=request.user), "this": device_of(request)}
    return render(request, "members/devices.html", shown)


@require_POST
@confirmed_device_first
def forget_device(request: HttpRequest, public_id: str) -> HttpResponse:
    """Forget one of them."""
    it = get_object_or_404(Device.objects.trusted().filter(person=request.user), public_id=public_id)
    if tried(request, actions.forget_device, it):
        messages.success(request, _("Forgotten. To open a class list there, a new code is needed."))
    return redirect("members:devices")


@require_POST
@confirmed_device_first
def forget_devices(request: HttpRequest) -> HttpResponse:
    """Forget all of them."""
    if tried(request, actions.forget_devices, request.user):
        messages.success(request, _("All are forgotten. To open a class list, a new code is needed."))
    return redirect("members:devices")


def _onwards(request: HttpRequest) -> str:
    """A page of ours that was asked for before; one's classes otherwise."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if safe else reverse("members:classes")
