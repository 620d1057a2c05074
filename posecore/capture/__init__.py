"""From a live stream to the database: pipeline, overlay, recorder."""
