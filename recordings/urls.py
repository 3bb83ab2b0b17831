"""Addresses of what was recorded."""

from django.urls import path, re_path

from recordings import replay_views, transcript_views, views

urlpatterns = [
    path("spaces/<slug:public_id>/replay/", replay_views.replay_change, name="replay_change"),
    re_path(
        r"^spaces/(?P<public_id>[-\w]+)/replay\.(?P<suffix>ogg|m4a)$",
        replay_views.replay_file,
        name="replay_file",
    ),
    path("spaces/<slug:public_id>/replay.json", replay_views.replay_data, name="replay_data"),
    path(
        "spaces/<slug:public_id>/chapters.json",
        replay_views.replay_chapters,
        name="replay_chapters",
    ),
    path("spaces/<slug:public_id>/clips/", replay_views.clip_make, name="clip_make"),
    path("clips/<slug:public_id>/", replay_views.clip, name="clip"),
    path("clips/<slug:public_id>/delete/", replay_views.clip_delete, name="clip_delete"),
    path("@<handle:handle>/podcast.xml", replay_views.podcast_feed, name="podcast"),
    path("spaces/<slug:public_id>/transcript/", transcript_views.transcript, name="transcript"),
    re_path(
        r"^spaces/(?P<public_id>[-\w]+)/transcript\.(?P<suffix>vtt|srt|txt|json)$",
        transcript_views.transcript_file,
        name="transcript_file",
    ),
    path(
        "recordings/lines/<int:pk>/", transcript_views.transcript_correct, name="transcript_correct"
    ),
    path("recordings/files/<int:pk>/", views.recording_file, name="recording_file"),
    path("recordings/stored/<str:token>/", views.stored_file, name="stored_file"),
    path("recordings/exports/<int:pk>/", views.export_file, name="export_file"),
    path("spaces/<slug:public_id>/exports/", views.export_ask, name="export_ask"),
    path("spaces/<slug:public_id>/recording/", views.room_recording, name="room_recording"),
]
