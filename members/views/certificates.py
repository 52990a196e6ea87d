"""Certificates: whoever holds the paper verifies it, whoever it was issued to fetches it."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cluster_portal.pdf import pdf_response
from members.certificates import behind_link, certificates_pdf, code_in, facts_of, held_by
from members.hours import works, years_of
from members.models import BadgeKey, Certificate


@login_not_required
@require_safe
def verify_any(request: HttpRequest) -> HttpResponse:
    """A field for the code of a paper, and the keys that verify badges."""
    if typed := request.GET.get("code", "").strip():
        code = code_in(typed)
        return redirect("members:verify", code) if code else _unknown(request, typed)
    return _not_indexed(render(request, "members/verify.html", {"keys": BadgeKey.objects.all()}))


@login_not_required
@require_safe
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Whether a paper holds: what stands on it and its state, for whoever has its code; nothing more."""
    it = Certificate.objects.filter(public_id=code_in(code)).first()
    if it is None:
        return _unknown(request, code)
    return _not_indexed(render(request, "members/verified.html", {"it": it, "facts": facts_of(it)}))


@login_not_required
@require_safe
def verify_keys(request: HttpRequest) -> HttpResponse:
    """The public keys that verify badges, as other programs read them (JWK set)."""
    return JsonResponse({"keys": [{**it.jwk, "kid": it.did} for it in BadgeKey.objects.all()]})


def certificates(request: HttpRequest) -> HttpResponse:
    """My certificates, those of my children, and my hours by year."""
    rows = list(held_by(request.user).select_related("person"))
    mine = [it for it in rows if it.person_id == request.user.pk]
    shown = {
        "mine": mine,
        "others": [it for it in rows if it not in mine],
        "with_guardians": request.user.certificates.valid().exclude(pk__in=[it.pk for it in mine]),
        "years": years_of(request.user) if works(request.user) else [],
    }
    return render(request, "members/certificates.html", shown)


def certificate_paper(request: HttpRequest, public_id: str) -> HttpResponse:
    """The paper of a certificate of mine, or of a child of mine."""
    return _paper(get_object_or_404(held_by(request.user).valid().with_name(), public_id=public_id))


def certificate_badge(request: HttpRequest, public_id: str) -> HttpResponse:
    """The same as a digital credential."""
    return _badge(get_object_or_404(held_by(request.user).valid().with_name(), public_id=public_id))


@login_not_required
@require_safe
def certificate_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link: shows the certificate, with what can be fetched of it."""
    return _by_link(request, token, lambda it: render(request, "members/certificate_link.html", _shown(it, token)))


@login_not_required
@require_safe
def paper_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The paper, by the mailed link."""
    return _by_link(request, token, _paper, only_valid=True)


@login_not_required
@require_safe
def badge_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The credential, by the mailed link."""
    return _by_link(request, token, _badge, only_valid=True)


def _by_link(request: HttpRequest, token: str, answer, only_valid: bool = False) -> HttpResponse:
    it, why_not = behind_link(token)
    if it is not None and only_valid and not it.can_be_printed:
        it, why_not = None, _("There is nothing to download of it any more.")
    if it is None:
        return render(request, "members/certificate_bad.html", {"why_not": why_not}, status=404)
    return answer(it)


def _shown(it: Certificate, token: str) -> dict:
    paper, badge = (reverse(f"members:{name}", args=[token]) for name in ("paper_by_link", "badge_by_link"))
    return {"it": it, "facts": facts_of(it), "paper": paper, "badge": badge}


def _paper(it: Certificate) -> HttpResponse:
    return pdf_response(certificates_pdf([it]), f"{it.number}.pdf")


def _badge(it: Certificate) -> HttpResponse:
    response = HttpResponse(it.badge, content_type="application/vc+jwt")
    response.headers["Content-Disposition"] = content_disposition_header(True, f"{it.number}.jwt")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _unknown(request: HttpRequest, typed: str) -> HttpResponse:
    return _not_indexed(render(request, "members/verify.html", {"code": typed[:40]}, status=404))


def _not_indexed(response: HttpResponse) -> HttpResponse:
    response.headers["X-Robots-Tag"] = "noindex"
    return response
