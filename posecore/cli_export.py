"""``python -m posecore export``: one session as a file, or several as a ZIP of files."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import IO, TYPE_CHECKING, Final

from posecore.errors import ExportError
from posecore.formats.catalogue import FORMATS, WHATS
from posecore.settings import PROCESSINGS

if TYPE_CHECKING:
    from posecore.storage.session import Session
    from posecore.storage.session_store import SessionStore
    from posecore.whole_file import Writer

_STANDARD_OUTPUT: Final = "-"
_SHOWN_REASONS: Final = 3
_TO_STANDARD_OUTPUT: Final = ("csv", "csv-tidy", "json")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what ``export`` understands."""
    command.add_argument("ids", metavar="ID", nargs="*", help="several come as a ZIP")
    command.add_argument("--all", action="store_true", help="every session, as a ZIP")
    command.add_argument("--what", choices=WHATS, help="by default what the format is for")
    command.add_argument(
        "--landmarks", choices=PROCESSINGS, default="recorded", help="as recorded, by default"
    )
    command.add_argument("--format", choices=tuple(FORMATS), default="csv")
    command.add_argument(
        "--out", metavar="FILE", default=_STANDARD_OUTPUT, help="by default standard output"
    )


def find_usage_error(options: argparse.Namespace) -> str:
    """Say what is wrong with the way the command is called; empty where nothing is."""
    from posecore.handover import check_combination

    if bool(options.ids) == options.all:
        return "Name one session or more, or all of them with --all."
    try:
        check_combination(options.what, options.format)
    except ExportError as error:
        return str(error)
    if options.out != _STANDARD_OUTPUT:
        return ""
    if options.all or len(options.ids) > 1:
        return "Several sessions come as a ZIP file; name it with --out."
    if options.format not in _TO_STANDARD_OUTPUT:
        return "Only CSV and JSON can go to standard output; name a file with --out."
    return ""


def export_sessions(
    options: argparse.Namespace, store: "SessionStore", find: "Callable[[str], Session]"
) -> str:
    """Write what was asked for.

    Parameters
    ----------
    options : Namespace
        Without a usage error, see :func:`find_usage_error`.
    store : SessionStore
    find : callable
        The session of an id as it was typed.

    Returns
    -------
    str
        Sentences about what was written; empty where it went to standard output.

    Raises
    ------
    ExportError
        If there is nothing to export, or it cannot be written.
    """
    from posecore.whole_file import write_whole

    label = FORMATS[options.format].label
    if options.all or len(options.ids) > 1:
        sessions = store.get_sessions() if options.all else [find(text) for text in options.ids]
        return _export_zip(options, store, sessions)
    content = _make_content(options, store, find(options.ids[0]))
    if options.out == _STANDARD_OUTPUT:
        left = memoryview(content)
        while left:  # an unbuffered output takes only as much as the pipe has room for
            left = left[sys.stdout.buffer.write(left) :]
        return ""
    write_whole(options.out, lambda stream: _write(content, stream))
    return f"{label} written to {options.out}."


def _export_zip(
    options: argparse.Namespace, store: "SessionStore", sessions: "Iterable[Session]"
) -> str:
    from posecore.whole_file import fill_zip, write_whole

    names: list[str] = []
    reasons: list[str] = []

    def make_files() -> "Iterator[tuple[str, Writer]]":
        # The same session named twice would be the same file twice.
        for session in {session.id: session for session in sessions}.values():
            try:
                content = _make_content(options, store, session)
            except ExportError as error:
                reasons.append(f"{session.id}: {error}")
            else:
                names.append(_name_file(options, session))
                yield names[-1], partial(_write, content)

    def write_all(stream: IO[bytes]) -> None:
        fill_zip(make_files(), stream)
        if not names:
            raise ExportError(
                "None of these sessions can be exported so, and no file was written. "
                + " ".join(reasons[:_SHOWN_REASONS])
            )

    write_whole(options.out, write_all)
    said = f"{len(names)} {'file' if len(names) == 1 else 'files'} written to {options.out}."
    if reasons:
        shown = " ".join(reasons[:_SHOWN_REASONS])
        said += f" {len(reasons)} left out. {shown}"
    return said


def _write(content: bytes, stream: IO[bytes]) -> None:
    stream.write(content)


def _name_file(options: argparse.Namespace, session: "Session") -> str:
    from posecore.export import safe_file_name

    found = FORMATS[options.format]
    what = options.what or found.holds[0]
    is_changed = what != "notes" and options.landmarks != "recorded"
    kind = f"{what}_{options.landmarks}" if is_changed else what
    return safe_file_name(session.name, session.id, f"{kind}.{found.extension}")


def _make_content(options: argparse.Namespace, store: "SessionStore", session: "Session") -> bytes:
    """Whole content of one session's file, so that a ZIP never holds half of one."""
    from posecore.handover import make_writer, to_bytes
    from posecore.processing import load_processed

    notes = store.notes.list(session.id)
    sequence = load_processed(store, session.id, options.landmarks)
    there = {"notes": notes, "steps": sequence.steps}.get(options.what, sequence)
    if not len(there):
        lacking = options.what if options.what in ("notes", "steps") else "frames"
        raise ExportError(f"This session has no {lacking}, so there is nothing to export.")
    return to_bytes(
        make_writer(sequence, what=options.what, file_format=options.format, notes=notes)
    )
