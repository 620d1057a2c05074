"""Repetitions laid over one another: squats whose depths are known by hand."""

import numpy as np
import pytest

from posecore import CORE_ANGLES, OUTLIER_RULE, Landmark, compute_repetition_profile
from posecore.disturbances import add_gaps, add_noise
from posecore.errors import ComparisonError
from posecore.synthetic import make_sequence, make_squats

KNEE = "left_knee_flexion"


def squats(depths_deg):
    """One squat of two seconds for each depth."""
    phase = np.arange(60) / 60
    bend = np.concatenate([depth / 2 * (1 - np.cos(2 * np.pi * phase)) for depth in depths_deg])
    both = {
        f"{side}_{motion}": np.append(bend, 0.0)
        for side in ("left", "right")
        for motion in ("hip_flexion", "knee_flexion")
    }
    return make_sequence(both, time_s=np.arange(len(bend) + 1) / 30)


def test_each_repetition_runs_from_0_to_100_percent():
    found = compute_repetition_profile(make_squats(10.0))
    assert [each.number for each in found.repetitions] == [1, 2, 3, 4, 5]
    assert {each.recording for each in found.repetitions} == {0}
    assert found.curves_deg.shape == (5, 101, 8)
    assert list(found.mean_deg.columns) == list(CORE_ANGLES)
    assert found.mean_deg.index.name == "percent"
    percent = np.arange(101)
    expected = 45 * (1 - np.cos(2 * np.pi * percent / 100))
    assert found.mean_deg[KNEE].to_numpy() == pytest.approx(expected, abs=2)
    assert found.sd_deg[KNEE].max() < 2
    assert found.outliers == ()


def test_mean_and_spread_are_those_of_the_repetitions():
    depths = [80.0, 90.0, 100.0, 90.0]
    found = compute_repetition_profile(squats(depths), [KNEE])
    assert len(found.repetitions) == 4
    assert found.mean_deg.loc[50, KNEE] == pytest.approx(90, abs=0.5)
    assert found.sd_deg.loc[50, KNEE] == pytest.approx(np.std(depths, ddof=1), abs=0.5)
    assert found.sd_deg.loc[0, KNEE] < 1


def test_the_odd_one_is_named_and_left_out_of_the_mean():
    depths = [90, 88, 91, 60, 92, 89, 90]
    found = compute_repetition_profile(squats(depths))
    assert [(each.recording, each.number) for each in found.outliers] == [(0, 4)]
    assert found.worst is found.repetitions[3]
    assert found.mean_deg.loc[50, KNEE] == pytest.approx(90, abs=0.5)
    assert found.best.number in (1, 7)
    assert found.worst.distance_deg > 5 > found.best.distance_deg
    assert "3.5" in OUTLIER_RULE
    assert "2°" in OUTLIER_RULE


def test_three_repetitions_are_too_few_to_name_one():
    found = compute_repetition_profile(squats([90, 60, 90]))
    assert len(found.repetitions) == 3
    assert not found.outliers


def test_several_recordings_are_laid_over_one_another():
    standing = make_sequence({}, time_s=np.arange(90) / 30)
    found = compute_repetition_profile(
        [squats([90, 90]), standing, add_noise(squats([90, 90, 50]), seed=0, world_sd_m=0.002)]
    )
    counted = [(each.recording, each.number) for each in found.repetitions]
    assert counted == [(0, 1), (0, 2), (2, 1), (2, 2), (2, 3)]
    assert [(each.recording, each.number) for each in found.outliers] == [(2, 3)]
    inside = found.worst.repetition
    assert (inside.start_s, inside.end_s) == pytest.approx((4.0, 6.0), abs=0.2)


def test_gaps_stay_gaps_and_an_angle_never_seen_is_missing():
    sequence = add_gaps(squats([90, 90, 90]), seed=0, share=1.0, landmarks=[Landmark.LEFT_ANKLE])
    found = compute_repetition_profile(sequence)
    assert found.mean_deg[KNEE].isna().all()
    assert found.sd_deg[KNEE].isna().all()
    assert found.mean_deg["right_knee_flexion"].notna().all()
    assert np.isfinite([each.distance_deg for each in found.repetitions]).all()
    alone = compute_repetition_profile(sequence, [KNEE])
    assert np.isnan([each.distance_deg for each in alone.repetitions]).all()
    assert not alone.outliers
    assert alone.best in alone.repetitions
    assert alone.worst in alone.repetitions


@pytest.mark.parametrize("n_frames", [0, 1, 2, 30])
def test_nothing_repeated_is_a_sentence(n_frames):
    with pytest.raises(ComparisonError, match=r"Nothing is repeated .* one movement\.$"):
        compute_repetition_profile(make_squats()[:n_frames])


def test_nobody_and_nothing_chosen_are_sentences():
    nobody = add_gaps(make_squats(), seed=0, share=1.0)
    for nothing in (nobody, [nobody, nobody], []):
        with pytest.raises(ComparisonError, match="Nothing is repeated in what was chosen"):
            compute_repetition_profile(nothing)


def test_an_unknown_angle_is_refused():
    with pytest.raises(KeyError):
        compute_repetition_profile(make_squats(), ["tail_wag"])
