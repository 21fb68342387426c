"""Every setting of the desk. The environment comes in here and nowhere else.

Names, defaults and meanings are listed in README.md (configuration table); a test holds the two together.
"""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env

django_stubs_ext.monkeypatch()  # lets generic classes of Django be written with their type, as mypy reads them

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
DATA_DIR = Path(env.str("SERVICE_DESK_DATA", str(BASE_DIR / "var"))).resolve()
EMBEDDED_ENV = DATA_DIR / "embedded.env"  # written by `manage.py up`: where its own servers listen
if EMBEDDED_ENV.exists():
    env.read_env(str(EMBEDDED_ENV), recurse=False, override=False)


def _secret_key() -> str:
    """The key from the environment, else from a file that only the owner can read, made on first use."""
    given = env.str("SECRET_KEY", "")
    if given:
        return given
    path = DATA_DIR / "secret_key"
    try:
        if not path.exists():
            DATA_DIR.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(50))
        return path.read_text().strip()
    except OSError as error:  # met by every process and command, so it is said in plain words here
        raise SystemExit(
            f"The data folder {DATA_DIR} cannot be used: {error.strerror}.\n"
            "Set SERVICE_DESK_DATA to a folder that you may write to."
        ) from error


# --- The site ---------------------------------------------------------------------------------------
SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
DEBUG = env.bool("DEBUG", False)
COMPANY_NAME = env.str("COMPANY_NAME", "华信通服")
# The number that customers are told to call; where it is empty the slot in a phrase stays open.
SERVICE_HOTLINE = env.str("SERVICE_HOTLINE", "")
#: A loop touches this file at each turn; the supervisor ends a process whose file grows old (RELIABILITY 34).
PULSE_FILE = env.str("DESK_PULSE", "")
#: Where systemd hears it, in a unit with WatchdogSec=.
WATCHDOG_SOCKET = env.str("NOTIFY_SOCKET", "")
#: A named place at which a fault test lets a process end (service_desk/crashpoints.py); never set elsewhere.
CRASH_AT = env.str("DESK_CRASH_AT", "")
#: Called by the auditor while clocks are kept: a dead man's switch outside of this machine.
ALIVE_URL = env.str("ALIVE_URL", "")
WEB_HOST = env.str("WEB_HOST", "127.0.0.1")
WEB_PORT = env.int("WEB_PORT", 8000)
SITE_URL = env.str("SITE_URL", f"http://127.0.0.1:{WEB_PORT}").rstrip("/")
SECURE = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]", "testserver", urlsplit(SITE_URL).hostname or "localhost"]
)
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SECURE else []
WEB_PROCESSES = env.int("WEB_PROCESSES", 2)
WEB_THREADS = env.int("WEB_THREADS", 8)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
DEMO_DATA = env.bool("DEMO_DATA", True)

ROOT_URLCONF = "service_desk.urls"
WSGI_APPLICATION = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.Staff"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "heroicons",
    "pgtrigger",
    "csp",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "service_desk.audit",
    "service_desk.rest",
    "service_desk.people",
    "service_desk.customers",
    "service_desk.deadlines",
    "service_desk.notices",
    "service_desk.webhooks",
    "service_desk.telephony",
    "service_desk.knowledge",
    "service_desk.cases",
    "service_desk.complaints",
    "service_desk.calls",
    "service_desk.quality",
    "service_desk.reports",
    "service_desk.dashboard",
    "service_desk.local",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "service_desk.dashboard.metering.MeteringMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "service_desk.people.middleware.DeskMiddleware",
    "service_desk.people.second_step.SecondStepMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

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
                "service_desk.dashboard.context.frame",
            ],
        },
    },
]

FORM_RENDERER = "service_desk.dashboard.forms.DeskRenderer"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or env.bool("PLAIN_STATIC", False)
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- PostgreSQL: the only truth ---------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", f"postgresql://postgres@/service_desk?host={DATA_DIR / 'postgres'}")
DATABASES: dict[str, Any] = {
    "default": {
        **dj_database_url.parse(DATABASE_URL, conn_max_age=600, conn_health_checks=False),
    }
}
DATABASES["default"].setdefault("OPTIONS", {})
# A machine that vanishes without a word (cable, switch, freeze) is noticed by both sides within ten seconds or so: else
# the server keeps its sessions for two hours, and a process waits as long for an answer that was lost.
_SILENCE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
for _name, _value in {"connect_timeout": 5, **_SILENCE}.items():
    DATABASES["default"]["OPTIONS"].setdefault(_name, _value)
DATABASES["default"]["OPTIONS"].setdefault(
    "options",
    "-c idle_in_transaction_session_timeout=30s -c client_connection_check_interval=5s -c tcp_keepalives_idle=5"
    " -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=10000"
    " -c jit=off",  # statements here are short: to compile one costs more than it saves
)

