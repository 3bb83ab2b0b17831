"""Every address of the service."""

from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.i18n import JavaScriptCatalog

urlpatterns = [
    path("", include("rooms.urls")),
    path("", include("accounts.urls")),
    path("", include("recordings.urls")),
    path("", include("moderation.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("jsi18n/", JavaScriptCatalog.as_view(), name="javascript_catalog"),
    path("admin/", admin.site.urls),
    # Asked for by browsers on pages that name no icon: the admin's, a file's.
    path("favicon.ico", lambda _request: redirect(static("img/favicon.svg"))),
]
