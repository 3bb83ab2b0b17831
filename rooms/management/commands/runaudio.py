"""The `audio` process: the media engine and its control connection."""

import asyncio
import gc
import logging
import resource
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audio.control import serve
from audio.embedded import EmbeddedEngine
from audio.janus.engine import Gateways, JanusEngine
from audio.janus.recording import Spool
from audio.sockets import reachable_addresses

# Python hands its global lock on after this many seconds, when asked; the default of 5 ms would
# let the control loop or a recording hold up the sound for a quarter of a tick.
_SWITCH_INTERVAL = 0.0005


class Command(BaseCommand):
    """Runs until SIGINT or SIGTERM, then finishes the recordings and exits with 0."""

    help = "Run the media engine."
    requires_system_checks: list[str] = []  # it needs no database, no templates, no URLs

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the event loop."""
        sys.setswitchinterval(_SWITCH_INTERVAL)
        gc.freeze()  # what is loaded stays: no collection goes through it in the middle of a tick
        # A file for each recorded voice and a socket for each TCP client: as many as are allowed.
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        logging.getLogger("websockets").setLevel(logging.WARNING)
        try:
            asyncio.run(self._run())
        except OSError as error:
            raise CommandError(f"The media engine could not start: {error}") from error

    async def _run(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        engine, where = _engine()
        host, port = settings.AUDIO_CONTROL_HOST, settings.AUDIO_CONTROL_PORT
        async with engine, serve(engine, host, port, settings.AUDIO_CONTROL_TOKEN):
            self.stdout.write(f"{where}; control on {host}:{port}.")
            self.stdout.flush()
            await stop.wait()


def _engine() -> tuple[EmbeddedEngine | JanusEngine, str]:
    """The engine of this installation, and where its media goes; raises `OSError`."""
    if settings.AUDIO_ENGINE == "janus":
        return _over_janus()
    addresses = tuple(settings.PUBLIC_ADDRESS) or reachable_addresses(settings.AUDIO_HOST)
    engine = EmbeddedEngine(
        spool=settings.AUDIO_SPOOL,
        addresses=addresses,
        host=settings.AUDIO_HOST,
        port=settings.AUDIO_PORT,
        fanout_workers=settings.AUDIO_FANOUT_WORKERS,
    )
    reached = ", ".join(addresses)
    return engine, f"Media on port {engine.port}, UDP and TCP, reached at {reached}"


def _over_janus() -> tuple[JanusEngine, str]:
    gateways = Gateways(
        origin=settings.JANUS_URL,
        edges=tuple(settings.JANUS_EDGE_URLS),
        api_secret=settings.JANUS_API_SECRET,
        admin_key=settings.JANUS_ADMIN_KEY,
        room_secret=settings.JANUS_ROOM_SECRET,
    )
    engine = JanusEngine(
        gateways,
        Spool(here=settings.AUDIO_SPOOL, there=settings.JANUS_SPOOL),
        host=settings.AUDIO_HOST,
        port=settings.AUDIO_PORT,
    )
    edges = len(gateways.edges) or "no"
    where = f"Media by Janus at {gateways.origin} and {edges} edges"
    return engine, f"{where}, mixes to record on UDP port {engine.port}"
