"""The Celery application: archive, purge and sweeps."""

import os
import signal

from celery import Celery
from celery.exceptions import WorkerShutdown
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spaces_site.settings")

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
