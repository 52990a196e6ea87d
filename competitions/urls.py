from django.urls import path

from competitions import desk_entries, desk_results, views_feedback

app_name = "competitions"
urlpatterns = [
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
]
