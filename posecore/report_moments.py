"""Which moments of a session are worth a picture."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from posecore.angles import ANGLES, CORE_ANGLES
from posecore.clip_canvas import format_time
from posecore.events import SMALLEST_ANGLE_DEG, find_most_repeatable
from posecore.measures import Material
from posecore.report_readings import Reading, say_degrees
from posecore.storage.note import Note

MOST_MOMENTS: Final = 6
_MOST_NOTES: Final = 3
_LONGEST_LABEL: Final = 90
_SAME_S: Final = 0.25


@dataclass(frozen=True)
class Moment:
    """A moment and why it is shown; seconds since the first frame."""

    time_s: float
    reasons: tuple[str, ...]

    @property
    def caption(self) -> str:
        """When, and why."""
        return f"{format_time(self.time_s)}: {'; '.join(self.reasons)}"


def choose_moments(
    material: Material, readings: Mapping[str, Reading], notes: Iterable[Note]
) -> list[Moment]:
    """Choose at most six moments, in order of time.

    Parameters
    ----------
    material : Material
        Of a recording in which somebody is seen.
    readings : mapping of str to Reading
        What :func:`posecore.report_readings.read_ranges` returns.
    notes : iterable of Note

    Returns
    -------
    list of Moment
        The first three notes; the repetition most like all others, the largest and the smallest,
        each where it is farthest from its start; then the highest readings of the eight usual
        angles, those first whose range is largest for its error. Reasons within a quarter of a
        second share a picture. Where there is none of these, the middle of what was seen.
    """
    chosen: list[Moment] = []
    candidates = [
        *_list_notes(material, notes),
        *_list_repetitions(material),
        *_list_highest(readings),
    ]
    for time_s, reason in candidates or [_find_middle(material)]:
        near = [each for each in chosen if abs(each.time_s - time_s) <= _SAME_S]
        if near:
            same = near[0]
            chosen[chosen.index(same)] = Moment(same.time_s, (*same.reasons, reason))
        elif len(chosen) < MOST_MOMENTS:
            chosen.append(Moment(time_s, (reason,)))
    return sorted(chosen, key=lambda each: each.time_s)


def _list_notes(material: Material, notes: Iterable[Note]) -> Iterator[tuple[float, str]]:
    within = [each for each in notes if each.start_s <= material.sequence.duration_s]
    for note in sorted(within, key=lambda each: each.start_s)[:_MOST_NOTES]:
        words = " ".join(note.label.split())
        short = words if len(words) <= _LONGEST_LABEL else f"{words[: _LONGEST_LABEL - 1]}…"
        yield note.start_s, f"note “{short}”"


def _list_repetitions(material: Material) -> Iterator[tuple[float, str]]:
    repetitions = [] if material.problem else material.repetitions
    best = find_most_repeatable(repetitions)
    if best is None:
        return
    begin_s = float(material.sequence.time_s[0])
    kinds = {"the one most like all others": best}
    if len(repetitions) > 2:
        kinds["the largest"] = max(repetitions, key=lambda each: each.range_deg)
        kinds["the smallest"] = min(repetitions, key=lambda each: each.range_deg)
    for words, repetition in kinds.items():
        number = repetitions.index(repetition) + 1
        yield repetition.peak_s - begin_s, f"repetition {number}, {words}"


def _list_highest(readings: Mapping[str, Reading]) -> Iterator[tuple[float, str]]:
    """Where the usual angles are highest, both sides in one where they are so together."""
    usual = [readings[name] for name in CORE_ANGLES if name in readings]
    moving = [each for each in usual if each.range_deg >= SMALLEST_ANGLE_DEG]
    moving.sort(key=lambda each: -each.range_deg / each.range_error_deg)
    while moving:
        first = moving.pop(0)
        motion = ANGLES[first.name].motion
        near = [
            each
            for each in moving
            if ANGLES[each.name].motion == motion
            and abs(each.highest_s - first.highest_s) <= _SAME_S
        ]
        moving = [each for each in moving if each not in near]
        yield first.highest_s, _say_highest([first, *near])


def _say_highest(together: list[Reading]) -> str:
    definitions = [ANGLES[each.name] for each in together]
    sides = " and ".join(sorted(each.side for each in definitions))
    word = "highest" if definitions[0].zero == "folded" else "most bent"
    together = sorted(together, key=lambda each: each.name)
    degrees = " and ".join(
        say_degrees(each.highest_deg, each.highest_error_deg) for each in together
    )
    return f"{sides} {definitions[0].title.lower()} {word}, {degrees}"


def _find_middle(material: Material) -> tuple[float, str]:
    time_s = material.sequence.time_s
    seen_s = time_s[material.sequence.is_detected]
    return float(seen_s[len(seen_s) // 2] - time_s[0]), "the middle of what was seen"
