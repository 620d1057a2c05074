"""What must hold for every view of a clip: a camera turns, and never stretches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posecore.clip_scene import ClipView, Room, make_camera, project

ROOM = Room(reach_m=1.0, bottom_m=-1.0, top_m=1.0)
SIZE = (400, 400)
DISTANCE = 0.54 / np.tan(np.pi / 8) + 0.3


@given(
    azimuth=st.floats(-360, 360),
    elevation=st.floats(-89, 89),
    place=st.tuples(*[st.floats(-1, 1)] * 3),
)
def test_every_view_keeps_the_middle_and_turns_without_stretching(azimuth, elevation, place):
    camera = make_camera(ClipView(azimuth_deg=azimuth, elevation_deg=elevation), ROOM, SIZE)
    np.testing.assert_allclose(camera.axes @ camera.axes.T, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(project((0, 0, 0), camera)[:2], (200, 200), atol=1e-6)
    depth = project(place, camera)[2]
    assert depth == pytest.approx(DISTANCE + camera.axes[2] @ np.array(place) / 2, abs=1e-9)
