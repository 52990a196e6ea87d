from django.contrib.auth.decorators import login_not_required
from django.urls import path

from competitions import (
    desk_competitions,
    desk_entries,
    desk_results,
    feeds,
    part_converter,  # noqa: F401 - it registers itself
    views,
    views_authors,
    views_entries,
    views_feedback,
    views_library,
)
from competitions.library_feed import NewPlans

app_name = "competitions"
urlpatterns = [
    path("competitions/", views.competitions, name="competitions"),
    path("competitions/<slug:slug>/", views.competition, name="competition"),
    path("competitions/<slug:slug>/calendar.ics", feeds.competition_ics, name="competition_ics"),
    path("desk/competitions/", desk_competitions.desk_competitions, name="desk_competitions"),
    path("desk/competitions/new/", desk_competitions.desk_new_competition, name="desk_new_competition"),
    path("desk/competitions/<slug:slug>/", desk_competitions.desk_competition, name="desk_competition"),
    path("desk/competitions/<slug:slug>/edit/", desk_competitions.desk_edit_competition, name="desk_edit_competition"),
    path(
        "desk/competitions/<slug:slug>/act/", desk_competitions.desk_act_on_competition, name="desk_act_on_competition"
    ),
    path("desk/competitions/<slug:slug>/again/", desk_competitions.desk_hold_again, name="desk_hold_again"),
    path("desk/competitions/<slug:slug>/<part:part>/new/", desk_competitions.desk_new_part, name="desk_new_part"),
    path("desk/competitions/<slug:slug>/<part:part>/<id:public_id>/", desk_competitions.desk_part, name="desk_part"),
    path(
        "desk/competitions/<slug:slug>/<part:part>/<id:public_id>/act/",
        desk_competitions.desk_act_on_part,
        name="desk_act_on_part",
    ),
    path("competitions/<slug:slug>/enter/", views_entries.enter, name="enter"),
    path("entries/<id:public_id>/", views_entries.entry, name="entry"),
    path("entries/<id:public_id>/act/", views_entries.act_on_entry, name="act_on_entry"),
    path("entries/<id:public_id>/edit/", views_entries.edit_entry, name="edit_entry"),
    path("entries/<id:public_id>/check/", views_entries.check_entry, name="check_entry"),
    path("entries/<id:public_id>/receipt/", views_entries.entry_receipt, name="entry_receipt"),
    path("entries/<id:public_id>/content.json", views_entries.entry_content, name="entry_content"),
    path("entries/<id:public_id>/files/", views_entries.add_files, name="add_entry_files"),
    path("entries/<id:public_id>/files/<id:file_id>/remove/", views_entries.remove_file, name="remove_entry_file"),
    path("entries/<id:public_id>/authors/", views_authors.authors, name="authors"),
    path("entries/<id:public_id>/library/", views_authors.publishing, name="publishing"),
    path("authorships/<id:public_id>/act/", views_authors.act_on_authorship, name="act_on_authorship"),
    path("authorships/<id:public_id>/lead/", views_authors.hand_over, name="hand_over_entry"),
    path("entries/<id:public_id>/feedback/", views_feedback.entry_feedback, name="entry_feedback"),
    path("desk/competitions/<slug:slug>/entries/", desk_entries.entries, name="desk_entries"),
    path("desk/competitions/<slug:slug>/entries/admit/", desk_entries.admit_all, name="desk_admit_all"),
    path(
        "desk/competitions/<slug:slug>/entries/<id:public_id>/act/",
        desk_entries.act_on_entry,
        name="desk_act_on_entry",
    ),
    path(
        "desk/competitions/<slug:slug>/entries/<id:public_id>/disqualify/",
        desk_entries.disqualify,
        name="desk_disqualify",
    ),
    path("desk/competitions/<slug:slug>/results/", desk_results.results, name="desk_results"),
    path("desk/competitions/<slug:slug>/results/propose/", desk_results.propose, name="desk_propose"),
    path("desk/competitions/<slug:slug>/results/publish/", desk_results.publish, name="desk_publish"),
    path(
        "desk/competitions/<slug:slug>/results/<id:public_id>/second-opinion/",
        desk_results.second_opinion,
        name="desk_second_opinion",
    ),
    path("desk/competitions/<slug:slug>/results.xlsx", desk_results.results_xlsx, name="desk_results_xlsx"),
    path("desk/competitions/<slug:slug>/protocol.pdf", desk_results.protocol, name="desk_protocol"),
    path("desk/competitions/<slug:slug>/diplomas/", desk_results.diplomas, name="desk_diplomas"),
    path("library/", views_library.library, name="library"),
    path("library/feed/", login_not_required(NewPlans()), name="library_feed"),
    path("library/<slug:slug>/", views_library.plan, name="plan"),
    path("library/<slug:slug>/plan.pdf", views_library.plan_as_pdf, name="plan_pdf"),
    path("library/<slug:slug>/plan.zip", views_library.plan_as_zip, name="plan_zip"),
    path("library/<slug:slug>/dc.xml", views_library.plan_as_dublin_core, name="plan_dc"),
    path("library/<slug:slug>/files/<id:file_id>/", views_library.plan_file, name="plan_file"),
    path("library/<slug:slug>/thanks/", views_library.thank, name="plan_thank"),
    path("library/<slug:slug>/notes/", views_library.note, name="plan_note"),
    path("library/<slug:slug>/notes/<id:public_id>/remove/", views_library.remove_note, name="remove_note"),
    path("library/<slug:slug>/pick/", views_library.pick, name="plan_pick"),
    path("library/<slug:slug>/take-out/", views_library.take_out, name="plan_take_out"),
]
