"""Write the table of angles into the README: ``python -m scripts.update_readme``."""

import re
from pathlib import Path

from posecore import ANGLES

README = Path(__file__).resolve().parent.parent / "README.md"
_HEADINGS = ["Angle", "Definition", "0 is", "Range and sign", "Plane", "In the picture", "Source"]
_PICTURE = {
    None: "no",
    "any": "yes",
    "front": "yes, from the front or behind",
    "side": "yes, from the side",
}
_MARKED = re.compile(r"(<!-- angles:.*?-->\n).*?(?=\nWorld landmarks)", re.DOTALL)


def make_angle_table() -> str:
    """Markdown table of every angle, from its definition; left and right share a row."""
    rows = [_HEADINGS, ["---"] * len(_HEADINGS)]
    for definition in ANGLES.values():
        if definition.side == "right":
            continue
        names = [each.name for each in ANGLES.values() if each.motion == definition.motion]
        low, high = definition.range_deg
        rows.append(
            [
                ", ".join(f"`{name}`" for name in names),
                definition.definition,
                definition.at_zero,
                f"{low:.0f} to {high:.0f}; {definition.rising}",
                definition.plane,
                _PICTURE[definition.view],
                definition.reference,
            ]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def with_angle_table(readme: str) -> str:
    """Return the README's text with the table as it should be."""
    return _MARKED.sub(lambda match: f"{match[1]}\n{make_angle_table()}\n", readme)


if __name__ == "__main__":
    README.write_text(with_angle_table(README.read_text(encoding="utf-8")), encoding="utf-8")
