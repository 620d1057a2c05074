"""Write the table of angles into the README: ``python -m scripts.update_readme``."""

import re
from pathlib import Path

from posecore import ANGLES

README = Path(__file__).resolve().parent.parent / "README.md"
_MARKED = re.compile(r"(<!-- angles:.*?-->\n).*?(?=\nWorld landmarks)", re.DOTALL)


def make_angle_table() -> str:
    """Markdown table of every angle, from its definition; left and right share a row."""
    rows = ["| Angle | Measured at | From 0 to 180 degrees | Source |", "|---|---|---|---|"]
    for name, definition in ANGLES.items():
        if not name.startswith("left_"):
            continue
        points = (definition.proximal, definition.vertex, definition.distal)
        landmarks = "-".join(point.name.removeprefix("LEFT_").lower() for point in points)
        motion = name.removeprefix("left_")
        rows.append(
            f"| `left_{motion}`, `right_{motion}` | {landmarks} | {definition.meaning} "
            f"| {definition.reference} |"
        )
    return "\n".join(rows)


def with_angle_table(readme: str) -> str:
    """Return the README's text with the table as it should be."""
    return _MARKED.sub(lambda match: f"{match[1]}\n{make_angle_table()}\n", readme)


if __name__ == "__main__":
    README.write_text(with_angle_table(README.read_text(encoding="utf-8")), encoding="utf-8")
