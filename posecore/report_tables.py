"""The tables of a report: the angles, the notes, and how all of it was measured."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

from posecore.angles import ANGLES
from posecore.clip_canvas import format_time
from posecore.metric_table import METRICS
from posecore.report_html import Html, as_typed, element, join, make_section, make_table, number
from posecore.report_readings import Reading, pair_sides, say_reading, say_zero
from posecore.report_words import CORE_MOTIONS, METRICS_USED

if TYPE_CHECKING:
    from posecore.sequence import PoseSequence
    from posecore.storage.note import Note
    from posecore.storage.session import Session

_ABOUT_ERROR: Final = (
    "The error of a reading is half the width of the band that holds nine readings of ten, "
    "calibrated against four cameras at once on one man and on simulated views; how it carries "
    "over to other people and movements is not known. There is none for other angles than those of "
    "elbow, shoulder, hip and knee, nor for landmarks without a picture. The error of a range is "
    "the root of the sum of the squared errors at its lowest and its highest point, that of the "
    "range of a repetition uses the typical error at both; neither counts that errors which stay "
    "the same cancel out. The error of a length of time is posecore's own estimate: each "
    "end to within one frame, and smeared by the low-pass filter (rise time 0.35 / cut-off)."
)


def make_angle_tables(readings: Mapping[str, Reading]) -> Html:
    """Make the part with the range of each angle, left beside right."""
    pairs = pair_sides(readings)
    if not pairs:
        return make_section("How far each joint moved", element("p", "Nothing was measured."))
    usual = [
        [ANGLES[left.name].title, say_zero(ANGLES[left.name]), *map(_say_range, (left, right))]
        for left, right in (pairs[motion] for motion in CORE_MOTIONS)
    ]
    others = [
        [ANGLES[left.name].title, say_zero(ANGLES[left.name]), *map(_say_plain, (left, right))]
        for motion, (left, right) in pairs.items()
        if motion not in CORE_MOTIONS
    ]
    middle = [
        [ANGLES[each.name].title, say_zero(ANGLES[each.name]), _say_plain(each)]
        for each in readings.values()
        if ANGLES[each.name].side == "middle"
    ]
    return make_section(
        "How far each joint moved",
        element(
            "p",
            "The range of each joint is its largest minus its smallest angle over the whole "
            "recording.",
            class_="quiet lead",
        ),
        make_table(("Joint", "What 0° is", "Left", "Right"), usual),
        element("h3", "Other angles"),
        element(
            "p",
            "Nobody has measured how far these may be off. They serve to compare recordings of "
            "the same person from the same place, and nothing else.",
            class_="quiet lead",
        ),
        element(
            "div", make_table(("Angle", "What 0° is", "Left", "Right"), others), class_="small"
        ),
        element("div", make_table(("Angle", "What 0° is", "Range"), middle), class_="small"),
    )


def make_notes(notes: Iterable["Note"]) -> Html:
    """Make the part with what was noted, each with its time; nothing where there is nothing."""
    rows = [
        [_say_when(note), as_typed(note.tag), as_typed(note.text)]
        for note in sorted(notes, key=lambda each: each.start_s)
    ]
    if not rows:
        return Html("")
    return make_section("Notes", make_table(("Time", "Tag", "Note"), rows, is_whole=False))


def make_method(session: "Session", sequence: "PoseSequence") -> Html:
    """Make the small print: camera, model, definitions and their sources."""
    shown = [("Recorded from", session.source), ("Pose model", session.model or "not stated")]
    if session.fps == session.fps:
        shown.append(("Pictures a second", f"{session.fps:.1f}, on their own measured times"))
    if session.dropped_count:
        shown.append(("Pictures lost", f"{session.dropped_count:,}"))
    if session.image_width and session.image_height:
        shown.append(("Picture", f"{session.image_width} x {session.image_height} pixels"))
    shown.append(("Landmarks", _say_steps(sequence)))
    definitions = [
        [each.title, each.definition, each.reference]
        for each in ANGLES.values()
        if each.side != "right"
    ]
    used = [METRICS[name] for name in METRICS_USED]
    used += [METRICS["left_knee_flexion_range"], METRICS["knee_flexion_symmetry"]]
    metrics = [[each.label, each.formula, each.reference] for each in used]
    return make_section(
        "How it was measured",
        element("dl", *_list_facts(shown), class_="facts"),
        element(
            "p",
            "One camera, one body: an estimator guesses 33 landmarks in each picture and their "
            "place in space around the middle of the hips. Depth is what it knows worst, and it "
            "does not know what it cannot see. This report is no medical finding.",
        ),
        element("p", _ABOUT_ERROR),
        make_table(("Number", "Formula", "Source"), metrics, is_whole=False),
        make_table(("Angle", "Definition", "Source"), definitions, is_whole=False),
    )


def say_date(session: "Session", zone: tzinfo | None) -> str:
    """Day and time of a session, with the zone they are said in."""
    local = session.created_at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M} {local:%Z}".rstrip()


def make_facts(facts: Iterable[tuple[str, str]]) -> Html:
    """Make the list of facts below the title."""
    return element("dl", *_list_facts(facts), class_="facts")


def _list_facts(facts: Iterable[tuple[str, str]]) -> Iterator[Html]:
    for term, fact in facts:
        yield join([element("dt", term), element("dd", as_typed(fact))])


def _say_range(reading: Reading) -> str:
    return _say_reason(reading) or number(say_reading(reading))


def _say_plain(reading: Reading) -> str:
    """Range of an angle whose error is unknown, which the words above the table say of all."""
    ends = f"{reading.lowest_deg:z.0f}° to {reading.highest_deg:z.0f}°"
    return _say_reason(reading) or number(f"{reading.range_deg:z.0f}° ({ends})")


def _say_reason(reading: Reading) -> str:
    return f"None: {reading.reason}" if reading.reason else ""


def _say_when(note: "Note") -> str:
    start = format_time(note.start_s)
    return start if note.end_s is None else f"{start} to {format_time(note.end_s)}"


def _say_steps(sequence: "PoseSequence") -> str:
    steps = [each.name.replace("_", " ") for each in sequence.steps]
    return ", then ".join(steps) if steps else "as recorded, nothing was done to them"
