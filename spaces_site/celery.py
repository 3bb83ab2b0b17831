"""The Celery application: archive, purge and sweeps."""

import os
import signal
import threading
import time

from celery import Celery
from celery.exceptions import WorkerShutdown
from celery.signals import beat_embedded_init, worker_ready

from spaces_site import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spaces_site.settings")

_LOOK_SECONDS = 0.2

broker.register()
app = Celery("spaces")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _shut_down(*_: object) -> None:
    raise WorkerShutdown(0)


@worker_ready.connect
def stop_at_once(**_: object) -> None:
    """On SIGTERM finish the running tasks and go.

    Celery's own handler sets a flag, which it looks at every two seconds with a broker of files.
    """
    signal.signal(signal.SIGTERM, _shut_down)


@beat_embedded_init.connect
def end_with_the_worker(**_: object) -> None:
    """The clock of the sweeps is a child of the worker, and survives when that is killed."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
