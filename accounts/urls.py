"""Addresses of profiles, pictures and the beta programme; allauth has its own at /accounts/."""

from django.urls import path, register_converter

from accounts import operations, views


class HandleConverter:
    """A handle as people may type it, in any case."""

    regex = "[A-Za-z0-9_]{2,30}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(HandleConverter, "handle")

urlpatterns = [
    path("beta/", views.beta, name="beta"),
    path("beta/status/<str:token>/", views.beta_status, name="beta_status"),
    path("@<handle:handle>/", views.profile, name="profile"),
    path("@<handle:handle>/follow/", views.relate, {"change": operations.follow}, name="follow"),
    path(
        "@<handle:handle>/unfollow/", views.relate, {"change": operations.unfollow}, name="unfollow"
    ),
    path("@<handle:handle>/block/", views.relate, {"change": operations.block}, name="block"),
    path("@<handle:handle>/unblock/", views.relate, {"change": operations.unblock}, name="unblock"),
    path("settings/profile/", views.profile_edit, name="profile_edit"),
    path("settings/delete/", views.close_account, name="account_close"),
    path("settings/language/", views.language, name="language"),
    path("pictures/<path:path>", views.picture, name="picture"),
]
