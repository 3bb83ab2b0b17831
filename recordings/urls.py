"""Addresses of what was recorded."""

from django.urls import path

from recordings import views

urlpatterns = [
    path("recordings/files/<int:pk>/", views.recording_file, name="recording_file"),
    path("recordings/exports/<int:pk>/", views.export_file, name="export_file"),
    path("spaces/<slug:public_id>/exports/", views.export_ask, name="export_ask"),
    path("spaces/<slug:public_id>/recording/", views.room_recording, name="room_recording"),
]
