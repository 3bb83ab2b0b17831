"""Where people report."""

from django.urls import path

from moderation import views

urlpatterns = [
    path("spaces/<slug:public_id>/report/", views.report, name="report"),
]
