from django.urls import path

from mentorship import views

app_name = "mentorship"
urlpatterns = [
    path("mentorship/", views.mentorship, name="mentorship"),
]
