from django.urls import path

from mentorship import desk_pairings, views, views_pairing, views_students

app_name = "mentorship"
urlpatterns = [
    path("mentorship/", views.mentorship, name="mentorship"),
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
