"""Settings for the tests: the same product, with nothing left behind and fast password hashes."""

import os
import tempfile

# A folder per test session; the settings below it read VAR_DIR.
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="spaces-test-")

from spaces_site.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in production: threads that meet in an in-memory database do not wait for locks.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}  # noqa: F405
