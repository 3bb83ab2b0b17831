from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = _("Spaces")

    def ready(self) -> None:
        # Models can be imported no earlier than here.
        from accounts.signals import person_suspended
        from rooms.receivers import put_out

        person_suspended.connect(put_out, dispatch_uid="rooms.put_out")