# --- Redis and Celery: second-hand work only; may vanish at any time ----------------------------------
REDIS_URL = env.str("REDIS_URL", f"unix://{DATA_DIR / 'redis' / 'redis.sock'}")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 2,
    "health_check_interval": 10,
}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
# task, every seconds, queue, expires after seconds (a backlog never piles up)
_BEAT: list[tuple[str, float, str, float]] = [
    ("service_desk.deadlines.tasks.fire_due", 1.0, "critical", 2.0),
    ("service_desk.notices.tasks.deliver_due", 1.0, "bulk", 2.0),
    ("service_desk.deadlines.tasks.audit_clocks", 60.0, "bulk", 50.0),
    ("service_desk.deadlines.tasks.apply_changes", 2.0, "bulk", 4.0),
    ("service_desk.telephony.tasks.sweep_calls", 60.0, "bulk", 50.0),
    ("service_desk.telephony.tasks.purge_deliveries", 3600.0, "bulk", 600.0),
    ("service_desk.calls.tasks.keep_calls", 60.0, "bulk", 50.0),
    ("service_desk.quality.tasks.find_violations", 60.0, "bulk", 50.0),
    ("service_desk.webhooks.tasks.tend", 30.0, "bulk", 25.0),
    ("service_desk.webhooks.tasks.send_head", 3600.0, "bulk", 600.0),
    ("service_desk.audit.tasks.seal_trail", 5.0, "bulk", 10.0),
    ("service_desk.rest.tasks.purge_kept_answers", 3600.0, "bulk", 600.0),
    ("service_desk.knowledge.tasks.sweep_articles", 60.0, "bulk", 50.0),
    ("service_desk.knowledge.tasks.sweep_transcripts", 30.0, "bulk", 25.0),
    ("service_desk.complaints.tasks.take_in_web", 5.0, "bulk", 10.0),
    ("service_desk.cases.tasks.sweep_register_drafts", 3600.0, "bulk", 600.0),
    ("service_desk.cases.tasks.sweep_files", 3600.0, "bulk", 600.0),
    ("service_desk.cases.tasks.scan_files", 5.0, "bulk", 10.0),
    ("service_desk.customers.tasks.erase_old", 60.0, "bulk", 50.0),
    ("service_desk.notices.tasks.remind_of_requests", 3600.0, "bulk", 600.0),
    ("service_desk.reports.tasks.tend_exports", 5.0, "bulk", 10.0),
    ("service_desk.reports.tasks.sweep_exports", 600.0, "bulk", 300.0),
    ("service_desk.reports.tasks.send_reports", 20.0, "bulk", 15.0),
]
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": every, "options": {"queue": queue, "expires": expires}}
    for name, every, queue, expires in _BEAT
}
CELERY_TASK_ROUTES = {name: {"queue": queue} for name, _every, queue, _expires in _BEAT}

# --- Time and language --------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = env.str("DESK_TIME_ZONE", "Asia/Shanghai")
USE_I18N = True
LANGUAGE_CODE = env.str("DESK_LANGUAGE", "zh-hans")
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "desk_language"
LOCALE_PATHS = [BASE_DIR / "locale"]
PHONE_REGION = env.str("PHONE_REGION", "CN")

#: C4: what the person and the section chief each carry for a verified level-1 violation.
VIOLATION_FINE_YUAN = env.int("VIOLATION_FINE_YUAN", 1000)
VIOLATION_POINTS = env.int("VIOLATION_POINTS", 2)
# C3: registered, but late, is no violation of level 1; what the company takes for it, if anything
LATE_REGISTRATION_FINE_YUAN = env.int("LATE_REGISTRATION_FINE_YUAN", 0)
LATE_REGISTRATION_POINTS = env.int("LATE_REGISTRATION_POINTS", 0)

