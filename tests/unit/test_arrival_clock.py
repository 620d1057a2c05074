"""How cameras' clocks stand and drift, told from when frames arrive over lines of all kinds."""

import numpy as np
import pytest

from posecore.capture.arrival_clock import (
    CLOCK_ERROR_S,
    DRIFT,
    ArrivalClock,
    TrackClock,
    compare_clocks,
)
from posecore.errors import InvalidOptionError

HALF_AN_HOUR_S = 1800.0
START_S = 7.3
# Beside the 100 ms that no arrival tells: what this synthetic pair may be off by.
LINE_KINDS = {
    "steady": {},
    "long tail": {"tail_s": 0.05},
    "jittery": {"jitter_s": 0.03, "tail_s": 0.05},
    "wanders": {"wander_s": 0.001},
    "outages": {"outages": [(0.2, 0.45), (0.6, 0.62)]},
    "congested for a minute": {"steps": [(0.4, 0.2), (0.433, -0.2)]},
    "slower from the middle on": {"steps": [(0.5, 0.04)]},
    "faster late": {"base_s": 0.14, "steps": [(0.8, -0.1)]},
    "slower four times": {"steps": [(0.15, 0.02), (0.3, 0.02), (0.5, 0.02), (0.8, 0.02)]},
}


def make_delays(
    rng, shares, *, base_s=0.04, jitter_s=0.008, tail_s=0.0, wander_s=0.0, steps=(), ramp=None
):
    """Of frames at these shares of the recording: exponential, some of them with a Pareto tail."""
    n_frames = len(shares)
    delays_s = base_s + rng.exponential(jitter_s, n_frames)
    delays_s += (rng.random(n_frames) < 0.02) * tail_s * rng.pareto(1.5, n_frames)
    delays_s += wander_s * np.sin(rng.uniform(0, 6) + shares * rng.uniform(20, 60))
    for share, step_s in steps:
        delays_s += (shares >= share) * step_s
    if ramp:
        begin, end, rise_s = ramp
        delays_s += np.clip((shares - begin) / (end - begin), 0, 1) * rise_s
    return delays_s


def listen(seed, *, drift=0.0, start_s=START_S, length_s=HALF_AN_HOUR_S, fps=5, outages=(), **line):
    """What is read of a clock that starts at ``start_s`` and runs slow by ``drift``."""
    time_s = np.arange(round(length_s * fps)) / fps
    arrived_s = start_s + (1 + drift) * time_s
    shares = time_s / length_s
    arrived_s += make_delays(np.random.default_rng(seed), shares, **line)
    is_there = np.ones(len(time_s), dtype=bool)
    for begin, end in outages:
        is_there &= (shares < begin) | (shares >= end)
    clock = ArrivalClock()
    for own_s, when_s in zip(time_s[is_there].tolist(), arrived_s[is_there].tolist(), strict=True):
        clock.add(100.0 + own_s, when_s, own_s)
    return clock.read()


def measure_miss(found, *, offset_s, drift, length_s=HALF_AN_HOUR_S):
    """How far the second camera's times are off where they are off most."""
    time_s = np.array([0.0, length_s])
    return np.abs(found.offset_s - offset_s + (found.drift - drift) * time_s).max()


@pytest.mark.parametrize("drift", [80e-6, -80e-6])
@pytest.mark.parametrize("kind", LINE_KINDS)
def test_a_drift_is_put_right_over_any_line(kind, drift):
    steady = listen(1, start_s=5.0)
    found = compare_clocks(steady, listen(2, drift=drift, **LINE_KINDS[kind]), HALF_AN_HOUR_S)
    assert abs(found.drift - drift) <= found.drift_error < 10e-6
    # Far below what the stated error allows for, which is for what no arrival tells.
    miss_s = measure_miss(found, offset_s=START_S - 5.0, drift=drift)
    assert miss_s < found.drift_error * HALF_AN_HOUR_S + 0.003
    assert miss_s + CLOCK_ERROR_S <= found.error_s + 0.003
    assert found.error_s < CLOCK_ERROR_S + 0.03


@pytest.mark.parametrize("kind", LINE_KINDS)
def test_a_line_that_changes_is_no_drift(kind):
    found = compare_clocks(listen(3, start_s=5.0), listen(4, **LINE_KINDS[kind]), HALF_AN_HOUR_S)
    assert found.drift == 0
    assert found.drift_error < 20e-6
    assert measure_miss(found, offset_s=START_S - 5.0, drift=0) + CLOCK_ERROR_S <= (
        found.error_s + 0.003
    )


