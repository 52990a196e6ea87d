from django.urls import path

from members import theme
from members.desk import institutions as desk_institutions
from members.desk import people as desk_people
from members.views import agreements, directory, people

app_name = "members"
urlpatterns = [
    path("members/", directory.directory, name="directory"),
    path("members/<slug:slug>/", directory.institution, name="institution"),
    path("members/<slug:slug>/join/", directory.join, name="join"),
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/<id:public_id>/", agreements.agreement, name="agreement"),
    path("agreements/<id:public_id>/act/", agreements.act_on_agreement, name="act_on_agreement"),
    path("invitation/<str:token>/", people.invitation, name="invitation"),
    path("affiliations/<id:public_id>/act/", people.act_on_affiliation, name="act_on_affiliation"),
    path("me/profile/", people.profile, name="profile"),
    path("language/", people.language, name="language"),
    path("theme.css", theme.theme_css, name="theme_css"),
    path("emblem.svg", theme.emblem_svg, name="emblem_svg"),
    path("favicon.svg", theme.favicon_svg, name="favicon_svg"),
    path("desk/people/", desk_people.people, name="desk_people"),
    path("desk/people/invite/", desk_people.invite, name="desk_invite"),
    path("desk/people/<id:public_id>/act/", desk_people.act_on_affiliation, name="desk_act_on_affiliation"),
    path("desk/institutions/", desk_institutions.institutions, name="desk_institutions"),
    path("desk/institutions/new/", desk_institutions.new_institution, name="desk_new_institution"),
    path("desk/institutions/<slug:slug>/", desk_institutions.edit_institution, name="desk_edit_institution"),
]
