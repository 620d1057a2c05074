"""The database: one DuckDB file, opened by :func:`posecore.open_store`."""
