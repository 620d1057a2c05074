"""The centre of mass, against answers known by hand."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import Landmark
from posecore.centre_of_mass import MASS_SHARES, compute_centre_of_mass
from posecore.synthetic import make_squats
from posecore.topology import MIRROR_INDEX


def at(world):
    sequence = make_squats(1.0)[: len(world)]
    return compute_centre_of_mass(replace(sequence, world_landmarks=np.float32(world)))


def test_the_shares_are_a_whole_body_and_the_same_on_both_sides():
    assert MASS_SHARES.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(MASS_SHARES, MASS_SHARES[list(MIRROR_INDEX)])


def test_all_landmarks_in_one_place_have_their_centre_there():
    np.testing.assert_allclose(at(np.full((1, 33, 3), [1.0, -2.0, 3.0])), [[1, -2, 3]], atol=1e-6)


def test_a_raised_hand_lifts_it_by_the_hands_share():
    world = np.zeros((2, 33, 3))
    world[1, Landmark.LEFT_INDEX, 1] = -1.0
    lifted = at(world)
    assert lifted[0, 1] - lifted[1, 1] == pytest.approx(0.006 * 0.506)


def test_what_carries_no_mass_may_be_missing_and_the_rest_may_not():
    world = np.zeros((2, 33, 3))
    world[0, Landmark.NOSE] = np.nan
    world[1, Landmark.RIGHT_KNEE] = np.nan
    assert np.isnan(at(world)).tolist() == [[False] * 3, [True] * 3]
