from django.urls import path

from members import desk, theme, views

app_name = "members"
urlpatterns = [
    path("members/", views.directory, name="directory"),
    path("members/<slug:slug>/", views.institution, name="institution"),
    path("members/<slug:slug>/join/", views.join, name="join"),
    path("agreements/", views.agreements, name="agreements"),
    path("agreements/<id:public_id>/", views.agreement, name="agreement"),
    path("agreements/<id:public_id>/act/", views.act_on_agreement, name="act_on_agreement"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("affiliations/<id:public_id>/act/", views.act_on_affiliation, name="act_on_affiliation"),
    path("me/profile/", views.profile, name="profile"),
    path("language/", views.language, name="language"),
    path("theme.css", theme.theme_css, name="theme_css"),
    path("emblem.svg", theme.emblem_svg, name="emblem_svg"),
    path("favicon.svg", theme.favicon_svg, name="favicon_svg"),
    path("desk/people/", desk.people, name="desk_people"),
    path("desk/people/invite/", desk.invite, name="desk_invite"),
    path("desk/people/<id:public_id>/act/", desk.act_on_affiliation, name="desk_act_on_affiliation"),
    path("desk/institutions/", desk.institutions, name="desk_institutions"),
    path("desk/institutions/new/", desk.new_institution, name="desk_new_institution"),
    path("desk/institutions/<slug:slug>/", desk.edit_institution, name="desk_edit_institution"),
]
