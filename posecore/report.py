"""A session as a report for the athlete: one HTML file that needs nothing else and prints well."""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import IO, Any, Final

from posecore.angles import ANGLES, MAX_STEP_S, compute_joint_angles
from posecore.capture.overlay import COLOURS_RGB
from posecore.cli_text import format_length
from posecore.climbing import ClimbingThresholds
from posecore.comparison import Comparison
from posecore.errors import ExportError, VideoReadError
from posecore.measures import Material
from posecore.report_chart import Curve, draw_chart, to_colour
from posecore.report_comparison import Recorded, make_comparison
from posecore.report_html import Html, as_typed, element, make_document, make_section
from posecore.report_moments import Moment, choose_moments
from posecore.report_readings import read_ranges, say_zero
from posecore.report_tables import make_angle_tables, make_facts, make_method, make_notes, say_date
from posecore.report_words import CORE_MOTIONS, make_summary
from posecore.sequence import PoseSequence
from posecore.stills import draw_stills
from posecore.storage.note import Note
from posecore.storage.session import Session
from posecore.trust import compute_expected_error, hide_untrusted
from posecore.whole_file import write_whole

__all__ = ["Recorded", "make_report", "write_report"]

_PNG: Final = b"\x89PNG"
_LETTERS: Final = {"left": "L", "right": "R"}


def write_report(
    path: str | Path,
    session: Session,
    sequence: PoseSequence,
    notes: Iterable[Note] = (),
    **options: Any,
) -> None:
    """Write the report to a file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Overwritten if it is a file.
    session, sequence, notes, **options
        As for :func:`make_report`.

    Raises
    ------
    ExportError, ComparisonError
    """
    page = make_report(session, sequence, notes, **options).encode()

    def write(stream: IO[bytes]) -> None:
        stream.write(page)

    write_whole(Path(path), write)


def make_report(
    session: Session,
    sequence: PoseSequence,
    notes: Iterable[Note] = (),
    *,
    other: Recorded | None = None,
    comparison: Comparison | None = None,
    is_mirrored: bool = False,
    video_file: Path | None = None,
    max_error_deg: float = math.inf,
    zone: tzinfo | None = UTC,
) -> str:
    """Make the report of a session.

    Parameters
    ----------
    session : Session
    sequence : PoseSequence
        Its recording: raw, cleaned or refined; ``steps`` says which, and so does the report.
    notes : iterable of Note
    other : Recorded, optional
        A second session, which is compared with it.
    comparison : Comparison, optional
        What came of comparing the two; made by dynamic time warping when left out.
    is_mirrored : bool
        Whether the second one is compared as a mirror shows it.
    video_file : Path, optional
        Its video; the skeleton in the room is shown where there is none, or it cannot be read.
    max_error_deg : float, degrees
        Readings that may be further off than this are gaps in the charts.
    zone : tzinfo or None
        In which dates are said; the computer's own for None.

    Returns
    -------
    str
        HTML without a script, a link or a request: its style and pictures stand in it, and a
        policy forbids all else. Every name and note is shown letter by letter.

    Raises
    ------
    ExportError
        If there are no frames, or nobody is in view in any.
    ComparisonError
        If the two cannot be compared.

    Notes
    -----
    Every number comes with how far it may be off, or with the reason why that, or the number
    itself, is not known.
    """
    notes = list(notes)
    _check(sequence)
    material = Material(sequence, ClimbingThresholds())
    readings = read_ranges(material)
    moments = choose_moments(material, readings, notes)
    return make_document(
        f"{session.name}: report",
        _make_title(session, sequence, zone),
        make_summary(material, readings),
        _make_pictures(sequence, moments, video_file),
        _make_charts(sequence, moments, max_error_deg),
        make_angle_tables(readings),
        make_comparison(
            Recorded(session, sequence), other, zone, comparison, is_mirrored=is_mirrored
        )
        if other
        else Html(""),
        make_notes(notes),
        element("div", make_method(session, sequence), class_="small"),
    )


def _check(sequence: PoseSequence) -> None:
    if not sequence.n_frames:
        raise ExportError("This session has no frames, so there is nothing to report.")
    if not sequence.is_detected.any():
        raise ExportError(
            "Nobody is in view in this session, so there is nothing to report; choose another one."
        )


