"""The replay as one file: the same player, the drawing library and the recording in one page.

It opens from a disk in any browser and asks for nothing: a policy in the page itself forbids it.
"""

import base64
import gzip
import html
import json
from collections.abc import Iterable
from typing import Any, Final

from pages.components.player.scripts import bundle, find_plotly, read_style
from posecore import Session
from posecore.export import safe_file_name
from posecore.storage.note import Note

# Scripts and styles that stand in the page, pictures the player makes itself; no request at all.
_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src 'none'; form-action 'none'; base-uri 'none'"
)
_STYLE: Final = """
:root {
  color-scheme: light dark;
  --st-background-color: #ffffff; --st-secondary-background-color: #f0f2f5;
  --st-text-color: #1b2430; --st-border-color: #d9dee5; --st-primary-color: #0072b2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --st-background-color: #11151b; --st-secondary-background-color: #1a2029;
    --st-text-color: #e6eaf0; --st-border-color: #323b47; --st-primary-color: #56b4e9;
  }
}
body {
  max-width: 90rem; margin: 0 auto; padding: 1rem 1.5rem;
  color: var(--st-text-color); background: var(--st-background-color);
  font-family: system-ui, sans-serif;
}
h1 { margin: 0 0 0.25rem; font-size: 1.4rem; overflow-wrap: anywhere; }
header p { margin: 0 0 1rem; opacity: 0.7; }
"""
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><h1>{title}</h1><p>{facts}</p></header>
<div data-testid="replay-player" data-ready="false"></div>
<script type="application/json" id="session">{session}</script>
<script type="application/octet-stream" id="recording">{recording}</script>
<script>{plotly}</script>
<script type="module">{player}
open();
</script>
</body>
</html>
"""


def write_page(session: Session, packed: bytes, notes: Iterable[Note]) -> bytes:
    """Write a session's replay as one page.

    Parameters
    ----------
    session : Session
    packed : bytes
        The recording as :func:`posecore.replay_data.pack_replay` packs it.
    notes : iterable of Note

    Returns
    -------
    bytes
        HTML in UTF-8: 4.9 MB for the drawing library and the player, and the recording, compressed
        and as text, which is at most what it was.
    """
    facts = [session.athlete, f"{session.created_at:%d %b %Y}", f"{session.frame_count:,} frames"]
    described = {
        "title": session.name,
        "name": safe_file_name(session.name, session.id),
        "notes": [describe_note(note) for note in notes],
    }
    page = _PAGE.format(
        policy=_POLICY,
        title=html.escape(session.name),
        facts=html.escape(" \N{MIDDLE DOT} ".join(filter(None, facts))),
        style=read_style() + _STYLE,
        session=_as_json(described),
        recording=base64.b64encode(gzip.compress(packed, compresslevel=6)).decode("ascii"),
        plotly=_in_page(find_plotly().read_text(encoding="utf-8")),
        player=_in_page(bundle("offline")),
    )
    return page.encode()


def describe_note(note: Note) -> dict[str, Any]:
    """Return a note as the player takes it."""
    return {
        "id": note.id,
        "start_s": note.start_s,
        "end_s": note.end_s,
        "text": note.text,
        "tag": note.tag,
    }


def _as_json(value: Any) -> str:
    """JSON in which nothing can end the script element it stands in."""
    return json.dumps(value).replace("<", "\\u003c")


def _in_page(script: str) -> str:
    """Return a script in which no text ends its element; in a string the two mean the same."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
