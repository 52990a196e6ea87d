from django.urls import path

from coordination import calendar, desk, outbox, views

app_name = "coordination"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("me/", views.me, name="me"),
    path("me/calendar/", calendar.my_calendar, name="my_calendar"),
    path("me/calendar/address/", calendar.change_my_calendar, name="change_my_calendar"),
    path("me/calendar/<str:token>.ics", calendar.my_calendar_ics, name="my_calendar_ics"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("desk/", desk.today, name="desk"),
    path("desk/audit/", desk.audit, name="audit"),
    path("desk/outbox/", outbox.mails, name="outbox"),
    path("desk/outbox/<id:public_id>/", outbox.mail, name="mail"),
    path("desk/outbox/<id:public_id>/act/", outbox.act_on_mail, name="act_on_mail"),
]
