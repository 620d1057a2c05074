"""Text that people typed, shown as text: names are hostile until shown otherwise."""

import re

_SPECIAL = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    r"""Escape a text so that Streamlit's Markdown shows it letter by letter.

    Every ASCII punctuation mark gets a backslash, as CommonMark allows: no emphasis, link, HTML,
    LaTeX, ``:emoji:`` or ``:material/icon:`` is left. Line breaks become spaces.
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
