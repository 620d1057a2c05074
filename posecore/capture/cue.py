"""A cue: what a coach says to the athlete while they move."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from posecore.errors import InvalidMessageError
from posecore.topology import Landmark

CueKind = Literal["text", "arrow", "mark"]
MAX_CUE_CHARACTERS: Final = 80
JOINTS: Final = {
    landmark.name.lower(): landmark
    for landmark in Landmark
    if landmark is Landmark.NOSE
    or landmark.name.endswith(("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE", "FOOT_INDEX"))
}
"""What an arrow can point at, by its name in messages."""

_WORDS: Final = {"nose": "head", "left_foot_index": "left foot", "right_foot_index": "right foot"}
# Joiners, without which some scripts and signs cannot be written.
_KEPT: Final = frozenset("\u200c\u200d")


@dataclass(frozen=True, kw_only=True)
class Cue:
    """A text, an arrow at a joint, or a mark at a moment.

    Attributes
    ----------
    kind : {"text", "arrow", "mark"}
    text : str
        One line that can be printed; may be empty but for a ``text``.
    joint : str
        A key of :data:`JOINTS` for an arrow, else empty.
    """

    kind: CueKind
    text: str = ""
    joint: str = ""

    @property
    def label(self) -> str:
        """What it says, in one line of words."""
        if self.kind == "mark":
            return self.text or "Marked"
        if self.kind == "text":
            return self.text
        joint = label_joint(self.joint)
        return f"{joint}: {self.text}" if self.text else joint


def label_joint(name: str) -> str:
    """Return a joint's name for people: ``Left knee``."""
    return _WORDS.get(name, name.replace("_", " ")).capitalize()


def read_cue(message: Mapping[str, Any]) -> Cue:
    """Read a cue from a message.

    Raises
    ------
    InvalidMessageError
        With one sentence about what it has to be.
    """
    kind = message.get("kind")
    if kind not in ("text", "arrow", "mark"):
        raise _invalid("A cue is a text, an arrow at a joint, or a mark.")
    text = _read_text(message.get("text"))
    joint = message.get("joint")
    if kind != "arrow":
        joint = ""
    elif not isinstance(joint, str) or joint not in JOINTS:
        raise _invalid("An arrow points at a joint such as left_knee; choose one of the list.")
    if kind == "text" and not text:
        raise _invalid("There is nothing to show; type a few words.")
    return Cue(kind=kind, text=text, joint=joint)


def _read_text(text: Any) -> str:
    if text is None:
        return ""
    if not isinstance(text, str):
        raise _invalid("The words of a cue are a text.")
    printable = "".join(each if each.isprintable() or each in _KEPT else " " for each in text)
    line = " ".join(printable.split())
    if len(line) > MAX_CUE_CHARACTERS:
        raise _invalid(
            f"A cue has at most {MAX_CUE_CHARACTERS} characters, for it is read while one moves; "
            f"this one has {len(line):,}."
        )
    return line


def _invalid(sentence: str) -> InvalidMessageError:
    return InvalidMessageError(sentence, code="invalid_cue")
