"""Charts of a report: every reading where it belongs, however many there are."""

import re

import numpy as np

from posecore.report_chart import Curve, draw_chart

LEFT, RIGHT, TOP, BOTTOM = 44.0, 694.0, 20.0, 146.0


def make_curve(values_deg, *, time_s=None, error_deg=None, is_dashed=False):
    values_deg = np.asarray(values_deg, dtype=float)
    time_s = np.arange(len(values_deg)) / 30 if time_s is None else np.asarray(time_s, dtype=float)
    return Curve(
        "R" if is_dashed else "L", "left", "#0072b2", is_dashed, time_s, values_deg, error_deg
    )


def draw(*curves, **options):
    given = {"key": "k", "limits_deg": (0.0, 180.0), "longest_step_s": 0.25} | options
    return draw_chart(curves, **given)


def lines(svg):
    """Points of each line, without the bands."""
    paths = re.findall(r'<path d="([^"]*)" stroke-linecap', svg)
    return [
        [
            np.array([pair.removesuffix("h0").split() for pair in piece.split("L")], dtype=float)
            for piece in path.split("M")[1:]
        ]
        for path in paths
    ]


def test_readings_are_where_the_axes_say():
    ((piece,),) = lines(draw(make_curve([0.0, 60.0, 30.0], time_s=[0.0, 0.1, 0.2])))
    np.testing.assert_allclose(piece[:, 0], [LEFT, (LEFT + RIGHT) / 2, RIGHT], atol=0.06)
    np.testing.assert_allclose(piece[:, 1], [BOTTOM, TOP, (TOP + BOTTOM) / 2], atol=0.06)


def test_a_gap_and_a_hole_in_time_break_the_line_and_a_single_reading_is_a_dot():
    gap = draw(make_curve([1, 2, np.nan, 3, np.nan, 4, 5]))
    assert [len(piece) for piece in lines(gap)[0]] == [2, 1, 2]
    assert gap.count("h0") == 1
    hole = draw(make_curve([1, 2, 3, 4], time_s=[0.0, 0.1, 5.0, 5.1]))
    assert [len(piece) for piece in lines(hole)[0]] == [2, 2]


def test_a_single_frame_and_a_flat_line_have_a_chart():
    assert lines(draw(make_curve([30.0])))[0][0].shape == (1, 2)
    ((piece,),) = lines(draw(make_curve([0.0] * 10)))
    np.testing.assert_allclose(piece[:, 1], BOTTOM)


def test_an_hour_is_thinned_out_and_keeps_every_peak():
    values = np.zeros(108_000)
    values[54_321] = 170.0
    svg = draw(make_curve(values))
    assert len(svg) < 60_000
    (pieces,) = lines(svg)
    assert min(piece[:, 1].min() for piece in pieces) < TOP + 10


def test_a_long_gap_of_an_hour_stays_a_gap():
    values = np.full(108_000, 20.0)
    values[30_000:60_000] = np.nan
    (pieces,) = lines(draw(make_curve(values)))
    assert len(pieces) == 2
    assert pieces[0][-1, 0] < pieces[1][0, 0] - 100


def test_the_band_ends_with_the_axis_and_the_second_one_is_hatched():
    band = np.full(3, 50.0)
    svg = draw(
        make_curve([0, 10, 20], error_deg=band),
        make_curve([0, 10, 20], error_deg=band, is_dashed=True),
    )
    assert 'fill="url(#k)"' in svg and '<pattern id="k"' in svg
    bands = "".join(re.findall(r'd="([^"]*Z)"', svg))
    heights = [float(each) for each in re.findall(r" ([\d.]+)", bands)]
    assert max(heights) <= BOTTOM and min(heights) >= TOP
    assert 'stroke-dasharray="7 5"' in svg
    letters = re.findall(r'y="([\d.]+)" font-size="13"[^>]*>([LR])<', svg)
    assert {letter for _, letter in letters} == {"L", "R"}
    assert abs(float(letters[0][0]) - float(letters[1][0])) >= 13


def test_the_clock_counts_from_what_is_shown():
    svg = draw(make_curve([1.0, 2.0], time_s=[0.0, 0.2]), marks=[(0.1, "7")])
    assert ">0:00.1</text>" in svg
    assert re.search(r'x="369.0" y="[\d.]+" text-anchor="middle"[^>]*>7<', svg)
    assert ">1:00</text>" in draw(make_curve(np.ones(3600)))
