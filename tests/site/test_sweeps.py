"""The clock of the worker knows every sweep there is, by the right name."""

from django.conf import settings

from spaces_site.celery import app


def test_every_sweep_is_on_the_clock() -> None:
    app.loader.import_default_modules()
    sweeps = {name for name in app.tasks if name.rpartition(".")[2].startswith("sweep_")}
    assert sweeps == {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