# --- Log-in, sessions, headers ---------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "service_desk.people.backends.DeskBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "service_desk.people.passwords.KindsValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "service_desk.people.session_store"
SESSION_COOKIE_NAME = "__Host-desk_session" if SECURE else "desk_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-desk_csrf" if SECURE else "desk_csrf"
SESSION_COOKIE_AGE = 12 * 3600  # since the log-in, however busy it is: people.middleware sees to that
SECURE_SSL_REDIRECT = SECURE  # a proxy that ends TLS must be named by TRUSTED_PROXIES
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|livez)$"]  # probes come without TLS
SECURE_HSTS_SECONDS = 365 * 86400 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_CLIENT_IP_CALLABLE = "service_desk.people.middleware.client_ip"  # one answer to whose address it is
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# --- Files of cases: outside of what any web server shows ------------------------------------------------------
FILES_DIR = DATA_DIR / "files"
FILE_MAX_BYTES = env.int("FILE_MAX_MB", 10) * 1024 * 1024
#: A virus scanner that speaks clamd's protocol, `unix:///run/clamav/clamd.ctl` or `tcp://127.0.0.1:3310`; blank: none.
CLAMAV = env.str("CLAMAV", "")
FILES_PER_CASE = env.int("FILES_PER_CASE", 20)
FILES_CASE_BYTES = env.int("FILES_CASE_MB", 100) * 1024 * 1024
EXPORTS_DIR = DATA_DIR / "exports"  # lists and reports on their way out: a day or a week, then gone
FILE_UPLOAD_HANDLERS = [
    "service_desk.rest.uploads.LimitedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Articles and the pages for customers (K6) ------------------------------------------------------------------
ARTICLE_REVIEW_DAYS = env.int("ARTICLE_REVIEW_DAYS", 365)
ARTICLE_PICTURE_BYTES = env.int("ARTICLE_PICTURE_MB", 4) * 1024 * 1024
HELP_PAGES = env.bool("HELP_PAGES", True)  # /help/ without log-in
HELP_INDEXED = env.bool("HELP_INDEXED", False)  # whether search engines may list them
HELP_PER_SECOND = env.int("HELP_PER_SECOND", 5)  # questions and answers of one address

# --- Complaints by the public form -----------------------------------------------------------------------------
WEB_COMPLAINTS_PER_HOUR = env.int("WEB_COMPLAINTS_PER_HOUR", 10)  # of one address
WEB_COMPLAINTS_PER_MINUTE = env.int("WEB_COMPLAINTS_PER_MINUTE", 120)  # of all addresses together

# --- The life of a case (D4) -----------------------------------------------------------------------------------
REOPEN_WITHIN_DAYS = env.int("REOPEN_WITHIN_DAYS", 0)  # 0: a closed case may be reopened for ever
EMERGENCY_RETURNS_WITHIN_HOURS = env.int("EMERGENCY_RETURNS_WITHIN_HOURS", 24)  # sooner, the same 4 h go on
CLOCK_HOLD_SECONDS = env.int("CLOCK_HOLD_SECONDS", 300)  # so long a jump of the clock holds the fire unless confirmed

# --- E-mail and other channels -----------------------------------------------------------------------------
EMAIL_HOST = env.str("EMAIL_HOST", "")
EMAIL_PORT = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", False)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", 10)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "service-desk@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
WEBHOOK_ALLOW_PRIVATE = env.bool("WEBHOOK_ALLOW_PRIVATE", False)

#: An address outside of this machine that gets the head of the audit trail once a day, beside auditors.
AUDIT_HEAD_TO = env.str("AUDIT_HEAD_TO", "")

# --- REST -------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "service_desk.rest.authentication.ApiKeyAuthentication",
        "service_desk.rest.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "service_desk.rest.permissions.HasScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["service_desk.rest.clean.DeskJSONParser"],
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_PAGINATION_CLASS": "service_desk.rest.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "service_desk.rest.schema.DeskSchema",
    "EXCEPTION_HANDLER": "service_desk.rest.problems.exception_handler",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Service Desk",
    "VERSION": "1.0.0",
    "DESCRIPTION": "The telephone desk's REST interface. Errors are RFC 9457 problem details.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "service_desk.webhooks.documentation.describe",
    ],
    # One name for each set of words, wherever a field of that name shows it.
    "ENUM_NAME_OVERRIDES": {
        name: f"service_desk.{module}.{name}"
        for module, names in {
            "cases.rules": (
                "CaseKind",
                "CaseState",
                "Channel",
                "DemandedReport",
                "EventType",
                "FilePurpose",
                "ReportState",
                "Severity",
                "WaitingFor",
            ),
            "cases.models.circle": ("BarredWhy", "CircleWhy"),
            "complaints.rules": (
                "ComplaintChannel",
                "ComplaintLevel",
                "EscalatedWhy",
                "FiveClear",
                "InstanceKind",
            ),
            "deadlines.rules": ("ClockKind", "ClockState", "RolloutState"),
            "knowledge.articles.rules": ("ArticleState", "Audience", "VersionState"),
            "knowledge.rules": (
                "Category",
                "Direction",
                "FindingOutcome",
                "How",
                "PhraseKind",
                "PhraseState",
                "Speaker",
                "Weight",
            ),
            "notices.rules": ("AckVia", "ChannelKind", "DeliveryState", "Level"),
            "people.rules": ("DutyRole", "Role"),
            "calls.rules": ("Exemption", "MessageState", "SettledAs"),
            "quality.rules": ("Offence", "ViolationState"),
            "telephony.rules": ("CallState",),
            "webhooks.rules": ("PauseReason", "PostState"),
        }.items()
        for name in names
    },
}

# --- Log: one line an event, no personal data ---------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "service_desk.log_line.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "filters": {"keys": {"()": "service_desk.telephony.redaction.HideKeys"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["keys"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "apprise": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},  # it would write down the letters of each report
        "fpdf": {"level": "ERROR"},
    },
}
