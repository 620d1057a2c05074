"""What the drawn people of the benchmark do, as far as it needs no download."""

import numpy as np
import pytest

from benchmarks import rendered_people
from benchmarks.rendered_body import align, rotate

TIME_S = np.arange(90) / 30


@pytest.mark.parametrize("name", rendered_people._MOVEMENTS)
def test_no_joint_leaves_its_limits_and_the_same_seed_moves_the_same(name):
    poses = rendered_people._move(np.random.default_rng(3), name, TIME_S)
    again = rendered_people._move(np.random.default_rng(3), name, TIME_S)
    for joint, (low, high) in rendered_people._LIMITS_DEG.items():
        for side in [key for key in poses if key.removesuffix("_l").removesuffix("_r") == joint]:
            assert poses[side].min() >= low
            assert poses[side].max() <= high
            assert (poses[side] == again[side]).all()


def test_a_limb_that_was_made_straight_hangs_down():
    direction = np.array([0.3, -0.5, 0.2])
    assert align(direction) @ direction == pytest.approx([0, -np.linalg.norm(direction), 0])
    assert rotate("x", 90.0) @ [0, -1, 0] == pytest.approx([0, 0, -1])


def test_a_camera_looks_at_the_person_and_its_truth_lies_where_it_is_drawn():
    random = np.random.default_rng(0)
    camera = rendered_people._place_camera(random, 30.0)
    assert camera.rotation @ camera.rotation.T == pytest.approx(np.eye(3))
    bones = (*rendered_people._JOINT_OF.values(), "ball")
    places = {f"{bone}_{side}": np.zeros(3) for bone in bones for side in "lr"}
    truth = rendered_people._find_truth([places], camera)[0]
    known = truth[~np.isnan(truth).any(axis=1)]
    assert len(known) == 12
    assert known[:, 2] == pytest.approx(np.linalg.norm(camera.position_m), rel=0.05)
    assert np.abs(known[:, :2] / known[:, 2:]).max() < 0.2
