"""Two recordings compared: figures whose angles differ by numbers known by hand."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import ANGLES, CORE_ANGLES, SEGMENTS, Landmark, compute_expected_error
from posecore.alignment import align_by_moment, align_by_start
from posecore.angle_readings import read_angles, subtract_angles
from posecore.angles import compute_joint_angles
from posecore.clip_scene import compute_ground
from posecore.comparison import SCORE_FORMULA, compare, compute_score
from posecore.disturbances import add_gaps, add_noise
from posecore.errors import ComparisonError
from posecore.placement import mirror, place_landmarks
from posecore.signals import read_between
from posecore.synthetic import make_sequence, make_squats

TIME_S = np.arange(300) / 30
KNEE = "left_knee_flexion"
BEND = 45 * (1 - np.cos(np.pi * TIME_S))
METHODS = ("start", "event", "repetition", "warp")


def bend_knee(degrees, time_s=TIME_S, **others):
    return make_sequence({KNEE: degrees, **others}, time_s=time_s)


@pytest.mark.parametrize("by", METHODS)
@pytest.mark.parametrize("noise_m", [0.0, 0.02])
def test_a_session_against_itself_has_exactly_the_best_score(by, noise_m):
    sequence = add_noise(make_squats(), seed=0, world_sd_m=noise_m)
    found = compare(sequence, sequence, alignment=by, angles=ANGLES)
    assert found.score == 100
    assert (found.a_time_s == found.b_time_s).all()
    assert not found.difference_deg.fillna(0).to_numpy().any()
    assert not found.is_outside.to_numpy().any()
    assert not np.nan_to_num(found.deviation_m).any()
    assert found.table["timing_offset_s"].dropna().to_numpy() == pytest.approx(0, abs=1e-9)
    assert not found.table["is_outside"].fillna(False).any()


def test_a_constant_difference_is_found_everywhere():
    a, b = bend_knee(BEND), bend_knee(BEND + 9)
    found = compare(a, b, alignment="start")
    assert list(found.difference_deg.columns) == list(CORE_ANGLES)
    assert found.time_s == pytest.approx(TIME_S)
    assert found.difference_deg[KNEE].to_numpy() == pytest.approx(9, abs=1e-3)
    assert found.difference_deg.drop(columns=KNEE).to_numpy() == pytest.approx(0, abs=1e-3)
    row = found.table.loc[KNEE]
    assert row["mean_difference_deg"] == pytest.approx(9, abs=1e-3)
    assert row["mean_absolute_difference_deg"] == pytest.approx(9, abs=1e-3)
    assert row["a_range_deg"] == pytest.approx(90, abs=0.1)
    assert row["timing_offset_s"] == pytest.approx(0, abs=1e-6)
    # One of eight angles is off by a fifth of 45 degrees.
    assert found.score == pytest.approx(100 * (1 - 0.2 / 8), abs=0.01)


def test_the_largest_difference_has_its_sign_and_its_moment():
    dip = np.where(np.arange(300) == 120, -20.0, 0.0)
    found = compare(bend_knee(50 + 0 * BEND), bend_knee(50 + dip), alignment="start")
    assert found.table.loc[KNEE, "largest_difference_deg"] == pytest.approx(-20, abs=1e-3)
    assert found.table.loc[KNEE, "largest_at_s"] == pytest.approx(4.0)


def test_the_band_is_that_of_both_and_what_is_outside_is_marked():
    a, b = bend_knee(BEND), bend_knee(BEND.clip(0, 40))
    found = compare(a, b, alignment="start", angles=[KNEE, "trunk_twist"])
    errors = [compute_expected_error(each, [KNEE])[KNEE].to_numpy() for each in (a, b)]
    assert found.band_deg[KNEE].to_numpy() == pytest.approx(np.hypot(*errors))
    outside = np.abs(found.difference_deg[KNEE]) > found.band_deg[KNEE]
    assert (found.is_outside[KNEE] == outside).all()
    assert found.table.loc[KNEE, "outside_share"] == pytest.approx(outside.mean())
    assert found.table.loc[KNEE, "is_outside"] == (outside.mean() > 0.1)
    assert found.band_deg["trunk_twist"].isna().all()
    assert not found.is_outside["trunk_twist"].any()
    assert np.isnan(found.table.loc["trunk_twist", "outside_share"])
    assert found.table["is_outside"].isna().tolist() == [False, True]


def test_a_joint_that_comes_later_has_its_timing_offset():
    late = 45 * (1 - np.cos(np.pi * (TIME_S - 0.25)))
    a = bend_knee(BEND, left_elbow_flexion=BEND)
    b = bend_knee(late, left_elbow_flexion=BEND)
    found = compare(a, b, alignment="start").table["timing_offset_s"]
    assert found[KNEE] == pytest.approx(0.25, abs=0.01)
    assert found["left_elbow_flexion"] == pytest.approx(0, abs=1e-6)
    assert np.isnan(found["right_elbow_flexion"])  # it does not move
    assert compare(b, a, alignment="start").table["timing_offset_s"][KNEE] == pytest.approx(
        -0.25, abs=0.01
    )


def test_another_pace_is_no_difference_once_it_is_warped_away():
    slow_s = np.arange(360) / 36
    slow = bend_knee(45 * (1 - np.cos(np.pi * slow_s)), np.arange(360) / 30)
    assert compare(bend_knee(BEND), slow).score == pytest.approx(100, abs=0.2)
    assert compare(bend_knee(BEND), slow, alignment="start").score < 96


def test_the_score_is_what_its_formula_says():
    difference = np.array([[0.0, 45.0], [9.0, 90.0], [np.nan, -22.5]])
    assert compute_score(difference) == pytest.approx(100 * ((1 + 0.8) / 2 + 0.5 / 3) / 2)
    assert compute_score(np.zeros((5, 8))) == 100
    assert compute_score(np.full((5, 2), 300.0)) == 0
    assert compute_score(np.array([[1.0, np.nan]])) == pytest.approx(100 * (1 - 1 / 45))
    assert np.isnan(compute_score(np.full((3, 2), np.nan)))
    assert "min(|B - A|, 45°) / 45°" in SCORE_FORMULA


def test_what_has_no_counterpart_is_not_compared():
    long, short = make_squats(30), make_squats(10)
    found = compare(long, short, alignment="start")
    assert found.score == 100
    assert found.a_share == pytest.approx(1 / 3, abs=0.01)
    assert found.b_share == pytest.approx(1)
    assert found.time_s[-1] == pytest.approx(short.duration_s)


def test_both_clocks_are_there():
    a, b = make_squats(10), replace(make_squats(10), time_s=np.arange(300) / 30 + 100)
    found = compare(a, b, alignment=align_by_moment(a, b, a_s=0.0, b_s=102.0))
    assert found.a_time_s == pytest.approx(found.time_s)
    assert found.b_time_s == pytest.approx(found.time_s + 102)
    assert found.score == pytest.approx(100, abs=1e-3)


def test_an_alignment_made_before_is_used():
    a = make_squats(10)
    made = align_by_start(a, a)
    assert compare(a, a, alignment=made).alignment is made


# Mirror, size, ground


def test_a_left_handed_athlete_goes_with_a_right_handed_one_in_the_mirror():
    right = make_sequence({"right_elbow_flexion": BEND, "trunk_twist": BEND / 4}, time_s=TIME_S)
    left = make_sequence({"left_elbow_flexion": BEND, "trunk_twist": -BEND / 4}, time_s=TIME_S)
    angles = [*CORE_ANGLES, "trunk_twist"]
    found = compare(right, left, alignment="start", angles=angles, mirror=True)
    assert found.score == pytest.approx(100, abs=0.01)
    assert found.deviation_m == pytest.approx(0, abs=1e-5)
    assert compare(right, left, alignment="start", angles=angles).score < 80


def test_a_mirror_twice_is_the_recording():
    sequence = add_gaps(make_squats(2.0), seed=0, share=0.2, landmarks=[Landmark.LEFT_KNEE])
    twice = mirror(mirror(sequence))
    for name in ("image_landmarks", "world_landmarks", "visibility", "presence"):
        assert getattr(twice, name) == pytest.approx(getattr(sequence, name), nan_ok=True, abs=1e-6)
    assert [step.name for step in mirror(sequence).steps] == ["mirror"]


def test_the_deviation_is_in_metres_at_the_limb_that_differs():
    straight, bent = bend_knee(np.zeros(300)), bend_knee(np.full(300, 90.0))
    deviation_m = compare(straight, bent, alignment="start").deviation_m
    assert deviation_m.shape == (300, len(SEGMENTS))
    shank = SEGMENTS.index((Landmark.LEFT_KNEE, Landmark.LEFT_ANKLE))
    arm = SEGMENTS.index((Landmark.LEFT_SHOULDER, Landmark.LEFT_ELBOW))
    # The knee stays; the ankle goes a quarter round a circle of 0.42 m.
    assert deviation_m[:, shank] == pytest.approx(0.42 * np.sqrt(2) / 2, abs=1e-4)
    assert deviation_m[:, arm] == pytest.approx(0, abs=1e-6)


def test_a_larger_body_is_no_difference_once_both_are_of_one_size():
    a = make_squats()
    b = replace(a, world_landmarks=a.world_landmarks * np.float32(1.2))
    assert compare(a, b, alignment="start").deviation_m.max() > 0.1
    found = compare(a, b, alignment="start", same_size=True)
    assert found.deviation_m == pytest.approx(0, abs=1e-5)
    assert found.score == pytest.approx(100, abs=1e-3)


def test_on_the_ground_the_feet_go_together_and_the_hips_do_not():
    straight = make_sequence({}, time_s=TIME_S)
    both = {f"{side}_{motion}_flexion": 60.0 for side in ("left", "right") for motion in ("knee",)}
    bent = make_sequence({name: np.full(300, deg) for name, deg in both.items()}, time_s=TIME_S)
    hips = SEGMENTS.index((Landmark.LEFT_HIP, Landmark.RIGHT_HIP))
    assert compare(straight, bent, alignment="start").deviation_m[:, hips] == pytest.approx(0)
    placed = place_landmarks(bent, on_ground=True)
    assert placed[..., 1].max() == pytest.approx(0, abs=1e-6)
    lower_m = compute_ground(straight) - compute_ground(bent)
    on_ground = compare(straight, bent, alignment="start", on_ground=True)
    assert on_ground.deviation_m[:, hips] == pytest.approx(lower_m, abs=1e-5)


# Gaps and bad input


def test_gaps_stay_gaps():
    a, b = bend_knee(BEND), bend_knee(BEND)
    b = add_gaps(b, seed=0, share=0.3, run_frames=9, landmarks=[Landmark.LEFT_ANKLE])
    found = compare(a, b, alignment="start")
    missing = np.isnan(b.world_landmarks[:, Landmark.LEFT_ANKLE, 0])
    assert (found.b_deg[KNEE].isna() == missing).all()
    assert (found.difference_deg[KNEE].isna() == missing).all()
    assert not found.is_outside[KNEE][missing].any()
    shank = SEGMENTS.index((Landmark.LEFT_KNEE, Landmark.LEFT_ANKLE))
    assert (np.isnan(found.deviation_m[:, shank]) == missing).all()
    assert found.score == 100


@pytest.mark.parametrize("n_frames", [0, 1])
@pytest.mark.parametrize("by", METHODS)
def test_no_frame_or_one_is_a_sentence(n_frames, by):
    squats = make_squats()
    with pytest.raises(ComparisonError, match=r"recording B .* no movement .* another one\.$"):
        compare(squats, squats[:n_frames], alignment=by)
    with pytest.raises(ComparisonError, match="recording A "):
        compare(squats[:n_frames], squats, alignment=by)


def test_nobody_is_a_sentence():
    squats = make_squats()
    nobody = add_gaps(squats, seed=0, share=1.0)
    with pytest.raises(ComparisonError, match="In recording B nobody is seen"):
        compare(squats, nobody)


@pytest.mark.parametrize("by", ["start", "event", "warp"])
def test_two_frames_are_compared(by):
    squats = make_squats()
    for n_frames in (2, 3):
        short = squats[30 : 30 + n_frames]
        assert compare(short, short, alignment=by).score == 100
        assert 0 <= compare(squats, short, alignment=by).score <= 100


def test_no_angle_in_common_is_a_sentence():
    squats = make_squats()
    legs = [mark for mark in Landmark if mark.name.endswith(("KNEE", "HIP"))]
    arms = [mark for mark in Landmark if mark.name.endswith(("ELBOW", "SHOULDER"))]
    a = add_gaps(squats, seed=0, share=1.0, landmarks=legs)
    b = add_gaps(squats, seed=0, share=1.0, landmarks=arms)
    for by in ("start", "warp"):
        with pytest.raises(ComparisonError, match=r"No angle is known in both recordings"):
            compare(a, b, alignment=by)
    with pytest.raises(ComparisonError, match="No angle is known"):
        compare(squats, squats, angles=[])


def test_no_moment_in_common_is_a_sentence():
    squats = make_squats()
    ends = align_by_moment(squats, squats, a_s=0.0, b_s=squats.duration_s)
    with pytest.raises(ComparisonError, match="no two moments in common; choose another way"):
        compare(squats, squats, alignment=ends)


def test_a_size_that_cannot_be_measured_is_a_sentence():
    squats = make_squats()
    legless = add_gaps(squats, seed=0, share=1.0, landmarks=[Landmark.LEFT_KNEE, 26])
    with pytest.raises(ComparisonError, match="recording B is never seen from shoulder to ankle"):
        compare(squats, legless, alignment="start", same_size=True)


def test_an_unknown_angle_is_refused():
    with pytest.raises(KeyError):
        compare(make_squats(), make_squats(), angles=["tail_wag"])


# Readings between frames


def test_readings_between_frames_are_on_straight_lines_and_stop_at_holes():
    time_s = np.array([0.0, 0.1, 0.2, 1.0, 1.1])
    values = np.array([[0.0, 0.0], [1.0, np.nan], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]])
    wanted_s = np.array([-0.01, 0.0, 0.05, 0.1, 0.15, 0.2, 0.6, 1.0, 1.05, 1.1, 1.11])
    found = read_between(time_s, values, wanted_s, longest_step_s=0.25)
    nan = np.nan
    first = [nan, 0, 0.5, 1, 1.5, 2, nan, 3, 3.5, 4, nan]
    second = [nan, 0, nan, nan, nan, 2, nan, 3, 3.5, 4, nan]
    assert found[:, 0] == pytest.approx(first, nan_ok=True)
    assert found[:, 1] == pytest.approx(second, nan_ok=True)


def test_readings_of_no_frame_and_of_one():
    nothing = read_between(np.empty(0), np.empty((0, 2)), np.array([0.0]), longest_step_s=0.25)
    assert np.isnan(nothing).all()
    one = read_between(
        np.array([1.0]), np.array([[5.0]]), np.array([0.9, 1.0, 1.1]), longest_step_s=0.25
    )
    assert one[:, 0] == pytest.approx([np.nan, 5.0, np.nan], nan_ok=True)


def test_an_angle_that_goes_round_goes_the_short_way():
    twist = compute_joint_angles(make_sequence({}, time_s=[0.0, 0.1]), ["trunk_twist", KNEE])
    twist["trunk_twist"] = [179.0, -177.0]
    assert abs(read_angles(twist, np.array([0.05]))[0, 0]) == pytest.approx(179.0)
    apart = subtract_angles(
        np.array([-177.0, 10.0]), np.array([179.0, 350.0]), ["trunk_twist", KNEE]
    )
    assert apart == pytest.approx([4.0, -340.0])
