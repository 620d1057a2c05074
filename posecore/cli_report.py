"""The command ``report``: its options, and what it writes."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from posecore.settings import PROCESSINGS

if TYPE_CHECKING:
    from posecore.storage.session import Session
    from posecore.storage.session_store import SessionStore


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Options of the command."""
    command.add_argument("id", metavar="ID", help="session id, or its first 8 characters or more")
    command.add_argument("--compare", metavar="OTHER", help="a second session to compare it with")
    command.add_argument(
        "--landmarks", choices=PROCESSINGS, default="recorded", help="as recorded, by default"
    )
    command.add_argument("--out", metavar="FILE", type=Path, required=True, help="ends in .html")


def write(
    options: argparse.Namespace, store: "SessionStore", sessions: "Sequence[Session]"
) -> None:
    """Write the report of the first session, compared with the second if there is one."""
    from posecore.processing import load_processed
    from posecore.report import Recorded, write_report

    session, *others = (
        Recorded(each, load_processed(store, each.id, options.landmarks)) for each in sessions
    )
    write_report(
        options.out,
        *session,
        store.notes.list(session.session.id),
        other=others[0] if others else None,
        video_file=store.get_video_file(session.session.id),
        zone=None,
    )
