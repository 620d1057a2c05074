"""What stands in the tables of numbers: whole digits, left beside right, reasons in words."""

from dataclasses import replace

import numpy as np
import pytest

from pages.components.metrics_tables import (
    make_figures,
    make_movement_tables,
    make_plain_table,
    make_repetitions_table,
    make_stillness_table,
)
from pages.components.number_tables import Cell, Heading, Moment, Row, Table, _make_table
from pages.components.words import as_clock
from posecore import ANGLES, METRICS, Landmark, compute_metrics, detect_repetitions
from posecore.metric_definition import GROUPS
from posecore.stillness import Stillness
from posecore.synthetic import make_sequence, make_squats


def make_uneven(right_share=0.5):
    bend = 45 * (1 - np.cos(np.pi * np.arange(300) / 30))
    angles = {"left_knee_flexion": bend, "right_knee_flexion": right_share * bend}
    return make_sequence(angles, time_s=np.arange(300) / 30)


def find_row(table, label):
    return next(row for row in table.rows if row.label == label)


def test_left_stands_beside_right():
    ranges, speeds, middle = make_movement_tables(compute_metrics(make_uneven()))
    knee = find_row(ranges, "Knee")
    assert [cell.text for cell in knee.cells] == ["90", "45", "45", "67"]
    assert [cell.text for cell in find_row(speeds, "Knee").cells] == ["141", "71", "71"]
    assert [heading.side for heading in ranges.headings] == ["", "left", "right", "", ""]
    assert "180 minus" in knee.about
    assert "Source: " in knee.about
    assert len(ranges.rows) + len(speeds.rows) + len(middle.rows) == 14 + 14 + 8


def test_the_right_doing_more_is_below_zero_with_a_true_minus():
    ranges, *_ = make_movement_tables(compute_metrics(make_uneven(2.0 / 1.5)))
    assert [cell.text for cell in find_row(ranges, "Knee").cells] == ["90", "120", "−30", "−29"]


def test_every_number_stands_in_a_table():
    metrics = compute_metrics(make_squats(4.0))
    plain = [make_plain_table(metrics, group) for group in GROUPS if group != "movement"]
    n_angles = sum(len(table.rows) for table in make_movement_tables(metrics))
    n_pairs = sum(angle.side == "left" for angle in ANGLES.values())
    # Left and right share a row; range, speed and symmetry of the trunk share one each.
    n_rows = sum(len(table.rows) for table in plain)
    assert n_rows + n_angles + 2 * n_pairs + (n_angles - 2 * n_pairs) == len(METRICS)


def test_what_is_missing_says_why():
    squats = make_squats(4.0)
    gone = [landmark for landmark in Landmark if "RIGHT" in landmark.name]
    world = squats.world_landmarks.copy()
    world[:, gone] = np.nan
    metrics = compute_metrics(replace(squats, world_landmarks=world))
    ranges, _, middle = make_movement_tables(metrics)
    knee = find_row(ranges, "Knee")
    assert knee.why == "right: it is never seen"
    assert [cell.text for cell in knee.cells] == ["90", "", "", ""]
    assert find_row(middle, "Trunk twist").why == "it is never seen"
    figures = {figure.label: figure for figure in make_figures(metrics)}
    assert (figures["Longest hold"].cell.text, figures["Longest hold"].why) == (
        "",
        "there is no hold",
    )


def test_moments_are_counted_from_the_first_frame():
    squats = make_squats(10.0, rate_hz=0.5)
    late = replace(squats, time_s=squats.time_s + 100)
    table = make_repetitions_table(detect_repetitions(late), "id", 100.0)
    starts_s = [row.label.time_s for row in table.rows]
    assert starts_s == pytest.approx([0, 2, 4, 6, 8], abs=0.05)
    hold = Stillness(start_s=102.5, end_s=104.0, kind="hold")
    (row,) = make_stillness_table([hold], "id", 100.0).rows
    assert row.label == Moment("id", 2.5)
    assert [cell.text for cell in row.cells] == ["1.5", "hold"]
    for nothing in (make_repetitions_table([], "id", 0), make_stillness_table([], "id", 0)):
        assert nothing is None


def test_a_thousand_rows_scroll_in_their_place():
    short, long = (_make_table(Table("", [], [Row("a", [])] * n)) for n in (20, 1000))
    assert ('class="long"' in short, 'class="long"' in long) == (False, True)
    assert long.count("<tr>") == 1000


def test_a_cell_is_text_whatever_stands_in_it():
    hostile = '<img src=x onerror="alert(1)">'
    row = Row(hostile, [Cell(hostile, hostile)], hostile, hostile)
    link = Row(Moment(hostile, 1.0), [])
    html = _make_table(Table(hostile, [Heading(hostile, hostile)], [row, link], hostile))
    assert "<img" not in html
    assert html.count("onerror=&quot;") >= 6


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [(0, "0:00.0"), (41.39, "0:41.3"), (59.99, "0:59.9"), (0.3, "0:00.3"), (134, "2:14.0")],
)
def test_a_moment_reads_as_on_the_clock(seconds, clock):
    assert as_clock(seconds) == clock
