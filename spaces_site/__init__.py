"""Settings, URLs and the entry points of the three processes."""

from spaces_site.celery import app as celery_app

__all__ = ["celery_app"]
