"""Every address of the service."""

from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path

from spaces_site import catalogue, installing, stylesheets

urlpatterns = [
    path("", include("rooms.urls")),
    path("", include("accounts.urls")),
    path("", include("recordings.urls")),
    path("", include("moderation.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("jsi18n/<str:language>/<str:version>.js", catalogue.catalogue, name="javascript_catalog"),
    path("styles/<str:version>/<str:names>.css", stylesheets.stylesheets, name="stylesheets"),
    path("manifest/<str:language>.webmanifest", installing.manifest, name="manifest"),
    path("service-worker.js", installing.service_worker, name="service_worker"),
    path("offline/<str:language>/", installing.offline, name="offline"),
    path("admin/", admin.site.urls),
    # Asked for by browsers on pages that name no icon: the admin's, a file's.
    path("favicon.ico", lambda _request: redirect(static("img/favicon.svg"))),
]
