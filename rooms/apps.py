from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = _("Spaces")

    def ready(self) -> None:
        # Models can be imported no earlier than here.
        from accounts import signals
        from rooms import receivers

        for signal, receiver in (
            (signals.person_suspended, receivers.put_out),
            (signals.account_closed, receivers.end_all_of),
            (signals.follow_changed, receivers.reconsider_hands),
            (signals.person_blocked, receivers.put_out_blocked),
        ):
            signal.connect(receiver, dispatch_uid=f"rooms.{receiver.__name__}")
