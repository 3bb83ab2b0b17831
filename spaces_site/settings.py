"""Settings of Spaces, from the environment alone (`env`).

Without any variable this is the embedded default: SQLite, an in-memory channel layer, a broker
of files, the embedded audio engine, everything under `var/`.
"""

from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from spaces_site import env, secret_key
from speech import models

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.path("VAR_DIR", BASE_DIR / "var")
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.boolean("DEBUG", default=True)
SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured("SECRET_KEY must be set when DEBUG is off")
    SECRET_KEY = secret_key.of_this_machine(VAR_DIR)

PORT = env.port("PORT", default=8000)
SITE_URL = env.text("SITE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL.startswith("https://") else []

# --- what a host of Spaces decides ---------------------------------------------------------
SPEAKER_LIMIT = env.integer("SPEAKER_LIMIT", default=10, minimum=1, maximum=100)
SPACES_PER_HOUR = env.integer("SPACES_PER_HOUR", default=10, minimum=1)
COHOST_LIMIT = env.integer("COHOST_LIMIT", default=2, maximum=20)
RETENTION_DAYS = env.integer("RETENTION_DAYS", default=30, minimum=1)
RETENTION_DAYS_FLAGGED = env.integer("RETENTION_DAYS_FLAGGED", default=90, minimum=RETENTION_DAYS)
RESUME_GRACE_SECONDS = env.integer("RESUME_GRACE_SECONDS", default=60, minimum=5)
HOST_GRACE_SECONDS = env.integer("HOST_GRACE_SECONDS", default=180, minimum=10)

# --- applications --------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "accounts",
    "rooms",
    "recordings",
    "moderation",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "channels",
    "allauth",
    "allauth.account",
    "csp",
]
MIDDLEWARE = [
    # Outermost, so that refusals of the others and files say the same as pages.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "spaces_site.static_files.StaticFilesMiddleware",
    "spaces_site.compression.CompressPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.ProfileLanguageMiddleware",
    "accounts.middleware.AdminQueryMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "spaces_site.urls"
ASGI_APPLICATION = "spaces_site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- data ----------------------------------------------------------------------------------
_sqlite = f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
DATABASES = {"default": dj_database_url.parse(env.text("DATABASE_URL", default=_sqlite))}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Measured: with the defaults most concurrent writes fail with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # Without it each command that comes over a WebSocket opens a connection and closes it again.
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": env.integer("DATABASE_POOL", default=10, minimum=1, maximum=1000),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
DRAFTS_DIR = VAR_DIR / "drafts"  # of what is put together before it is stored
MEDIA_ROOT = VAR_DIR / "pictures"
MEDIA_URL = "pictures/"
STORAGES = {
    # People's pictures: public.
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # What was said: never public, only at signed addresses that a view gives after it asked.
    "recordings": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "recordings", "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "spaces_site.static_files.ManifestStaticFilesStorage",
    },
}
ACCEL_LOCATION = env.text("ACCEL_LOCATION")  # nginx: an internal location of VAR_DIR/recordings
S3_BUCKET = env.text("S3_BUCKET")
S3_ENDPOINT = env.http_url("S3_ENDPOINT")
if bool(S3_BUCKET) != bool(S3_ENDPOINT):
    raise ImproperlyConfigured("S3_BUCKET and S3_ENDPOINT need each other")
if S3_BUCKET:
    STORAGES["recordings"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT,
            "region_name": env.text("S3_REGION") or None,
            "access_key": env.text("S3_ACCESS_KEY") or None,
            "secret_key": env.text("S3_SECRET_KEY") or None,
            "addressing_style": "path",  # so that files are at the address the policy below names
            "signature_version": "s3v4",
            "file_overwrite": False,
            "max_memory_size": 8 * 2**20,  # what is larger is read by way of the disk
        },
    }
SERVESTATIC_USE_FINDERS = DEBUG
SERVESTATIC_AUTOREFRESH = DEBUG

REDIS_URL = env.text("REDIS_URL")
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL]},
        }
    }
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# --- background work: every job is a row that a sweep finds; messages only make it sooner -----
CELERY_BROKER_URL = REDIS_URL or "files://localhost"
if not REDIS_URL:
    _broker = VAR_DIR / "broker"
    for _folder in ("messages", "control", "processed"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "messages"),
        "data_folder_out": str(_broker / "messages"),
        "control_folder": str(_broker / "control"),
        "processed_folder": str(_broker / "processed"),
        "polling_interval": 0.2,  # seconds
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # sweeps are frequent: nothing to remember
CELERY_BEAT_SCHEDULE = {
    "sweep-rooms": {"task": "rooms.tasks.sweep_rooms", "schedule": 15.0},
    "sweep-recordings": {"task": "recordings.tasks.sweep_recordings", "schedule": 30.0},
    "sweep-exports": {"task": "recordings.tasks.sweep_exports", "schedule": 30.0},
    "sweep-storage": {"task": "recordings.tasks.sweep_storage", "schedule": 3600.0},
    "sweep-retention": {"task": "recordings.tasks.sweep_retention", "schedule": 300.0},
    "sweep-sessions": {"task": "accounts.tasks.sweep_sessions", "schedule": 3600.0},
}

