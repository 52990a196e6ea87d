"""Settings of the portal, read from the environment only (see docs/architecture.md and deploy/README.md)."""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from cluster_portal import environment

BASE_DIR = Path(__file__).resolve().parent.parent
STATE = environment.state_folder()

# A demonstration: mail goes to files, the demo people exist, no second factor is demanded.
DEMO = environment.switch("DEMO")
HOST = environment.text("HOST", "127.0.0.1")
if DEMO and HOST not in {"127.0.0.1", "::1", "localhost"} and not environment.switch("DEMO_PUBLIC"):
    raise ImproperlyConfigured(
        f"DEMO=1 with HOST={HOST} would show a demonstration, with known passwords, to the network. "
        "Set DEMO_PUBLIC=1 if that is what you want."
    )
DEBUG = False

SECRET_KEY = environment.required(
    "SECRET_KEY", "Set it to a long random text, or start the portal with `make run`, which makes one of its own."
)
SITE_URL = environment.text("SITE_URL", f"http://127.0.0.1:{environment.whole_number('PORT', 8000)}").rstrip("/")
ALLOWED_HOSTS = [host.strip() for host in environment.text("ALLOWED_HOSTS").split(",") if host.strip()]
if not ALLOWED_HOSTS:
    if not DEMO:
        raise ImproperlyConfigured("ALLOWED_HOSTS is not set. Name the hosts the portal answers for, with commas.")
    ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", HOST]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# One proxy stands before us: it says when a request arrived, and by which scheme; the limits on signing in count the
# addresses behind it, not its own.
BEHIND_PROXY = environment.switch("BEHIND_PROXY")
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"

INSTALLED_APPS = [
    "coordination",
    "mentorship",
    "competitions",
    "courses",
    "members",
    "cluster_portal",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "rules.apps.AutodiscoverRulesConfig",
]

MIDDLEWARE = [
    "cluster_portal.requests.ArrivalMiddleware",
    "cluster_portal.requests.RequestIdMiddleware",
    "cluster_portal.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "members.middleware.ReaderMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "members.middleware.WaysToSignInMiddleware",
]

ROOT_URLCONF = "cluster_portal.urls"
WSGI_APPLICATION = "cluster_portal.wsgi.application"

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # fields and their inputs are drawn by templates/django/forms
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "members.context.cluster",
            ],
            "builtins": ["django.templatetags.i18n", "cluster_portal.templatetags.ui"],
        },
    }
]

DATABASES = {
    "default": environ.Env.db_url_config(
        environment.address("DATABASE_URL", "", {"postgres", "postgresql"})
        or environment.required("DATABASE_URL", "Start the portal with `make run`, or name your PostgreSQL server.")
    )
}
DATABASES["default"] |= {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": None if environment.switch("KEEP_CONNECTIONS") else 0,
    "CONN_HEALTH_CHECKS": True,
    # How alike a word must be for search.py to forgive a typo: "kindergraten" is 0.53 like "kindergarten".
    # Selections that PostgreSQL has planned once (prepared.py) are not planned again for other values.
    "OPTIONS": {"options": "-c pg_trgm.word_similarity_threshold=0.45 -c plan_cache_mode=force_generic_plan"},
}

REDIS_URL = environment.address("REDIS_URL", "redis://127.0.0.1:6379/0", {"redis", "rediss", "unix"})

# The cache holds only rate limits. It lives in the database, so that losing Valkey loses nothing.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE / "beat")

AUTH_USER_MODEL = "members.Person"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "members.backends.AuthenticationBackend",
]
SESSION_ENGINE = "members.sessions"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/me/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "members.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# allauth's limiter counts for our own public form too: per network and per address written into it.
ACCOUNT_RATE_LIMITS = {"apply_to_join": "10/d/ip,3/d/key"}
ACCOUNT_FORMS = {"add_email": "members.account_forms.AddEmailForm"}
ACCOUNT_SIGNUP_FORM_CLASS = "members.forms.SignupForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_USER_DISPLAY = "members.accounts.display_name"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Cluster portal"
USERSESSIONS_TRACK_ACTIVITY = False

EMAIL_CONFIG = environ.Env.email_url_config(
    environment.address(
        "EMAIL_URL",
        f"filemail://{STATE / 'mail'}" if DEMO else "smtp://localhost:25",
        {"smtp", "smtps", "smtp+tls", "smtp+ssl", "filemail", "consolemail", "memorymail"},
    )
)
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_FILE_PATH = str(STATE / "mail")
EMAIL_HOST, EMAIL_PORT = EMAIL_CONFIG["EMAIL_HOST"], EMAIL_CONFIG["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL_CONFIG["EMAIL_HOST_USER"], EMAIL_CONFIG["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "portal@example.org" if DEMO else "")
if not DEFAULT_FROM_EMAIL:
    raise ImproperlyConfigured("DEFAULT_FROM_EMAIL is not set. Name the address that the portal writes from.")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_BODY_DAYS = environment.whole_number("MAIL_BODY_DAYS", 90)

# Who answers for the data: shown in the footer and in mail to guardians.
CONTROLLER = environment.text("CONTROLLER")
DATA_PROTECTION_CONTACT = environment.text("DATA_PROTECTION_CONTACT")
# Where the source of this very portal is to be had: the licence (AGPL, section 13) asks that its users can get it.
SOURCE_URL = environment.address("SOURCE_URL", "", {"http", "https"})

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian")), ("ko", _("Korean"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["cluster_portal.formats"]
LANGUAGE_COOKIE_AGE = 31_536_000
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(environment.text("STATIC_ROOT") or STATE / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_MAX_AGE = 31_536_000
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = STATE / "files"
STORAGE_URL = environment.address("STORAGE_URL", "", {"s3"})
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if STORAGE_URL:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": STORAGE_URL.removeprefix("s3://").strip("/"),
            "querystring_auth": True,
            "endpoint_url": environment.text("S3_ENDPOINT") or None,
            "access_key": environment.text("S3_ACCESS_KEY") or None,
            "secret_key": environment.text("S3_SECRET_KEY") or None,
        },
    }
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "cluster_portal.requests.RequestLogFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(request_id)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request"]}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.server": {"handlers": ["stderr"], "propagate": False}},
}

if SENTRY_DSN := environment.text("SENTRY_DSN"):
    import sentry_sdk

    from cluster_portal.requests import masked_event

    sentry_sdk.init(dsn=SENTRY_DSN, send_default_pii=False, include_local_variables=False, before_send=masked_event)
