"""Text that people typed, shown as text: names are hostile until shown otherwise."""

import re

_SPECIAL = re.compile(r"([!-/:-@\[-`{-~])")
_PATTERNS = re.compile(r"(?i)(?<=:)(?=\S)|(?<=[-<>=])(?=[-<>=])|(?<=www)(?=\.)|(?=@)")
_WORD_JOINER = "\u2060"


def plain(text: str) -> str:
    r"""Escape a text so that Streamlit's Markdown shows it letter by letter.

    Every ASCII punctuation mark gets a backslash, as CommonMark allows: no emphasis, HTML, LaTeX,
    ``:emoji:`` or ``:material/icon:`` is left. What Streamlit looks for after that, in the finished
    text (addresses to link, ``-->``, ``:streamlit:``), is broken up by an invisible word joiner.
    Line breaks become spaces.
    """
    return _SPECIAL.sub(r"\\\1", _PATTERNS.sub(_WORD_JOINER, " ".join(text.split())))
