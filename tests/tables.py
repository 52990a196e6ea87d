"""Which tables hold rows, and how to empty those: most tests fill a dozen of a hundred."""

from django.db import connection, transaction

WRITTEN_BY_MIGRATE = {"django_content_type", "auth_permission"}


def filled_tables() -> set[str]:
    """Those of our models that hold rows, asked in one go."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    asked = (f"SELECT '{it}' WHERE EXISTS (SELECT FROM {connection.ops.quote_name(it)})" for it in tables)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return {table for (table,) in cursor.fetchall()}


def may_silence_triggers() -> bool:
    """Whether we are the superuser of the server, as on the private one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
        return cursor.fetchone()[0]


def empty_filled_tables(_case: object = None) -> None:
    """What Django's flush does after a test with transactions; to truncate all tables takes thirty times as long."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # what is append-only refuses, keys wait
        for table in sorted(filled_tables() - WRITTEN_BY_MIGRATE):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608
