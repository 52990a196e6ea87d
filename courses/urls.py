from django.urls import path

from courses import desk, desk_places, views, views_bookings

app_name = "courses"
urlpatterns = [
    path("courses/", programme.programme, name="programme"),
    path("courses/<slug:slug>/", views.course, name="course"),
    path("runs/<id:public_id>/", views.run, name="run"),
    path("runs/<id:public_id>/enrol/", views.enrol, name="enrol"),
    path("runs/<id:public_id>/class/", views_bookings.bring, name="bring"),
    path("runs/<id:public_id>/class/<id:group_id>/", views_bookings.bring_class, name="bring_class"),
    path("bookings/", views_bookings.bookings, name="bookings"),
    path("bookings/<id:public_id>/", views_bookings.booking, name="booking"),
    path("bookings/<id:public_id>/act/", views_bookings.act_on_booking, name="act_on_booking"),
    path("bookings/<id:public_id>/remind/", views_bookings.remind, name="remind_booking"),
    path("bookings/<id:public_id>/slips/", views_bookings.slips, name="booking_slips"),
    path("bookings/<id:public_id>/take-out/", views_bookings.take_out, name="take_out"),
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
    path("desk/runs/<id:public_id>/places/new/", desk_places.new_places, name="desk_new_places"),
    path("desk/runs/<id:public_id>/places/<id:pool_id>/", desk_places.places, name="desk_places"),
    path("desk/runs/<id:public_id>/places/<id:pool_id>/keep/", desk_places.new_reserve, name="desk_new_reserve"),
    path("desk/runs/<id:public_id>/kept/<id:reserve_id>/", desk_places.reserve, name="desk_reserve"),
    path(
        "desk/runs/<id:public_id>/kept/<id:reserve_id>/remove/", desk_places.remove_reserve, name="desk_remove_reserve"
    ),
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
