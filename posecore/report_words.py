"""What was found out about a session in words for somebody who is no specialist."""

import math
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from posecore.angles import ANGLES, CORE_ANGLES
from posecore.measures import SMALLEST_RANGE_DEG, Material
from posecore.metrics import tabulate_metrics
from posecore.report_html import Html, element, make_section
from posecore.report_readings import (
    Reading,
    estimate_range_error,
    estimate_time_error,
    pair_sides,
    say_degrees,
    say_zero,
)
from posecore.stillness import CUTOFF_HZ as STILL_CUTOFF_HZ

METRICS_USED: Final = (
    "repetition_count",
    "tempo",
    "repetition_duration",
    "repetition_range",
    "most_repeatable_start",
    "hold_count",
    "longest_hold",
    "pause_count",
    "longest_pause",
)
"""Metrics the summary is made of, beside the ranges of motion and their symmetry."""

CORE_MOTIONS: Final = tuple(dict.fromkeys(ANGLES[name].motion for name in CORE_ANGLES))

_ABOUT_ERRORS: Final = (
    "The number behind ± says how far a reading may be off: of ten readings, nine are within it. "
    "It is large because one camera sees depth badly. What differs by less than this may not "
    "differ at all."
)
_MOVES: Final = {
    "elbow_flexion": "bent and stretched",
    "shoulder_elevation": "rose and sank",
    "hip_flexion": "bent and stretched",
    "knee_flexion": "bent and stretched",
}


class Finding(NamedTuple):
    """One thing that was found out, and what it is and is not good for."""

    statement: str
    about: str


def make_summary(material: Material, readings: Mapping[str, Reading]) -> Html:
    """Make the part of the report that a parent reads.

    Parameters
    ----------
    material : Material
        Of a recording in which somebody is seen.
    readings : mapping of str to Reading
    """
    items = [
        element("li", element("strong", found.statement), element("span", found.about))
        for found in list_findings(material, readings)
    ]
    about = element("p", _ABOUT_ERRORS, class_="quiet")
    return make_section("In short", about, element("ul", *items, class_="findings"))


def list_findings(material: Material, readings: Mapping[str, Reading]) -> Iterator[Finding]:
    """List what was found out: each with its error, or with the reason why there is none."""
    yield _say_presence(material)
    if material.problem:
        yield Finding(
            "Nothing was measured.",
            f"A movement is measured over time, and this recording is too short: {_count(material)}"
            ".",
        )
        return
    values = tabulate_metrics(material, METRICS_USED)
    numbers, reasons = (
        dict(zip(METRICS_USED, values[each], strict=True)) for each in ("value", "note")
    )
    yield from _say_repetitions(material, numbers, reasons)
    pairs = pair_sides(readings)
    for motion in CORE_MOTIONS:
        yield _say_range(material, motion, *pairs[motion])
    yield from _say_stillness(material, numbers, reasons)


def _count(material: Material) -> str:
    n_frames = material.sequence.n_frames
    return f"{n_frames} frame{'s' * (n_frames != 1)}"


def _say_presence(material: Material) -> Finding:
    seen = material.sequence.is_detected
    share = f"{seen.mean():.0%}" if seen.all() or seen.mean() < 0.995 else "more than 99%"
    return Finding(
        f"Somebody was in view in {share} of the {len(seen):,} pictures.",
        "A plain count, without an error. Where nobody was in view there are gaps: nothing is "
        "made up.",
    )


def _say_repetitions(
    material: Material, numbers: Mapping[str, float], reasons: Mapping[str, str]
) -> Iterator[Finding]:
    repetitions = material.repetitions
    if not repetitions:
        yield Finding(
            "No movement was repeated.",
            "Counted are movements that are alike and end where they began; walking or climbing on "
            "does not count. So there is no tempo either.",
        )
        return
    times = f"{len(repetitions)} time{'s' * (len(repetitions) != 1)}"
    begin_s = numbers["most_repeatable_start"]
    yield Finding(
        f"The movement was repeated {times}.",
        "A count has no error, but it can be wrong: a repetition that is cut off, out of view or "
        "unlike the others is left out. The one most like all others begins at "
        f"{begin_s:.1f} s (± {estimate_time_error(material.sequence):.1f} s).",
    )
    yield _say_tempo(material, numbers, reasons)
    yield _say_repetition_range(material, numbers["repetition_range"])


