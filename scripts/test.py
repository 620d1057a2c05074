"""Set everything up and run all checks: ``python3 scripts/test.py [pytest's own arguments]``."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - people do start this with an older one
    sys.exit(
        "posecore needs Python 3.11 or newer, and this is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]}: start it with a newer one."
    )

import os
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import machine

# What is checked before pytest, and how long it may take in seconds.
CHECKS = (
    ("ruff check .", 120),
    ("ruff format --check .", 120),
    ("mypy", 900),
)
PYTEST_LIMIT_S = 3000
# The browser's own first, one after the other: they watch moving pictures. Then the others, two at
# a time, in processes where no browser has been.
PARTS = (["tests/e2e"], ["--ignore=tests/e2e", "--numprocesses=2"])


def main(arguments: list[str]) -> int:
    """Stop at the first check that fails; pytest comes last and has the last word.

    With arguments of its own it runs once, as they say.
    """
    python = machine.prepare(machine.ROOT / "requirements-dev.txt", machine.TEST_LIBRARIES)
    browser = machine.find_chromium(python, machine.System.detect())
    os.environ["POSECORE_CHROMIUM"] = str(browser)
    os.environ["POSECORE_TEST_VIDEO"] = str(machine.fetch_test_video(python))
    for check, limit_s in CHECKS:
        machine.say(f"{check} ...")
        if machine.run_command([python, "-m", *check.split()], timeout_s=limit_s).code:
            raise machine.SetupError(f"Stopped: {check} found something or took over {limit_s} s.")
    codes = []
    for part in [arguments] if arguments else PARTS:
        machine.say(f"pytest {' '.join(part)} ...")
        command: list[str | Path] = [python, "-m", "pytest", *part]
        codes.append(machine.run_command(command, timeout_s=PYTEST_LIMIT_S).code)
    return max(codes)


if __name__ == "__main__":
    machine.run_main(main)
