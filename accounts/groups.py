"""The group of moderators and what its members may do in the admin."""

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions

MODERATORS = "moderators"
PERMISSIONS = {
    "accounts": [
        "view_user",
        "view_betaapplication",
        "change_betaapplication",
        "view_suspension",
        "add_suspension",
        "change_suspension",
    ],
    "rooms": [
        "view_room",
        "change_room",
        "view_participant",
        "view_pin",
        "view_question",
        "view_roomevent",
    ],
    "recordings": [
        "view_recording",
        "view_replay",
        "view_clip",
        "view_discrepancy",
        "view_recordingfile",
        "review_recording",
        "view_purgerecord",
    ],
    "moderation": ["view_report", "change_report"],
}


def grant_permissions(
    sender: AppConfig, using: str, apps: Apps = installed_apps, **_: object
) -> None:
    """Give the group its permissions on the models of `sender`; a receiver of post_migrate.

    The signal comes once per app, and Django's own receiver, which makes the permissions, may
    come after this one: so they are made here first. Safe to run again.
    """
    codenames = PERMISSIONS.get(sender.label)
    if codenames is None:
        return
    create_permissions(sender, verbosity=0, using=using, apps=apps)
    groups = apps.get_model("auth", "Group")._default_manager.using(using)
    permissions = apps.get_model("auth", "Permission")._default_manager.using(using)
    group, _created = groups.get_or_create(name=MODERATORS)
    group.permissions.add(
        *permissions.filter(content_type__app_label=sender.label, codename__in=codenames)
    )
