"""A database as an older posecore left it."""

from pathlib import Path

import duckdb

from posecore.storage.migration_steps import MIGRATIONS


def make_older(path: Path, n_steps: int) -> None:
    """Turn a database of today into what it would be after the first migrations only.

    What the older shape has no place for is gone, as if it had never been written.
    """
    older_path = path.with_suffix(".older")
    with duckdb.connect(str(older_path)) as older:
        older.execute("CREATE TABLE migrations (name VARCHAR PRIMARY KEY, applied_at TIMESTAMPTZ)")
        for migration in MIGRATIONS[:n_steps]:
            migration(older)
            older.execute("INSERT INTO migrations VALUES (?, now())", [migration.__name__])
        older.execute(f"ATTACH '{path}' AS newer (READ_ONLY)")
        for table, names in _list_columns(older).items():
            if table != "migrations":
                columns = ", ".join(names)
                older.execute(
                    f"INSERT INTO {table} ({columns}) SELECT {columns} FROM newer.{table}"
                )
        older.execute("DETACH newer")
    path.unlink()
    older_path.rename(path)


def _list_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    rows = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() JOIN duckdb_tables() "
        "USING (database_name, schema_name, table_name) "
        "WHERE database_name = current_database() AND NOT duckdb_tables.internal "
        "ORDER BY column_index"
    ).fetchall()
    columns: dict[str, list[str]] = {}
    for table, column in rows:
        columns.setdefault(table, []).append(column)
    return columns