def _say_tempo(
    material: Material, numbers: Mapping[str, float], reasons: Mapping[str, str]
) -> Finding:
    off_s = estimate_time_error(material.sequence)
    lengths_s = [each.duration_s for each in material.repetitions]
    lasting = f"One repetition took {numbers['repetition_duration']:.2f} s ± {off_s:.2f} s"
    about = (
        "The typical (median) length, and how often in a minute. Not to be trusted where "
        f"repetitions are uneven: the shortest took {min(lengths_s):.2f} s, the longest "
        f"{max(lengths_s):.2f} s (each ± {off_s:.2f} s)."
    )
    tempo = numbers["tempo"]
    if math.isnan(tempo):
        return Finding(f"{lasting}. There is no tempo: {reasons['tempo']}.", about)
    off = tempo**2 / 60 * off_s
    return Finding(f"{lasting}; that is {tempo:.1f} a minute ± {off:.1f}.", about)


def _say_repetition_range(material: Material, range_deg: float) -> Finding:
    name = material.repetitions[0].angle
    error_deg = estimate_range_error(material.sequence, name)
    return Finding(
        f"In each repetition the {ANGLES[name].label.lower()} changed most: "
        f"{say_degrees(range_deg, error_deg)}.",
        "The typical (median) way from its smallest to its largest angle within a repetition. Not "
        "to be trusted as a true angle when the camera looks along the limb.",
    )


def _say_range(material: Material, motion: str, left: Reading, right: Reading) -> Finding:
    definition = ANGLES[left.name]
    joint = definition.title.lower()
    ways = [_say_way(motion, each) for each in (left, right)]
    (verb, _), (same, way) = ways
    # What both did is said once.
    second = f"the right {way}" if verb == same else f"the right {joint} {same} {way}"
    statement = f"The left {joint} {' '.join(ways[0])}, {second}."
    return Finding(
        statement,
        f"Largest minus smallest angle of the whole recording; {say_zero(definition)}. "
        f"{_say_symmetry(material, motion, left, right)}",
    )


def _say_way(motion: str, reading: Reading) -> tuple[str, str]:
    """What a joint did, and by how much."""
    if reading.reason:
        return "has no range", f"({reading.reason})"
    way = say_degrees(reading.range_deg, reading.range_error_deg)
    if reading.range_deg < SMALLEST_RANGE_DEG:
        return "hardly moved,", way
    return _MOVES[motion], f"by {way}"


def _say_symmetry(material: Material, motion: str, left: Reading, right: Reading) -> str:
    row = tabulate_metrics(material, [f"{motion}_symmetry"]).iloc[0]
    if row["note"]:
        return f"The sides cannot be compared: {row['note']}."
    apart_deg = left.range_deg - right.range_deg
    error_deg = math.hypot(left.range_error_deg, right.range_error_deg)
    apart = say_degrees(abs(apart_deg), error_deg)
    index = f"symmetry index {row['value']:z.0f}%, 0 is even"
    if math.isnan(error_deg):
        return f"The sides differ by {apart} ({index}), so no difference can be claimed."
    if abs(apart_deg) <= error_deg:
        return (
            f"The sides differ by {apart} ({index}): within the measuring error, so no "
            "difference can be claimed."
        )
    more = "left" if apart_deg > 0 else "right"
    return f"The {more} moved further, by {apart} ({index}): more than the measuring error."


def _say_stillness(
    material: Material, numbers: Mapping[str, float], reasons: Mapping[str, str]
) -> Iterator[Finding]:
    for kind, where in (
        ("hold", "within the movement"),
        ("pause", "before, between or after repetitions"),
    ):
        count = numbers[f"{kind}_count"]
        if math.isnan(count):
            yield Finding(f"There are no {kind}s to tell.", f"{reasons[f'{kind}_count']}.")
        elif count:
            off_s = estimate_time_error(material.sequence, STILL_CUTOFF_HZ)
            yield Finding(
                f"The body kept still {where} {count:.0f} time{'s' * (count != 1)}; the longest "
                f"{kind} took {numbers[f'longest_{kind}']:.1f} s ± {off_s:.1f} s.",
                "Still is a posture kept for at least 0.7 s. Not to be trusted where parts of the "
                "body are hidden; a body that slides as a whole counts as still.",
            )
        elif kind == "hold":
            yield Finding(
                "No position was held.",
                "A hold is a posture kept for at least 0.7 s within the movement; shorter ones are "
                "not counted, and slow movement is none.",
            )
