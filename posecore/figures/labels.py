"""Text in figures: Plotly reads some HTML in it, and what people typed must not be read."""

import math
from collections.abc import Iterable
from html import escape
from typing import Final

_LONGEST: Final = 60
_LEAST_STEPS: Final = 10


def as_label(text: str, longest: int = _LONGEST) -> str:
    """Return typed text as Plotly shows it letter by letter, in one line, cut where it is long."""
    line = " ".join(text.split())
    cut = line if len(line) <= longest else f"{line[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"
    # A dollar sign would begin a formula wherever MathJax is loaded.
    return escape(cut, quote=False).replace("$", "&#36;")


def as_value(value: float, digits: int, unit: str = "") -> str:
    """Return a number with its unit, with a true minus."""
    number = f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", "\N{MINUS SIGN}")
    is_joined = unit.startswith(("°", "%"))
    return f"{number}{unit}" if is_joined or not unit else f"{number} {unit}"


def find_axis_range(values: Iterable[float], digits: int) -> list[float] | None:
    """Return the range of an axis on which values hardly differ; None for Plotly's own otherwise.

    An axis shows at least ten steps of the last digit that is told, or it would spread out what
    is no difference.
    """
    known = [value for value in values if math.isfinite(value)]
    least = _LEAST_STEPS * 10.0**-digits
    if not known or max(known) - min(known) >= least:
        return None
    middle = (max(known) + min(known)) / 2
    return [middle - 0.55 * least, middle + 0.55 * least]
