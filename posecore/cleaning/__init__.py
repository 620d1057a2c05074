"""Cleaning in explicit, recorded steps; the frames that come in are never changed."""
