"""What holds for every ghost: it follows any pace, lies on anybody, and its score is a score."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from posecore import OnlineWarping
from posecore.capture.ghost_placement import GhostPlacer
from posecore.capture.ghost_reference import GhostReference
from posecore.capture.ghost_score import RunningScore
from posecore.synthetic import make_squats
from tests.unit.test_ghost import SIZE, frame_at
from tests.unit.test_online_warping import FPS, WITHIN_FRAMES, film, follow

PACES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.4, 0.7, 1.0, 1.4, 2.0]), st.integers(10, 60)),
    min_size=2,
    max_size=6,
)
DIFFERENCES = arrays(
    np.float64,
    st.tuples(st.integers(1, 30), st.just(8)),
    elements=st.floats(-180, 180) | st.just(np.nan),
)


@pytest.fixture(scope="module")
def dance():
    return film(np.arange(25 * FPS) / FPS)


@settings(max_examples=15)
@given(paces=PACES)
def test_whatever_the_pace_it_is_followed(dance, paces):
    steps = np.concatenate([np.full(n_frames, pace / FPS) for pace, n_frames in paces])
    at_s = np.concatenate([[0.0], np.cumsum(steps)]).clip(max=24.0)
    found_s = follow(OnlineWarping(dance), film(at_s))
    assert np.abs(found_s - at_s).max() * FPS <= WITHIN_FRAMES + 1


@settings(max_examples=25)
@given(
    scale=st.floats(0.1, 2.0),
    x=st.floats(-0.5, 0.5),
    y=st.floats(-0.5, 0.5),
    placement=st.sampled_from(["hips", "feet"]),
)
def test_wherever_the_athlete_is_the_ghost_of_their_pose_lies_on_them(scale, x, y, placement):
    squats = make_squats(1.0)
    reference = GhostReference(squats)
    live = frame_at(squats, 15)
    image = np.array(live.image_landmarks)
    image[:, :2] = scale * image[:, :2] + (x, y)
    placer = GhostPlacer(reference, placement)
    placer.see(0.0, replace(live, image_landmarks=image), SIZE)
    found = placer.place(reference.read(float(squats.time_s[15])), SIZE)
    np.testing.assert_allclose(found, image[:, :2], atol=4e-3 * max(scale, 1))


@settings(max_examples=50)
@given(differences=DIFFERENCES)
def test_a_score_lies_between_0_and_100_and_falls_with_every_difference(differences):
    score, worse = RunningScore(), RunningScore()
    for number, row in enumerate(differences):
        score.add(number / FPS, row)
        worse.add(number / FPS, 1.5 * row)
    if np.isnan(differences).all():
        assert np.isnan(score.whole)
    else:
        assert 0 <= worse.whole <= score.whole <= 100
