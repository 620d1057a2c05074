"""Trend, best and order of a number from session to session, and the charts of it."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from posecore import ANGLES, METRICS, compute_repetition_profile
from posecore.figures.axes import find_range
from posecore.figures.course_grid import Course, make_course_grid
from posecore.figures.distribution_chart import make_distribution_figure
from posecore.figures.labels import as_label, as_value
from posecore.figures.printing import make_printable_json
from posecore.figures.progress_chart import make_progress_figure
from posecore.figures.repetition_chart import make_repetitions_figure
from posecore.progress import SessionValue, compute_trend, find_best, rank
from posecore.synthetic import make_sequence, make_squats

BEGIN = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)
HOSTILE = '<a href="https://x.example">x</a> %{y} $a$ <b>'
SPARC, RANGE = METRICS["sparc"], METRICS["left_knee_flexion_range"]


def make_values(*values, every_days=30.0, **fields):
    return [
        SessionValue(
            session_id=f"id {number}",
            name=f"Wall {number}",
            recorded_at=BEGIN + timedelta(days=every_days * number),
            value=value,
            reason="" if value == value else "nobody is seen",
            **fields,
        )
        for number, value in enumerate(values)
    ]


# Trend, best, order


def test_a_straight_line_is_found_and_one_odd_session_does_not_move_it():
    trend = compute_trend(make_values(1.0, 3.0, 5.0, 7.0, 9.0))
    assert (trend.per_month, trend.low, trend.high) == pytest.approx((2.0, 2.0, 2.0))
    assert trend.first == (BEGIN, pytest.approx(1.0))
    assert trend.last == (BEGIN + timedelta(days=120), pytest.approx(9.0))
    assert trend.is_clear
    odd = compute_trend(make_values(1.0, 3.0, 5.0, 700.0, 9.0, 11.0, 13.0))
    assert odd.per_month == pytest.approx(2.0)


def test_gaps_have_no_say_and_the_order_neither():
    values = make_values(1.0, np.nan, 5.0, 7.0, np.inf, 11.0)
    assert compute_trend(values[::-1]).per_month == pytest.approx(2.0)


def test_scatter_without_a_direction_is_no_clear_trend():
    assert not compute_trend(make_values(1.0, 5.0, 1.0, 5.0, 1.0, 5.0)).is_clear
    assert not compute_trend(make_values(2.0, 2.0, 2.0, 2.0)).is_clear


@pytest.mark.parametrize(
    "values",
    [
        [],
        make_values(1.0),
        make_values(1.0, 2.0, 3.0),
        make_values(*[np.nan] * 9),
        make_values(1.0, 2.0, 3.0, 4.0, 5.0, every_days=0),
        make_values(1.0, 2.0, 3.0, 4.0, 5.0, every_days=2 / 1440),
    ],
)
def test_too_few_moments_or_one_training_have_no_trend(values):
    assert compute_trend(values) is None


def test_of_very_many_sessions_some_are_enough():
    values = make_values(*(2.0 * number for number in range(4500)), every_days=1.0)
    trend = compute_trend(values)
    assert trend.per_month == pytest.approx(60.0)
    assert trend.last == (BEGIN + timedelta(days=4499), pytest.approx(2.0 * 4499))


def test_the_best_is_the_first_of_the_best():
    values = make_values(np.nan, 3.0, 9.0, 9.0, 1.0)
    assert find_best(values, "higher").session_id == "id 2"
    assert find_best(values, "lower").session_id == "id 4"
    assert find_best(values, "") is None
    assert find_best(make_values(np.nan), "higher") is None
    assert [each.value for each in rank(values, "")] == [9.0, 9.0, 3.0, 1.0]
    assert [each.value for each in rank(values, "lower")] == [1.0, 3.0, 9.0, 9.0]


# Charts


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def test_progress_shows_each_session_its_gaps_and_its_best():
    values = make_values(-3.0, np.nan, -1.0, -2.0, -1.5, -1.2)
    shown = traces(make_progress_figure(values[::-1], SPARC, better="higher", reference=values[0]))
    assert list(shown) == [
        "sessions",
        "trend, not clear",
        "personal best",
        "reference: Wall 0",
        "no value",
    ]
    assert list(shown["sessions"].customdata) == [each.session_id for each in values]
    assert np.isnan(shown["sessions"].y[1])
    assert not shown["sessions"].connectgaps
    assert list(shown["personal best"].customdata) == ["id 2"]
    assert set(shown["reference: Wall 0"].y) == {-3.0}
    assert "nobody is seen" in shown["no value"].text[0]
    assert "<b>Wall 2</b><br>6 Mar 2026, 18:00<br>\N{MINUS SIGN}1.00" in shown["sessions"].text[2]


def test_without_a_way_that_is_better_nothing_is_the_best():
    shown = traces(make_progress_figure(make_values(1.0, 2.0, notes="Rest"), RANGE))
    assert list(shown) == ["sessions", "has notes"]
    assert shown["sessions"].marker.color == "#0072B2"
    assert shown["sessions"].text[0].endswith("1°<br>Rest")


@pytest.mark.parametrize("n_sessions", [0, 1, 1000])
def test_progress_of_none_one_and_many(n_sessions):
    figure = make_progress_figure(make_values(*range(n_sessions)), SPARC, better="higher")
    assert len(figure.data[0].x) == n_sessions
    figure.to_json()


def test_what_people_typed_is_not_read_as_html():
    assert "<" not in as_label(HOSTILE)
    assert "$" not in as_label(HOSTILE)
    assert as_label("a\n b") == "a b"
    assert as_label("x" * 99, 10) == "x" * 9 + "\N{HORIZONTAL ELLIPSIS}"
    [value] = make_values(1.0)
    hostile = SessionValue(**{**vars(value), "name": HOSTILE, "notes": HOSTILE})
    figures = [
        make_progress_figure([hostile], SPARC, reference=hostile),
        make_distribution_figure({HOSTILE: [hostile]}, SPARC),
        make_course_grid([Course(HOSTILE, HOSTILE, np.zeros(101))], "trunk_lean"),
        make_repetitions_figure(compute_repetition_profile(make_squats(8.0)), [HOSTILE] * 4),
    ]
    for figure in figures:
        text = figure.to_json().replace("\\u003c", "<")
        assert "<a " not in text
        assert "%{y} $" not in text


@pytest.mark.parametrize(
    ("value", "digits", "unit", "text"),
    [
        (-0.04, 1, "s", "0.0 s"),
        (-1.5, 1, "°", "\N{MINUS SIGN}1.5°"),
        (1234.5, 0, "%", "1,234%"),
        (2.0, 0, "", "2"),
    ],
)
def test_numbers_are_written_with_their_unit(value, digits, unit, text):
    assert as_value(value, digits, unit) == text


def test_a_distribution_has_a_row_for_each_group_with_values():
    groups = {"Mira": make_values(1.0, 2.0, np.nan), "Jo": make_values(np.nan), "": []}
    [box] = make_distribution_figure(groups, SPARC).data
    assert list(box.x) == [1.0, 2.0]
    assert set(box.y) == {"Mira"}
    assert list(box.customdata) == ["id 0", "id 1"]
    assert len(make_distribution_figure({}, SPARC).data) == 0


def test_courses_stand_beside_the_median_of_all():
    courses = [Course(f"Wall {number}", "Mira", np.full(101, 10.0 * number)) for number in range(5)]
    figure = make_course_grid(courses, "right_knee_flexion", with_median=True)
    assert len(figure.data) == 10
    assert set(figure.data[0].y) == {20.0}
    assert figure.data[1].line.color == "#D55E00"
    assert figure.layout.annotations[0].text == "Wall 0<br>Mira"
    assert {axis.range for axis in figure.select_yaxes()} == {(-2.4, 42.4)}
    assert len(make_course_grid([], "trunk_lean").data) == 0
    nothing = make_course_grid(
        [Course("Nobody", "", np.full(101, np.nan))], "trunk_lean", with_median=True
    )
    assert np.isnan(nothing.data[0].y).all()


@pytest.mark.parametrize(
    ("courses_deg", "expected"),
    [
        ([], (-11.2, 11.2)),
        ([np.full(3, np.nan)], (-11.2, 11.2)),
        ([np.array([5.0, 5.000001])], (-6.2, 16.2)),
        ([np.array([0.0, np.nan]), np.array([[100.0]])], (-6.0, 106.0)),
    ],
)
def test_next_to_nothing_does_not_fill_an_axis(courses_deg, expected):
    assert find_range(*courses_deg) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("apart_s", [0.5, 60.0, 6 * 3600.0])
def test_sessions_of_one_day_stand_apart(apart_s):
    values = make_values(1.0, 2.0, every_days=apart_s / 86_400)
    figure = make_progress_figure(values, METRICS["repetition_range"])
    first, last = figure.layout.xaxis.range
    assert (last - first).total_seconds() < 6 * apart_s
    assert first < values[0].recorded_at.replace(tzinfo=None)
    assert last > values[1].recorded_at.replace(tzinfo=None)


def test_one_session_stands_in_the_middle_of_two_days():
    [value] = make_values(5.0)
    figure = make_progress_figure([value], METRICS["repetition_range"])
    first, last = figure.layout.xaxis.range
    assert last - first == timedelta(days=2)
    assert first < value.recorded_at.replace(tzinfo=None) < last
    assert figure.layout.yaxis.showticklabels
    assert not make_progress_figure(
        make_values(np.nan), METRICS["repetition_range"]
    ).layout.yaxis.showticklabels


def test_a_figure_for_paper_is_white_titled_and_leaves_the_figure_alone():
    figure = make_progress_figure(make_values(1.0, 2.0), SPARC)
    before = figure.to_json()
    layout = json.loads(make_printable_json(figure, HOSTILE))["layout"]
    assert figure.to_json() == before
    assert (layout["paper_bgcolor"], layout["width"], layout["height"]) == ("#FFFFFF", 1200, 480)
    assert layout["title"]["text"].startswith("&lt;a href")


def test_repetitions_show_mean_band_and_outliers():
    bend = np.concatenate([[90.0, 90, 90, 90, 90, 50, 90, 90]])
    time_s = np.arange(480) / 30
    depth = bend[(time_s // 2).astype(int)] / 2 * (1 - np.cos(np.pi * time_s))
    squats = make_sequence({"left_knee_flexion": depth, "right_knee_flexion": depth}, time_s=time_s)
    profile = compute_repetition_profile(squats, ["left_knee_flexion", "right_knee_flexion"])
    figure = make_repetitions_figure(profile)
    by_name = [trace.name for trace in figure.data]
    assert by_name.count("outlier") == 2 * len(profile.outliers) == 2
    assert by_name.count("mean") == by_name.count("one SD either way") == 2
    mean = next(trace for trace in figure.data if trace.name == "mean")
    np.testing.assert_array_equal(mean.y, profile.mean_deg["left_knee_flexion"])
    assert [note.text for note in figure.layout.annotations] == [
        ANGLES[name].label for name in profile.mean_deg.columns
    ]


def test_a_gap_in_the_repetitions_stays_one():
    profile = compute_repetition_profile(make_squats(8.0), ["trunk_lean"])
    profile.sd_deg.iloc[40:60] = np.nan
    figure = make_repetitions_figure(profile)
    bands = [trace for trace in figure.data if trace.name == "one SD either way"]
    assert [(min(band.x), max(band.x)) for band in bands] == [(0, 39), (60, 100)]


def test_an_axis_does_not_spread_out_what_is_no_difference():
    values = make_values(89.96, 90.0, 89.99)
    progress = make_progress_figure(values, RANGE)
    spread = make_distribution_figure({"Mira": values}, RANGE)
    for axis in (progress.layout.yaxis, spread.layout.xaxis):
        low, high = axis.range
        assert low < 89.96 < 90.0 < high
        assert high - low >= 10 * 10**-RANGE.digits
    assert make_progress_figure(make_values(40.0, 90.0), RANGE).layout.yaxis.range is None
