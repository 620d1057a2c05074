"""Secrets that are shown once: made at random, known to the database by their hash only."""

import hashlib
import secrets


def make_secret() -> str:
    """Return 256 bits of chance as 43 characters that an address takes as they are."""
    return secrets.token_urlsafe(32)


def hash_secret(text: str) -> str:
    """SHA-256 of a secret: enough where it is chance alone, which nobody can try out."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
