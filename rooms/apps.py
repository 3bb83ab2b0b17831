from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = _("Spaces")

    def ready(self) -> None:
        # Models can be imported no earlier than here.
        from accounts.signals import account_closed, person_suspended
        from rooms.receivers import end_all_of, put_out

        person_suspended.connect(put_out, dispatch_uid="rooms.put_out")
        account_closed.connect(end_all_of, dispatch_uid="rooms.end_all_of")
