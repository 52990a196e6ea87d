from django.urls import path

from courses import desk, views

app_name = "courses"
urlpatterns = [
    path("courses/", views.programme, name="programme"),
    path("courses/<slug:slug>/", views.course, name="course"),
    path("runs/<id:public_id>/", views.run, name="run"),
    path("runs/<id:public_id>/enrol/", views.enrol, name="enrol"),
    path("enrolments/<id:public_id>/act/", views.act_on_enrolment, name="act_on_enrolment"),
    path("offer/<str:token>/", views.offer, name="offer"),
    path("desk/courses/", desk.runs, name="desk_runs"),
    path("desk/courses/rights-lost/", desk.rights_lost, name="desk_rights_lost"),
    path("desk/courses/new/", desk.new_course, name="desk_new_course"),
    path("desk/courses/<slug:slug>/", desk.edit_course, name="desk_edit_course"),
    path("desk/courses/<slug:slug>/new-run/", desk.new_run, name="desk_new_run"),
    path("desk/runs/<id:public_id>/", desk.run, name="desk_run"),
    path("desk/runs/<id:public_id>/edit/", desk.edit_run, name="desk_edit_run"),
    path("desk/runs/<id:public_id>/pattern/", desk.pattern, name="desk_pattern"),
    path("desk/runs/<id:public_id>/sessions/new/", desk.new_session, name="desk_new_session"),
    path("desk/runs/<id:public_id>/sessions/<id:session_id>/", desk.edit_session, name="desk_edit_session"),
    path(
        "desk/runs/<id:public_id>/sessions/<id:session_id>/act/",
        desk.act_on_session,
        name="desk_act_on_session",
    ),
    path("desk/runs/<id:public_id>/places/new/", desk.new_places, name="desk_new_places"),
    path("desk/runs/<id:public_id>/places/<id:pool_id>/", desk.places, name="desk_places"),
    path("desk/runs/<id:public_id>/roster/", desk.roster, name="desk_roster"),
    path("desk/runs/<id:public_id>/roster.xlsx", desk.roster_xlsx, name="desk_roster_xlsx"),
    path("desk/runs/<id:public_id>/attendance-sheet/", desk.attendance_sheet, name="desk_attendance_sheet"),
    path(
        "desk/runs/<id:public_id>/enrolments/<id:enrolment_id>/act/",
        desk.act_on_enrolment,
        name="desk_act_on_enrolment",
    ),
    path("desk/runs/<id:public_id>/act/", desk.act_on_run, name="desk_act_on_run"),
]
