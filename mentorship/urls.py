from django.urls import path

from mentorship import desk_mentors, desk_pairings, desk_requests, views, views_pairing, views_students

app_name = "mentorship"
urlpatterns = [
    path("mentorship/", views.mentorship, name="mentorship"),
    path("mentorship/offer/", views.offer, name="offer"),
    path("mentorship/offer/act/", views.act_on_mentor, name="act_on_mentor"),
    path("mentorship/offer/pause/", views.pause, name="pause"),
    path("mentorship/mentors/<id:public_id>/", views.mentor, name="mentor"),
    path("mentorship/ask/", views.ask, name="ask"),
    path("mentorship/requests/<id:public_id>/", views.mentor_request, name="request"),
    path("mentorship/requests/<id:public_id>/edit/", views.edit_request, name="edit_request"),
    path("mentorship/requests/<id:public_id>/act/", views.act_on_request, name="act_on_request"),
    path("desk/mentorship/", desk_requests.overview, name="desk_mentorship"),
    path("desk/mentorship/mentors/", desk_mentors.mentors, name="desk_mentors"),
    path("desk/mentorship/mentors/<id:public_id>/", desk_mentors.mentor, name="desk_mentor"),
    path("desk/mentorship/mentors/<id:public_id>/admit/", desk_mentors.admit, name="desk_admit_mentor"),
    path("desk/mentorship/mentors/<id:public_id>/decline/", desk_mentors.decline, name="desk_decline_mentor"),
    path("desk/mentorship/mentors/<id:public_id>/clear/", desk_mentors.clear, name="desk_clear_mentor"),
    path("desk/mentorship/mentors/<id:public_id>/act/", desk_mentors.act_on_mentor, name="desk_act_on_mentor"),
    path("desk/mentorship/requests/", desk_requests.requests, name="desk_requests"),
    path("desk/mentorship/requests/<id:public_id>/close/", desk_requests.close, name="desk_close_request"),
    path("desk/mentorship/terms/", desk_requests.terms, name="desk_terms"),
    path("mentorship/pairings/<id:public_id>/", views_pairing.pairing, name="pairing"),
    path("mentorship/pairings/<id:public_id>/log/", views_pairing.log, name="pairing_log"),
    path("mentorship/pairings/<id:public_id>/log/<id:entry_id>/remove/", views_pairing.remove_log, name="remove_log"),
    path("mentorship/pairings/<id:public_id>/plan/", views_pairing.plan, name="pairing_plan"),
    path("mentorship/pairings/<id:public_id>/plan/<id:step_id>/act/", views_pairing.act_on_step, name="act_on_step"),
    path("mentorship/pairings/<id:public_id>/meetings/", views_pairing.plan_meeting, name="plan_meeting"),
    path(
        "mentorship/pairings/<id:public_id>/meetings/<id:meeting_id>/", views_pairing.move_meeting, name="move_meeting"
    ),
    path(
        "mentorship/pairings/<id:public_id>/meetings/<id:meeting_id>/act/",
        views_pairing.act_on_meeting,
        name="act_on_meeting",
    ),
    path("mentorship/pairings/<id:public_id>/messages/", views_pairing.thread, name="pairing_thread"),
    path("mentorship/pairings/<id:public_id>/files/", views_pairing.files, name="pairing_files"),
    path(
        "mentorship/pairings/<id:public_id>/files/<id:file_id>/remove/",
        views_pairing.remove_file,
        name="remove_pairing_file",
    ),
    path("mentorship/pairings/<id:public_id>/end/", views_pairing.end, name="end_pairing"),
    path("mentorship/pairings/<id:public_id>/students/", views_students.students, name="pairing_students"),
    path("mentorship/students/<id:public_id>/act/", views_students.act_on_student, name="act_on_student"),
    path("mentorship/students/<id:public_id>/mentor/", views_students.mentor_of_child, name="mentor_of_child"),
    path("mentorship/students/<id:public_id>/pairing/", views_students.pairing_of_child, name="pairing_of_child"),
    path(
        "consent/<str:token>/mentors/<id:public_id>/",
        views_students.mentor_of_child_by_link,
        name="mentor_of_child_by_link",
    ),
    path(
        "consent/<str:token>/pairings/<id:public_id>/",
        views_students.pairing_of_child_by_link,
        name="pairing_of_child_by_link",
    ),
    path("desk/mentorship/pairings/", desk_pairings.pairings, name="desk_pairings"),
]
