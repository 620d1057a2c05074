"""The command line, ``python -m posecore``: import, list, show, compare, find and more.

Exit codes: 0 done, 1 could not, 2 wrong usage, 130 stopped by Ctrl+C. Results go to standard
output; progress, and errors of one sentence, to standard error.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from posecore import (
    cli_clip,
    cli_compare,
    cli_export,
    cli_find,
    cli_import,
    cli_owners,
    cli_report,
    cli_stream,
    errors,
)
from posecore.cli_text import (
    describe_goal,
    format_length,
    goal_to_json,
    make_printable,
    to_json,
)
from posecore.formats.catalogue import is_landmark_file
from posecore.settings import MODEL_NAMES, Settings

if TYPE_CHECKING:
    from posecore.importing import ImportProgress
    from posecore.storage.session import Session
    from posecore.storage.session_store import SessionStore

DONE: Final = 0
COULD_NOT: Final = 1
WRONG_USAGE: Final = 2
STOPPED: Final = 130

_SHORTEST_ID: Final = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; ``sys.argv[1:]`` when left out.

    Returns
    -------
    int
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name in emoji must not stop a terminal or pipe that has none.
            stream.reconfigure(errors="backslashreplace")
    options = _make_parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except errors.PoseCoreError as error:
        return _say(str(error), COULD_NOT)
    except ImportError as error:
        return _say(f"Something is missing ({error}); the command doctor says what.", COULD_NOT)
    except KeyboardInterrupt:
        return _say("Stopped.", STOPPED)
    except BrokenPipeError:
        # Whoever read the output has enough; nothing more may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT
    return code


def _say(sentence: str, code: int) -> int:
    print(f"posecore: {make_printable(sentence)}", file=sys.stderr)
    return code


def _make_parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--db",
        metavar="FILE",
        type=Path,
        default=argparse.SUPPRESS,
        help="database to use instead of the dashboard's own (or set POSECORE_DB)",
    )
    parser = argparse.ArgumentParser(
        prog="python -m posecore",
        description="Record, keep, replay and measure human movement.",
        parents=[common],
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str) -> Any:
        command = commands.add_parser(
            name, parents=[common], help=text, description=f"{text[0].upper()}{text[1:]}."
        )
        command.set_defaults(run=run)
        return command

    cli_import.add_arguments(
        add("import", _run_import, "make sessions of videos or landmarks; prints the ids")
    )
    command = add("list", _run_list, "list the sessions, newest first")
    command.add_argument("--json", action="store_true", help="as JSON")
    command = add("show", _run_show, "show one session's facts and numbers")
    command.add_argument("id", metavar="ID", help="session id, or its first 8 characters or more")
    command.add_argument("--json", action="store_true", help="as JSON")
    cli_export.add_arguments(
        add("export", _run_export, "hand over sessions' frames, angles, metrics or notes")
    )
    cli_compare.add_arguments(add("compare", _run_compare, "say where two sessions differ"))
    cli_find.add_arguments(add("find", _run_find, "find the moments in which a condition holds"))
    cli_report.add_arguments(add("report", _run_report, "write a report for paper, one HTML file"))
    cli_clip.add_arguments(add("clip", _run_clip, "write a stretch of a session as MP4 or GIF"))
    cli_stream.add_arguments(
        add("stream", _run_stream, "analyse a camera or video here and send it to a dashboard")
    )
    _add_delete(add("delete", _run_delete, "delete a session and its frames for good"))
    cli_owners.add_commands(add, _run_owners, _run_give)
    add("samples", _run_samples, "add the sample sessions; prints their ids")
    _add_download(add("download-model", _run_download, "download a pose model and check it"))
    add("doctor", _run_doctor, "check that everything posecore needs is there")
    return parser


def _add_delete(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", metavar="ID")
    command.add_argument("--yes", action="store_true", help="really do it")


def _add_download(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", choices=MODEL_NAMES, help=", ".join(MODEL_NAMES))


def _settings(options: argparse.Namespace) -> Settings:
    settings = Settings.from_env()
    return replace(settings, database=options.db) if "db" in options else settings


@contextmanager
def _open_store(options: argparse.Namespace) -> Iterator["SessionStore"]:
    from posecore.storage.session_store import open_store

    with open_store(_settings(options).database) as store:
        # This program owns the file, so nothing in it is still being made.
        store.recover_sessions()
        yield store


def _find(store: "SessionStore", text: str) -> "Session":
    """Find a session by its id or the beginning of it."""
    matches = [session for session in store.get_sessions() if session.id.startswith(text.lower())]
    if len(text) >= _SHORTEST_ID and len(matches) == 1:
        return matches[0]
    return store.get_session(text)


def _run_import(options: argparse.Namespace) -> int:
    with _open_store(options) as store:
        settings = _settings(options).with_preferences(store.load_preferences())
        if options.workers is not None:
            settings = replace(settings, import_workers=options.workers)
        code = DONE
        for path in options.files:
            try:
                session_id = _import_file(path, options, store, settings)
            except errors.PoseCoreError as error:
                sentence = str(error)
                if path.name not in sentence:
                    sentence = f"{path.name}: {sentence}"
                code = _say(sentence, COULD_NOT)
            else:
                if reason := store.get_session(session_id).status_reason:
                    _say(f"{path.name}: {reason}", DONE)
                print(session_id, flush=True)
    return code


def _import_file(
    path: Path, options: argparse.Namespace, store: "SessionStore", settings: Settings
) -> str:
    facts = {"name": options.name, "athlete": options.athlete, "tags": options.tag}
    if is_landmark_file(path):
        from posecore.landmark_import import import_landmarks

        return import_landmarks(path, store, image_size=options.image_size, **facts)
    from posecore.importing import import_video

    with _progress_bar(path.name) as on_progress:
        return import_video(
            path,
            store,
            settings=settings,
            on_progress=on_progress,
            keep_video=options.keep_video,
            **facts,
        )


@contextmanager
def _progress_bar(label: str) -> Iterator[Callable[["ImportProgress"], None]]:
    from tqdm import tqdm

    with tqdm(desc=make_printable(label), unit=" frames", file=sys.stderr) as bar:

        def show(progress: "ImportProgress") -> None:
            if progress.step == "video" and progress.frames_done < bar.n:
                bar.reset(progress.n_frames)
                bar.set_description(f"{make_printable(label)}, keeping the video")
            bar.total = progress.n_frames
            bar.update(progress.frames_done - bar.n)

        yield show


def _run_list(options: argparse.Namespace) -> int:
    with _open_store(options) as store:
        sessions = store.get_sessions()
    if options.json:
        print(json.dumps([to_json(session) for session in sessions], indent=2))
        return DONE
    if not sessions:
        return _say("No sessions yet; begin with import VIDEO or samples.", DONE)
    for session in sessions:
        athlete = f" ({make_printable(session.athlete)})" if session.athlete else ""
        print(
            f"{session.id}  {session.created_at:%Y-%m-%d %H:%M}  {session.status:<10}  "
            f"{format_length(session.duration_s):>12}  {session.frame_count:>7,} frames  "
            f"{make_printable(session.name)}{athlete}"
        )
    return DONE


def _run_show(options: argparse.Namespace) -> int:
    from posecore.export import to_metrics_table
    from posecore.metric_table import METRICS
    from posecore.session_goals import load_goals

    with _open_store(options) as store:
        session = _find(store, options.id)
        goals = load_goals(store, session.id)
        metrics = to_metrics_table(store.load_sequence(session.id)).to_pylist()
    if options.json:
        found = {"goals": [goal_to_json(each) for each in goals], "metrics": metrics}
        print(json.dumps(to_json(session) | found, indent=2))
        return DONE
    for key, value in to_json(session).items():
        text = ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
        print(f"{key:<15} {make_printable(text)}".rstrip())
    for each in goals:
        print(f"{'goal':<15} {describe_goal(each)}")
    for row in metrics:
        digits = METRICS[row["name"]].digits
        number = "-" if row["value"] is None else f"{row['value']:,.{digits}f}"
        print(f"{row['name']:<36} {number:>10} {row['note'] or row['unit']}".rstrip())
    return DONE


def _run_export(options: argparse.Namespace) -> int:
    if usage_error := cli_export.find_usage_error(options):
        return _say(usage_error, WRONG_USAGE)
    with _open_store(options) as store:
        said = cli_export.export_sessions(options, store, partial(_find, store))
    return _say(said, DONE) if said else DONE


def _run_compare(options: argparse.Namespace) -> int:
    from posecore.comparison import compare
    from posecore.processing import process

    with _open_store(options) as store:
        sessions = [_find(store, each) for each in (options.a, options.b)]
        a, b = (process(store.load_sequence(each.id), options.landmarks) for each in sessions)
    found = compare(a, b, alignment=options.by, mirror=options.mirror)
    if options.json:
        print(json.dumps(cli_compare.describe_as_json(sessions, found), indent=2))
    else:
        print(cli_compare.describe(sessions, found))
    return DONE


def _run_find(options: argparse.Namespace) -> int:
    with _open_store(options) as store:
        moments = cli_find.search(store, options)
    if moments.empty and not options.json:
        return _say("No moment is like that; try wider limits or a shorter time.", DONE)
    print(cli_find.describe_as_json(moments) if options.json else cli_find.describe(moments))
    return DONE


def _run_report(options: argparse.Namespace) -> int:
    with _open_store(options) as store:
        chosen = [each for each in (options.id, options.compare) if each]
        cli_report.write(options, store, [_find(store, each) for each in chosen])
    return _say(f"The report was written to {options.out}.", DONE)


def _run_clip(options: argparse.Namespace) -> int:
    if not cli_clip.find_format(options.out):
        return _say("A clip is an .mp4 or a .gif file; name one with --out.", WRONG_USAGE)
    with _open_store(options) as store:
        session = _find(store, options.id)
        sequence = store.load_sequence(session.id)
    cli_clip.write(options, session, sequence)
    return _say(f"The clip was written to {options.out}.", DONE)


def _run_stream(options: argparse.Namespace) -> int:
    if usage_error := cli_stream.find_usage_error(options):
        return _say(usage_error, WRONG_USAGE)
    if session_id := cli_stream.stream(options, _settings(options), partial(_say, code=DONE)):
        print(session_id)
    return DONE


def _run_delete(options: argparse.Namespace) -> int:
    with _open_store(options) as store:
        session = _find(store, options.id)
        what = (
            f'"{session.name}": {format_length(session.duration_s)}, {session.frame_count:,} frames'
            + (", video" if session.video_path else "")
        )
        if not options.yes:
            return _say(f"This would delete {what}, for good; add --yes to do it.", WRONG_USAGE)
        store.delete_session(session.id)
    return _say(f"Deleted {what}.", DONE)


def _run_owners(options: argparse.Namespace) -> int:
    with _open_store(options) as store:
        print(cli_owners.list_owners(store, as_json=options.json))
    return DONE


def _run_give(options: argparse.Namespace) -> int:
    with _open_store(options) as store:
        is_done, said = cli_owners.give(store, options, _find)
    return _say(said, DONE if is_done else WRONG_USAGE)


def _run_samples(options: argparse.Namespace) -> int:
    from posecore.samples import load_samples

    with _open_store(options) as store:
        for session_id in load_samples(store):
            print(session_id)
    return DONE


def _run_download(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from posecore.models import download_model

    with tqdm(desc=options.name, unit="B", unit_scale=True, file=sys.stderr) as bar:

        def show(n_bytes: int, n_total: int | None) -> None:
            bar.total = n_total
            bar.update(n_bytes - bar.n)

        path = download_model(options.name, _settings(options), show)
    print(path)
    return DONE


def _run_doctor(options: argparse.Namespace) -> int:
    from posecore.doctor import check_machine

    code = DONE
    for finding in check_machine(_settings(options)):
        print(
            f"{'ok' if finding.is_ok else 'problem':<8} {make_printable(str(finding))}", flush=True
        )
        code = code if finding.is_ok else COULD_NOT
    return code
