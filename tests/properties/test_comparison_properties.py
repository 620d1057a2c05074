"""What must hold for every pair of movements, however they are brought together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from posecore import ANGLES, CORE_ANGLES, align
from posecore import compare as compare_strictly
from posecore.disturbances import add_gaps, add_noise
from posecore.errors import ComparisonError
from posecore.placement import mirror
from posecore.synthetic import make_sequence

BY = st.sampled_from(["start", "event", "warp"])
SEEDS = st.integers(0, 10_000)
OF_THE_BODY = [name for name in CORE_ANGLES if not ANGLES[name].depends_on_camera]


@st.composite
def recordings(draw):
    """Any movement of all joints, at any usual frame rate, with noise and gaps."""
    rng = np.random.default_rng(draw(SEEDS))
    fps = draw(st.sampled_from([15, 25, 30, 60]))
    time_s = np.arange(draw(st.integers(2, 120))) / fps
    angles = {}
    for name in CORE_ANGLES:
        rates_hz, phases = rng.uniform(0.1, 1.0, 4), rng.uniform(0, 2 * np.pi, 4)
        angles[name] = 80 + 15 * np.sin(2 * np.pi * np.outer(time_s, rates_hz) + phases).sum(axis=1)
    sequence = add_noise(make_sequence(angles, time_s=time_s), seed=1, world_sd_m=0.01)
    return add_gaps(sequence, seed=2, share=draw(st.sampled_from([0.0, 0.2])), run_frames=1)


def compare(a, b, *, alignment, **options):
    """Compare what can be: short ones with gaps may have no known moment in common."""
    try:
        return compare_strictly(a, b, alignment=alignment, **options)
    except ComparisonError as error:
        assert "no two moments in common" in str(error) or "at the same moment" in str(error)
        assume(False)


def turn(sequence, degrees):
    """Seen by a level camera somewhere else around the athlete."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    around_y = np.array([[cosine, 0, -sine], [0, 1, 0], [sine, 0, cosine]], dtype=np.float32)
    return replace(sequence, world_landmarks=sequence.world_landmarks @ around_y)


@settings(max_examples=15)
@given(recordings(), recordings(), BY)
def test_swapping_the_recordings_turns_the_signs_and_keeps_the_score(a, b, by):
    there, back = compare(a, b, alignment=by), compare(b, a, alignment=by)
    assert back.score == pytest.approx(there.score, abs=1e-6)
    assert back.a_time_s == pytest.approx(there.b_time_s, abs=1e-6)
    assert back.difference_deg.to_numpy() == pytest.approx(
        -there.difference_deg.to_numpy(), abs=1e-4, nan_ok=True
    )
    assert back.deviation_m == pytest.approx(there.deviation_m, abs=1e-6, nan_ok=True)


@settings(max_examples=15)
@given(recordings(), BY)
def test_every_recording_is_like_itself_and_nothing_is_more_alike(a, by):
    assert compare(a, a, alignment=by).score == 100


@settings(max_examples=15)
@given(recordings(), recordings(), BY)
def test_the_score_stays_within_its_bounds_and_no_number_is_made_up(a, b, by):
    found = compare(a, b, alignment=by)
    assert 0 <= found.score <= 100
    assert 0 <= found.a_share <= 1
    assert 0 <= found.b_share <= 1
    assert (np.diff(found.a_time_s) > 0).all()
    assert (np.diff(found.b_time_s) > 0).all()
    unknown = found.a_deg.isna() | found.b_deg.isna()
    assert (found.difference_deg.isna() == unknown).all(axis=None)


@settings(max_examples=15)
@given(recordings(), recordings(), st.floats(-180, 180), st.floats(-5, 5))
def test_where_the_camera_stands_and_where_the_athlete_is_change_no_difference(
    a, b, degrees, offset_m
):
    moved = turn(b, degrees)
    moved = replace(moved, world_landmarks=moved.world_landmarks + np.float32(offset_m))
    names = OF_THE_BODY
    there = compare(a, b, alignment="start", angles=names)
    found = compare(a, moved, alignment="start", angles=names)
    assert found.difference_deg.to_numpy() == pytest.approx(
        there.difference_deg.to_numpy(), abs=0.01, nan_ok=True
    )
    assert found.score == pytest.approx(there.score, abs=0.01)


@settings(max_examples=15)
@given(recordings(), recordings(), st.floats(-5, 5), st.booleans())
def test_where_the_athlete_is_changes_no_deviation(a, b, offset_m, on_ground):
    moved = replace(b, world_landmarks=b.world_landmarks + np.float32(offset_m))
    there = compare(a, b, alignment="start", on_ground=on_ground)
    found = compare(a, moved, alignment="start", on_ground=on_ground)
    assert found.deviation_m == pytest.approx(there.deviation_m, abs=1e-4, nan_ok=True)


@settings(max_examples=15)
@given(recordings(), recordings(), BY)
def test_both_in_the_mirror_are_as_far_apart_as_both_without(a, b, by):
    there = compare(a, b, alignment=by)
    found = compare(mirror(a), mirror(b), alignment=by)
    assert found.score == pytest.approx(there.score, abs=0.01)
    swapped = [
        f"right{name[4:]}" if name[:4] == "left" else f"left{name[5:]}" for name in OF_THE_BODY
    ]
    assert found.difference_deg[swapped].to_numpy() == pytest.approx(
        there.difference_deg[OF_THE_BODY].to_numpy(), abs=0.1, nan_ok=True
    )


@settings(max_examples=15)
@given(recordings(), recordings(), BY)
def test_a_moment_there_and_back_is_the_same_moment(a, b, by):
    made = align(a, b, by)
    inside = np.linspace(made.a_time_s[0], made.a_time_s[-1], 23)
    assert made.to_a(made.to_b(inside)) == pytest.approx(inside, abs=1e-6)
    assert (np.diff(made.to_b(inside)) > 0).all()
