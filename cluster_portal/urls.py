"""Every address of the portal."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from cluster_portal import health, uploads
from coordination.styleguide import styleguide

urlpatterns = [
    path("", include("coordination.urls")),
    path("", include("members.urls")),
    path("", include("courses.urls")),
    path("files/<id:public_id>/", login_not_required(uploads.download), name="file"),
    path("accounts/", include("allauth.urls")),
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
if settings.DEMO:
    urlpatterns.append(path("styleguide/", styleguide, name="styleguide"))
