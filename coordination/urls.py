from django.urls import path

from coordination import desk, outbox, views

app_name = "coordination"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("me/", views.me, name="me"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("desk/", desk.today, name="desk"),
    path("desk/audit/", desk.audit, name="audit"),
    path("desk/outbox/", outbox.mails, name="outbox"),
    path("desk/outbox/<id:public_id>/", outbox.mail, name="mail"),
    path("desk/outbox/<id:public_id>/act/", outbox.act_on_mail, name="act_on_mail"),
]
