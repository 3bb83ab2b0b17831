from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordingsConfig(AppConfig):
    name = "recordings"
    verbose_name = _("Recordings")

    def ready(self) -> None:
        """Listen for the end of rooms. Models can be imported only from here on."""
        from recordings.receivers import archive_ended_room
        from rooms.signals import room_ended

        room_ended.connect(archive_ended_room, dispatch_uid="recordings")
