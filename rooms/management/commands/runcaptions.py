"""The `captions` process: writes down what is said in live rooms, while nobody needs the CPU."""

import asyncio
import contextlib
import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from rooms.captions import Captions
from speech.models import is_there
from speech.recogniser import Recogniser

_NICENESS = 10  # sound comes first
_LOOK_FOR_MODEL_SECONDS = 10.0


class Command(BaseCommand):
    """Runs until SIGINT or SIGTERM, then exits with 0. Waits for a model while there is none."""

    help = "Write captions for live Spaces."

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the event loop."""
        os.nice(_NICENESS)
        asyncio.run(self._run())

    async def _run(self) -> None:
        writing = asyncio.ensure_future(self._write())
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, writing.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await writing

    async def _write(self) -> None:
        folder = settings.SPEECH_MODEL_FOLDER
        if not is_there(folder):
            self._say(f"No captions: no speech model in {folder} (manage.py speechmodel).")
            await self._refuse_until_there_is_a_model()
        recogniser = await asyncio.to_thread(Recogniser, folder, beams=1)
        self._say(f"Captions by {folder.name} for up to {settings.CAPTION_ROOMS} Spaces at once.")
        await Captions(recogniser.recognise, settings.CAPTION_ROOMS).run()

    async def _refuse_until_there_is_a_model(self) -> None:
        refusing = asyncio.create_task(Captions(None, 0).run())
        try:
            while not is_there(settings.SPEECH_MODEL_FOLDER):  # noqa: ASYNC110  a folder calls nobody
                await asyncio.sleep(_LOOK_FOR_MODEL_SECONDS)
        finally:
            refusing.cancel()
            await asyncio.gather(refusing, return_exceptions=True)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
