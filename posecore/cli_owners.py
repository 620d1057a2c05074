"""The commands ``owners`` and ``give``: whose sessions there are, and making them somebody's."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from posecore.cli_text import make_printable
from posecore.settings import LOCAL_OWNER

if TYPE_CHECKING:
    from posecore.storage.owners import Owner
    from posecore.storage.session import Session
    from posecore.storage.session_store import SessionStore

Run: TypeAlias = Callable[[argparse.Namespace], int]
Find: TypeAlias = "Callable[[SessionStore, str], Session]"
_HERE: Final = "this computer, without signing in"


def add_commands(add: Callable[[str, Run, str], Any], run_owners: Run, run_give: Run) -> None:
    """Add both commands with their options."""
    command = add("owners", run_owners, "list whose sessions there are, and who signed in")
    command.add_argument("--json", action="store_true", help="as JSON")
    command = add("give", run_give, "make sessions another owner's")
    command.add_argument("ids", metavar="ID", nargs="*", help="sessions; without any, all of them")
    command.add_argument(
        "--from",
        dest="giver",
        metavar="OWNER",
        default=LOCAL_OWNER,
        help=f"whose they are ({LOCAL_OWNER}, when left out: those from before people signed in)",
    )
    command.add_argument(
        "--to", dest="receiver", metavar="OWNER", required=True, help="whose they are to be"
    )
    command.add_argument("--yes", action="store_true", help="really do it")


def list_owners(store: "SessionStore", *, as_json: bool) -> str:
    """Say whose sessions there are, one line an owner."""
    from posecore.storage.owners import Owners

    owners = Owners.of(store).list()
    if as_json:
        return json.dumps([asdict(each) for each in owners], indent=2)
    lines = [_describe(each) for each in owners]
    return "\n".join(lines) or "There are no sessions yet, and nobody has signed in."


def _describe(owner: "Owner") -> str:
    count = f"{owner.n_sessions:>6,} session{' ' if owner.n_sessions == 1 else 's'}"
    usual = _HERE if owner.owner == LOCAL_OWNER else "has not signed in yet"
    return f"{count}  {make_printable(owner.owner)}  ({make_printable(owner.name or usual)})"


def give(store: "SessionStore", options: argparse.Namespace, find: Find) -> tuple[bool, str]:
    """Give what the options say, if they say so twice.

    Returns
    -------
    bool
        Whether it was done.
    str
        What was done, or would be.
    """
    from posecore.storage.owners import Owners

    giver = store.for_owner(options.giver)
    ids = [find(giver, each).id for each in options.ids]
    n_sessions = len(set(ids)) or len(giver.get_sessions())
    sessions = f"{n_sessions:,} session{'s' * (n_sessions != 1)}"
    what = make_printable(f"{sessions} of {options.giver} to {options.receiver}")
    if not options.yes:
        return False, f"This would give {what}; add --yes to do it."
    Owners.of(store).give(options.giver, options.receiver, ids)
    return True, f"Gave {what}."
