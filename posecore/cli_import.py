"""What the command ``import`` can be told."""

import argparse
from pathlib import Path


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add its arguments to the command."""
    command.add_argument("files", metavar="FILE", type=Path, nargs="+")
    command.add_argument("--name", help="name of the session (by default the file's)")
    command.add_argument("--athlete", default="", help="who moves")
    command.add_argument("--tag", action="append", default=[], help="may be given several times")
    command.add_argument(
        "--keep-video", action="store_true", help="keep the pictures with the session, to see them"
    )
    command.add_argument(
        "--image-size",
        metavar="WxH",
        type=_size,
        help="pixels of the picture, for landmarks in a file that does not say it",
    )
    command.add_argument("--workers", type=_positive, help="processes that share the work")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number from 1, not {text!r}")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    try:
        return _positive(width), _positive(height)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"a size like 1920x1080, not {text!r}") from None
