from django.urls import path

from bench.floor import views

urlpatterns = [
    path("courses/", views.programme),
    path("runs/<int:pk>/", views.run),
    path("runs/<int:pk>/enrol/", views.enrol),
]
