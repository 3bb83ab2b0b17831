from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordingsConfig(AppConfig):
    name = "recordings"
    verbose_name = _("Recordings")

    def ready(self) -> None:
        """Listen for the end of rooms and of accounts. Models can be imported only from here on."""
        from accounts.signals import account_closed
        from recordings.receivers import archive_ended_room, withdraw_of
        from rooms.signals import room_ended

        room_ended.connect(archive_ended_room, dispatch_uid="recordings")
        account_closed.connect(withdraw_of, dispatch_uid="recordings")