def _make_title(session: Session, sequence: PoseSequence, zone: tzinfo | None) -> Html:
    facts = [
        ("Athlete", session.athlete),
        ("Date", say_date(session, zone)),
        ("Length", format_length(sequence.duration_s)),
        ("Tags", ", ".join(session.tags)),
        ("Landmarks", _say_processing(sequence)),
        ("About", session.description),
    ]
    return element(
        "header",
        element("h1", as_typed(session.name)),
        make_facts((term, fact) for term, fact in facts if fact),
    )


def _say_processing(sequence: PoseSequence) -> str:
    if not sequence.steps:
        return "as recorded"
    if any(step.name == "refine" for step in sequence.steps):
        return "cleaned, then refined with a body whose bones keep their length"
    return "cleaned: outliers and short gaps mended, smoothed"


def _make_pictures(
    sequence: PoseSequence, moments: Sequence[Moment], video_file: Path | None
) -> Html:
    figures = [
        element(
            "figure",
            element("img", src=_to_data(picture), alt=moment.caption),
            element("figcaption", element("b", f"{number}  "), moment.caption),
        )
        for number, (moment, picture) in enumerate(
            zip(moments, _draw(sequence, moments, video_file), strict=True), start=1
        )
    ]
    return make_section("Key moments", element("div", *figures, class_="pictures"))


def _draw(
    sequence: PoseSequence, moments: Sequence[Moment], video_file: Path | None
) -> list[bytes]:
    times_s = [each.time_s for each in moments]
    if video_file is not None:
        try:
            return list(draw_stills(sequence, times_s, video_file=video_file))
        except VideoReadError:
            pass  # the room shows the same moments
    return list(draw_stills(sequence, times_s))


def _to_data(picture: bytes) -> str:
    kind = "png" if picture.startswith(_PNG) else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def _make_charts(sequence: PoseSequence, moments: Sequence[Moment], max_error_deg: float) -> Html:
    names = [f"{side}_{motion}" for motion in CORE_MOTIONS for side in _LETTERS]
    errors = compute_expected_error(sequence, names)
    angles = hide_untrusted(compute_joint_angles(sequence, names), errors, max_error_deg)
    curves = {name: _make_curve(sequence, name, angles, errors) for name in names}
    marks = [(each.time_s, str(number)) for number, each in enumerate(moments, start=1)]
    hidden = (
        f" Readings that may be off by more than {max_error_deg:g}° are left out."
        if math.isfinite(max_error_deg)
        else ""
    )
    about = (
        "Left is the solid line with L, right the dashed one with R. The band round a line, plain "
        "for the left and hatched for the right, is how far it may be off: nine readings of ten "
        f"are within. Gaps are where nothing is known. Numbers above are the pictures.{hidden}"
    )
    figures = [_make_figure(motion, curves, marks) for motion in CORE_MOTIONS]
    return make_section("The joints over time", element("p", about, class_="quiet lead"), *figures)


def _make_curve(sequence: PoseSequence, name: str, angles: Any, errors: Any) -> Curve:
    side = ANGLES[name].side
    return Curve(
        letter=_LETTERS[side],
        label=side,
        colour=to_colour(COLOURS_RGB[side]),
        is_dashed=side == "right",
        time_s=sequence.time_s - sequence.time_s[0],
        values_deg=angles[name].to_numpy(),
        error_deg=errors[name].to_numpy(),
    )


def _make_figure(
    motion: str, curves: Mapping[str, Curve], marks: Sequence[tuple[float, str]]
) -> Html:
    definition = ANGLES[f"left_{motion}"]
    sides = [curves[f"{side}_{motion}"] for side in _LETTERS]
    title = element("h3", definition.title)
    if all(math.isnan(value) for curve in sides for value in curve.values_deg):
        why = element("p", "No reading: it is never seen, or never seen well enough.")
        return element("figure", title, why, class_="chart")
    chart = draw_chart(
        sides,
        key=motion,
        limits_deg=definition.range_deg,
        longest_step_s=MAX_STEP_S,
        marks=marks,
    )
    return element(
        "figure", title, chart, element("figcaption", f"{say_zero(definition)}."), class_="chart"
    )
