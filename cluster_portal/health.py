"""/healthz: the process answers. /readyz: all that it needs is there, and how late the mail is."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.timezone import now

from cluster_portal.models import OutboxMail

MISSING, PENDING, OK = "does not answer", "pending", "ok"


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process can answer at all; it asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether everything that the portal needs is there: 200 or 503, in words that give nothing away."""
    found: dict[str, str | int | None] = {"database": _database(), "broker": _broker()}
    found["migrations"] = _migrations() if found["database"] == OK else MISSING
    ready = all(value == OK for value in found.values())
    found["oldest_due_mail_seconds"] = _oldest_due_mail() if found["migrations"] == OK else None
    return JsonResponse(found, status=200 if ready else 503, headers={"Cache-Control": "no-store"})


class HealthMiddleware:
    """Answer both before anything else: sessions and the reader's language need the database, a probe has no host."""

    VIEWS = {"/healthz": healthz, "/readyz": readyz}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = self.VIEWS.get(request.path)
        return view(request) if view else self.get_response(request)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return MISSING
    return OK


def _broker() -> str:
    import redis  # here, because nothing else in the web tier talks to the broker: 5 MB that only probes need

    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as link:
            link.ping()
    except redis.RedisError:
        return MISSING
    return OK


_applied = False


def _migrations() -> str:
    """Asked until all are applied; that does not change again while this process lives."""
    global _applied
    if not _applied:
        executor = MigrationExecutor(connection)
        _applied = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return OK if _applied else PENDING


def _oldest_due_mail() -> int:
    """Seconds since the oldest mail fell due that has not left; 0 when none waits."""
    at = now()
    oldest = OutboxMail.objects.due(at).aggregate(oldest=Min("not_before"))["oldest"]
    return round((at - oldest).total_seconds()) if oldest else 0