@pytest.mark.parametrize("drift", [80e-6, 0.0, -80e-6])
@pytest.mark.parametrize(
    "line",
    [
        {"steps": [(share / 10, 0.01) for share in range(1, 10)]},
        {"ramp": (0.4, 0.6, 0.05)},
        {"ramp": (0.8, 1.0, 0.1)},
        {"ramp": (0.0, 1.0, 0.6)},
    ],
    ids=["stairs", "creeps in the middle", "creeps at the end", "creeps faster than a clock"],
)
def test_where_line_and_clock_cannot_be_told_apart_nothing_is_put_right_and_the_error_says_so(
    line, drift
):
    found = compare_clocks(listen(5, start_s=5.0), listen(6, drift=drift, **line), HALF_AN_HOUR_S)
    assert found.drift == 0
    assert found.error_s > CLOCK_ERROR_S + DRIFT * HALF_AN_HOUR_S / 2
    assert measure_miss(found, offset_s=START_S - 5.0, drift=drift) <= found.error_s


def test_a_step_too_small_to_be_found_is_within_the_error():
    for step_s in np.arange(0.0005, 0.006, 0.0005):
        line = listen(8, drift=50e-6, steps=[(0.5, step_s)])
        found = compare_clocks(listen(7, start_s=5.0), line, HALF_AN_HOUR_S)
        assert abs(found.drift - 50e-6) <= found.drift_error < 10e-6


def test_without_drift_the_error_is_less_than_where_it_was_not_measured():
    found = compare_clocks(listen(9, start_s=5.0), listen(10), HALF_AN_HOUR_S)
    assert found.drift == 0
    unmeasured = compare_clocks(TrackClock(0.0, 0.07), TrackClock(0.0, 0.07), HALF_AN_HOUR_S)
    assert unmeasured.error_s == pytest.approx(np.hypot(0.07, 0.07) + 0.045)
    assert found.error_s < unmeasured.error_s - 0.03


def test_with_one_clock_unmeasured_nothing_is_put_right():
    found = compare_clocks(listen(11, drift=60e-6), TrackClock(9.0, 0.08), HALF_AN_HOUR_S)
    assert found.drift == 0
    assert found.drift_error >= 60e-6 - 2e-6


def test_a_short_recording_is_taken_as_it_comes():
    read = listen(12, drift=80e-6, length_s=120.0)
    assert read.line is None
    found = compare_clocks(read, read, 120.0)
    assert (found.offset_s, found.drift) == (0.0, 0.0)
    assert found.error_s == pytest.approx(np.sqrt(2) * read.error_s + DRIFT * 60)


@pytest.mark.parametrize("length_s", [0.0, 1e6])
def test_a_pair_of_equal_clocks_has_no_offset(length_s):
    read = listen(13, length_s=400.0)
    found = compare_clocks(read, read, length_s)
    assert (found.offset_s, found.drift) == (0.0, 0.0)


def test_a_length_below_zero_is_refused():
    with pytest.raises(InvalidOptionError, match="0 s or more"):
        compare_clocks(TrackClock(0.0, 0.1), TrackClock(0.0, 0.1), -1.0)


def test_the_arrival_says_where_a_recording_begins_and_how_steady_the_line_is():
    clock = ArrivalClock()
    assert clock.read() is None
    delays_s = [0.08, 0.05, 0.09, 0.07, 0.12]
    for number, delay_s in enumerate(delays_s):
        time_s = 40.0 + number / 30
        clock.add(time_s, 900.0 + number / 30 + delay_s, 0.5 + number / 30)
    read = clock.read()
    assert read.start_s == pytest.approx(900.0 - 0.5 + 0.05)
    assert read.error_s == pytest.approx(CLOCK_ERROR_S / np.sqrt(2) + 0.03)


def test_hours_take_no_more_memory_and_the_drift_is_of_all_of_them():
    clock = ArrivalClock()
    rng = np.random.default_rng(14)
    length_s = 6 * 3600
    time_s = np.arange(0, length_s, 0.25)
    delays_s = 0.04 + rng.exponential(0.01, len(time_s))
    for own_s, delay_s in zip(time_s.tolist(), delays_s.tolist(), strict=True):
        clock.add(own_s, own_s * (1 - 30e-6) + delay_s, own_s)
    assert len(clock._least) <= 400
    assert len(clock._kept) <= 20_000
    line = clock.read().line
    assert line.drift == pytest.approx(-30e-6, abs=0.5e-6)
    assert abs(line.drift + 30e-6) <= line.drift_error
