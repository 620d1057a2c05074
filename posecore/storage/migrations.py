"""Brings a database to the newest shape; its steps are in ``migration_steps``."""

from contextlib import suppress

import duckdb

from posecore.errors import DatabaseUnreadableError, SchemaVersionError
from posecore.storage.migration_steps import MIGRATIONS


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the database to the newest shape, each step in one transaction with its record.

    Raises
    ------
    SchemaVersionError
        If the database has a step that this version does not know.
    DatabaseUnreadableError
        If the file is a DuckDB database of some other program.
    """
    applied = _applied(connection)
    known = [migration.__name__ for migration in MIGRATIONS]
    unknown = [name for name in applied if name not in known]
    if unknown:
        raise SchemaVersionError(
            f"This database was written by a newer posecore (it has the step {unknown[0]!r}); "
            "update posecore to open it. Nothing in it was changed."
        )
    for migration in MIGRATIONS[len(applied) :]:
        connection.execute("BEGIN")
        try:
            migration(connection)
            connection.execute("INSERT INTO migrations VALUES (?, now())", [migration.__name__])
            connection.execute("COMMIT")
        except BaseException:
            # A failed COMMIT has rolled back already; the first error is the news.
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            raise


def _applied(connection: duckdb.DuckDBPyConnection) -> list[str]:
    held = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal "
        "UNION SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal"
    ).fetchall()
    columns = connection.execute(
        "SELECT column_name FROM duckdb_columns() "
        "WHERE schema_name = 'main' AND table_name = 'migrations' ORDER BY column_index"
    ).fetchall()
    if held and columns != [("name",), ("applied_at",)]:
        raise DatabaseUnreadableError(
            "This file is a database of another program, not posecore's; choose another file with "
            "--db. Nothing in it was changed."
        )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name VARCHAR PRIMARY KEY, applied_at TIMESTAMPTZ)"
    )
    rows = connection.execute("SELECT name FROM migrations ORDER BY name").fetchall()
    return [row[0] for row in rows]
