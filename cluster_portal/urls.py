"""Every address of the portal."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from cluster_portal import health, uploads
from coordination.styleguide import styleguide
from members.access import files_guarded, may_enter_back_room, second_factor_first

# The back room has no sign-in of its own: second factors and suspended people count there too.
admin.site.login = secure_admin_login(second_factor_first(admin.site.login))
admin.site.has_permission = may_enter_back_room

urlpatterns = [
    path("", include("coordination.urls")),
    path("", include("members.urls")),
    path("", include("courses.urls")),
    path("", include("competitions.urls")),
    path("", include("mentorship.urls")),
    path("files/<id:public_id>/", login_not_required(files_guarded(uploads.download)), name="file"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("members.second_factor")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
if settings.DEMO:
    urlpatterns.append(path("styleguide/", styleguide, name="styleguide"))