# --- the audio engine ----------------------------------------------------------------------
AUDIO_HOST = env.address("AUDIO_HOST", default="::")  # media must be reachable
AUDIO_PORT = env.port("AUDIO_PORT", default=10000)
PUBLIC_ADDRESS = env.public_addresses("PUBLIC_ADDRESS")
TURN_URLS = env.turn_urls("TURN_URLS")
TURN_SECRET = env.text("TURN_SECRET")
TURN_TTL = env.integer("TURN_TTL", default=3600, minimum=60, maximum=86_400)
if bool(TURN_URLS) != bool(TURN_SECRET):
    raise ImproperlyConfigured("TURN_URLS and TURN_SECRET need each other")
AUDIO_CONTROL_HOST = env.text("AUDIO_CONTROL_HOST", default="127.0.0.1")
AUDIO_CONTROL_PORT = env.port("AUDIO_CONTROL_PORT", default=8001)
AUDIO_CONTROL_URL = env.text(
    "AUDIO_CONTROL_URL", default=f"ws://{AUDIO_CONTROL_HOST}:{AUDIO_CONTROL_PORT}"
)
AUDIO_CONTROL_TOKEN = env.text(
    "AUDIO_CONTROL_TOKEN",
    default=salted_hmac(
        "spaces.audio.control", "token", SECRET_KEY, algorithm="sha256"
    ).hexdigest(),
)
AUDIO_FANOUT_WORKERS = env.integer("AUDIO_FANOUT_WORKERS", default=0, maximum=64)
AUDIO_SPOOL = env.path("AUDIO_SPOOL", VAR_DIR / "spool")
AUDIO_ENGINE = env.choice("AUDIO_ENGINE", ("embedded", "janus"))
JANUS_URL = next(iter(env.websocket_urls("JANUS_URL")), "")
if AUDIO_ENGINE == "janus" and not JANUS_URL:
    raise ImproperlyConfigured("AUDIO_ENGINE=janus needs JANUS_URL")
JANUS_EDGE_URLS = env.websocket_urls("JANUS_EDGE_URLS")
JANUS_API_SECRET = env.text("JANUS_API_SECRET")
JANUS_ADMIN_KEY = env.text("JANUS_ADMIN_KEY")
JANUS_ROOM_SECRET = env.text(
    "JANUS_ROOM_SECRET",
    default=salted_hmac("spaces.audio.janus", "rooms", SECRET_KEY, algorithm="sha256").hexdigest(),
)
JANUS_SPOOL = env.path("JANUS_SPOOL", AUDIO_SPOOL)

# --- captions and transcripts --------------------------------------------------------------
SPEECH_MODEL = env.speech_model("SPEECH_MODEL")
CAPTION_ROOMS = env.integer("CAPTION_ROOMS", default=4, maximum=1000)
SPEECH_MODEL_FOLDER = models.folder_of(SPEECH_MODEL, VAR_DIR / "models")

# --- accounts ------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "handle"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_FORMS = {
    page: f"accounts.entrance_forms.{form}"
    for page, form in {
        "login": "LoginForm",
        "signup": "SignupForm",
        "add_email": "AddEmailForm",
        "confirm_email_verification_code": "ConfirmEmailForm",
        "confirm_password_reset_code": "ConfirmResetForm",
        "change_password": "ChangePasswordForm",
        "set_password": "SetPasswordForm",
        "reset_password": "ResetPasswordForm",
        "reset_password_from_key": "NewPasswordForm",
        "reauthenticate": "ReauthenticateForm",
    }.items()
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 900
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
# On top of allauth's own limits.
ACCOUNT_RATE_LIMITS = {"beta_application": "10/h/ip,3/d/key"}
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_URL_HOST = env.text("EMAIL_HOST")
if EMAIL_URL_HOST:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = EMAIL_URL_HOST
    EMAIL_PORT = env.port("EMAIL_PORT", default=587)
    EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
    EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
    EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", default=True)
    EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="Spaces <spaces@localhost>")

# --- languages -----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("it", _("Italian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- security ------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF, "blob:", *([S3_ENDPOINT] if S3_ENDPOINT else [])],
        "worker-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
_behind_tls = SITE_URL.startswith("https://")
if _behind_tls:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
# What else is served below the same domain is for its owner to decide, and so is a preload list.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# Behind a proxy all requests come from its address: without this all people share one rate limit.
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXIES", default=int(_behind_tls), maximum=10)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "filters": {"own_faults": {"()": "spaces_site.logs.TracebacksOfOwnFaults"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["own_faults"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "daphne.http_protocol": {"level": "WARNING"},
        "django": {"handlers": []},  # its own would write every line a second time
        "httpx2": {"level": "WARNING"},  # a line for each request to the hub of models
    },
}
