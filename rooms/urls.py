"""Addresses of the pages about Spaces."""

from django.urls import path

from rooms import views

urlpatterns = [
    path("", views.home, name="home"),
    path("spaces/new/", views.room_new, name="room_new"),
    path("spaces/<str:public_id>/", views.room, name="room"),
]
