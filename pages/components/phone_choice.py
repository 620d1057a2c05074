"""Who moves in front of a phone: chosen there, or named by the address that led there."""

from urllib.parse import urlsplit

import streamlit as st

from pages.components.state import get_store
from posecore.storage.session import TEXT_LIMITS


def ask_athlete() -> str:
    """Ask who moves, beginning with ``?athlete=`` where that is one; empty for nobody."""
    known = sorted({each.athlete for each in get_store().get_sessions() if each.athlete})
    named = st.query_params.get("athlete", "").strip()
    if 0 < len(named) <= TEXT_LIMITS["athlete"] and named not in known:
        known.insert(0, named)
    # Not by the widget's state: it is folded away, and would come back empty when first shown.
    chosen = st.selectbox(
        "Athlete",
        known,
        index=known.index(named) if named in known else None,
        placeholder="Who moves? Type a name",
        accept_new_options=True,
        key="phone_athlete",
    )
    return chosen or ""


def is_on_phone_page() -> bool:
    """Whether the address is that of the phone's page, which has no way to other pages."""
    return urlsplit(st.context.url or "").path.rstrip("/").endswith("/phone")
