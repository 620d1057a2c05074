"""The page that asks a device for the pairing code: one small page of ours, nothing from elsewhere.

A QR code leads here with the code behind ``#``, which browsers send to nobody: a script of three
lines types it in, takes it out of the address, and sends the form.
"""

import math
import re
import secrets
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from starlette.responses import HTMLResponse

from pages.components.lan import PRESS
from pages.components.routes import below_base_path

_FOLDER: Final = Path(__file__).parent
_PAGE: Final = Template((_FOLDER / "page.html").read_text(encoding="utf-8"))
_STYLE: Final = (_FOLDER / "page.css").read_text(encoding="utf-8")
_SCRIPT: Final = (_FOLDER / "page.js").read_text(encoding="utf-8")
_LOCAL: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
_LONGEST: Final = 2000


def is_local_address(text: str) -> bool:
    """Whether an address leads to this dashboard, and cannot be read as one elsewhere."""
    return len(text) <= _LONGEST and bool(_LOCAL.fullmatch(text))


def show_pairing_page(
    following: str, *, problem: str = "", wait_s: float = 0.0, status: int = 200
) -> HTMLResponse:
    """Make the page.

    Parameters
    ----------
    following : str
        Where to go once the device is paired.
    problem : str
        What was wrong with the code before.
    wait_s : float, seconds
        How long no code is taken.
    status : int
    """
    nonce = secrets.token_urlsafe(16)
    wait = math.ceil(wait_s)
    html = _PAGE.substitute(
        nonce=nonce,
        style=_STYLE,
        script=_SCRIPT,
        action=escape(below_base_path("/pair")),
        following=escape(following if is_local_address(following) else below_base_path("/phone")),
        problem=escape(problem),
        wait=wait,
        authority=escape(below_base_path("/posecore-authority.crt")),
        presses="".join(f"<li><b>{escape(who)}</b>: {escape(what)}.</li>" for who, what in PRESS),
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if wait:
        headers["Retry-After"] = str(wait)
    return HTMLResponse(html, status, headers)
