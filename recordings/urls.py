"""Addresses of what was recorded."""

from django.urls import path

from recordings import views

urlpatterns = [
    path("recordings/files/<int:pk>/", views.recording_file, name="recording_file"),
    path("spaces/<slug:public_id>/recording/", views.room_recording, name="room_recording"),
]
