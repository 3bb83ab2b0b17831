"""`manage.py speechmodel`: get the model that writes captions and transcripts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from speech.fetch import CannotFetch, fetch
from speech.models import SIZES, is_there


class Command(BaseCommand):
    """Fetches what `SPEECH_MODEL` names, checks its SHA-256, and says what it did."""

    help = "Fetch the speech model that SPEECH_MODEL names, and check it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Safe to repeat: what is there is only checked."""
        name, folder = settings.SPEECH_MODEL, settings.SPEECH_MODEL_FOLDER
        if name not in SIZES:
            if not is_there(folder):
                raise CommandError(f"SPEECH_MODEL is the folder {folder}, which holds no model.")
            self.stdout.write(f"SPEECH_MODEL is a folder of your own: {folder}.")
            return
        try:
            fetch(name, folder, self.stdout.write)
        except (CannotFetch, OSError) as error:
            raise CommandError(str(error)) from error
