"""The command ``clip``: its options, and what it writes."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posecore.clip import ClipFormat
    from posecore.sequence import PoseSequence
    from posecore.storage.session import Session


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Options of the command."""
    command.add_argument("id", metavar="ID")
    for name in ("start", "end"):
        command.add_argument(
            f"--{name}", metavar="SECONDS", type=float, required=True, help="since the first frame"
        )
    command.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="ends in .mp4 or .gif"
    )
    command.add_argument(
        "--view",
        choices=("front", "left", "right", "back", "top"),
        help="by default from the front, a little to the side and from above",
    )


def find_format(path: Path) -> "ClipFormat | None":
    """Find the format that a file's name asks for; None where it asks for no clip."""
    match path.suffix.lower():
        case ".mp4":
            return "mp4"
        case ".gif":
            return "gif"
    return None


def write(options: argparse.Namespace, session: "Session", sequence: "PoseSequence") -> None:
    """Write the stretch that is asked for."""
    from posecore.clip import write_clip
    from posecore.clip_scene import VIEWS

    write_clip(
        options.out,
        sequence,
        start_s=options.start,
        end_s=options.end,
        view=VIEWS[options.view] if options.view else None,
        clip_format=find_format(options.out) or "mp4",
        caption=session.name,
    )
