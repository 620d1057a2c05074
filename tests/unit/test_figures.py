"""Figures for notebooks and cards: what they show, and how left and right are told apart."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from posecore import ANGLES, CORE_ANGLES, Landmark, PoseFrame, PoseSequence, compute_joint_angles
from posecore.figures.angle_chart import _get_angles_info, make_angles_figure
from posecore.figures.skeleton import _get_skeleton_info, make_skeleton_figure
from posecore.figures.thumbnail import make_thumbnail_svg
from posecore.synthetic import make_sequence, make_squats
from posecore.topology import SEGMENTS_BY_SIDE

LEFT, RIGHT, MIDDLE = "#0072B2", "#D55E00", "#8A8F98"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def squats():
    """One second of squats."""
    return make_squats(duration_s=1.0)


@pytest.fixture
def nobody():
    """Two frames with nobody in them."""
    return PoseSequence.from_frames(
        [PoseFrame.empty(0.0), PoseFrame.empty(0.1)], image_size=(640, 360)
    )


def without(sequence, *landmarks):
    world = np.array(sequence.world_landmarks)
    world[:, list(landmarks)] = np.nan
    return replace(sequence, world_landmarks=world)


# Skeleton


def test_the_scene_is_x_right_y_away_z_up(squats):
    info = _get_skeleton_info(squats, 7)
    x, y, z = squats.world_landmarks[7, Landmark.LEFT_WRIST].astype(float)
    assert info.points_m[Landmark.LEFT_WRIST].tolist() == [x, z, -y]
    assert info.points_m[Landmark.NOSE, 2] > info.points_m[Landmark.LEFT_ANKLE, 2]


def test_each_segment_is_a_line_of_its_own(squats):
    info = _get_skeleton_info(squats, 0)
    for side, segments in SEGMENTS_BY_SIDE.items():
        line = info.lines_m[side].reshape(len(segments), 3, 3)
        for (start, end), (from_m, to_m, pen_up) in zip(segments, line, strict=True):
            np.testing.assert_array_equal(from_m, info.points_m[start])
            np.testing.assert_array_equal(to_m, info.points_m[end])
            assert np.isnan(pen_up).all()


def test_left_and_right_differ_in_colour_and_in_line(squats):
    figure = make_skeleton_figure(squats)
    looks = {trace.name: (trace.line.color, trace.line.dash) for trace in figure.data[:3]}
    assert looks == {"left": (LEFT, "solid"), "right": (RIGHT, "dash"), "middle": (MIDDLE, "solid")}
    colours = figure.data[3].marker.color
    assert (colours[Landmark.LEFT_KNEE], colours[Landmark.RIGHT_KNEE]) == (LEFT, RIGHT)
    assert colours[Landmark.NOSE] == MIDDLE
    assert figure.data[3].text[Landmark.LEFT_KNEE] == "left knee"


def test_the_camera_stands_where_the_real_one_stood(squats):
    eye = make_skeleton_figure(squats).layout.scene.camera.eye
    assert eye.y < 0 == eye.x  # y is away from the camera


def test_all_frames_share_axes_that_hold_the_whole_recording(squats):
    ranges = {tuple(make_skeleton_figure(squats, i).layout.scene.xaxis.range) for i in (0, 15, -1)}
    assert len(ranges) == 1
    [(low, high)] = ranges
    assert -low == high >= np.abs(squats.world_landmarks).max()
    assert make_skeleton_figure(squats).layout.scene.aspectmode == "cube"


def test_frames_are_counted_from_either_end(squats):
    last = make_skeleton_figure(squats, -1)
    np.testing.assert_array_equal(last.data[3].x, make_skeleton_figure(squats, 29).data[3].x)
    assert last.layout.title.text == "Frame 29, 0.97 s"


@pytest.mark.parametrize("frame", [30, -31])
def test_a_frame_that_is_not_there_is_refused(squats, frame):
    with pytest.raises(IndexError, match=f"no frame {frame}: this recording has 30"):
        make_skeleton_figure(squats, frame)


def test_an_empty_recording_has_no_frame():
    with pytest.raises(IndexError, match="has 0"):
        make_skeleton_figure(make_sequence(time_s=[]))


def test_nobody_is_said_and_drawn_as_nothing(nobody):
    figure = make_skeleton_figure(nobody)
    assert "nobody in view" in figure.layout.title.text
    assert all(np.isnan(trace.x).all() for trace in figure.data)


# Angles


def test_each_joint_has_a_panel_with_left_and_right(squats):
    info = _get_angles_info(squats, None)
    assert [panel.title for panel in info.panels] == [
        "Elbow flexion",
        "Shoulder elevation",
        "Hip flexion",
        "Knee flexion",
    ]
    for panel in info.panels:
        assert [curve.side for curve in panel.curves] == ["left", "right"]


def test_curves_are_the_angles_of_the_library_over_measured_time():
    sequence = make_sequence({"left_knee_flexion": [10, 50, 90]}, time_s=[0.0, 0.1, 0.7])
    figure = make_angles_figure(sequence, ["left_knee_flexion", "right_knee_flexion"])
    left, right = figure.data
    np.testing.assert_array_equal(left.x, sequence.time_s)
    np.testing.assert_array_equal(left.y, compute_joint_angles(sequence)["left_knee_flexion"])
    assert (left.line.color, left.line.dash) == (LEFT, "solid")
    assert (right.line.color, right.line.dash) == (RIGHT, "dash")


def test_a_gap_stays_a_gap(squats):
    figure = make_angles_figure(without(squats, Landmark.LEFT_ANKLE), ["left_knee_flexion"])
    assert np.isnan(figure.data[0].y).all()
    assert figure.data[0].connectgaps is False


def test_panels_share_one_time_axis_and_one_scale(squats):
    layout = make_angles_figure(squats).layout
    assert [layout[f"xaxis{i}"].matches for i in (2, 3, 4)] == ["x4", "x4", None]
    assert {tuple(layout[f"yaxis{i}"].range) for i in ("", 2, 3, 4)} == {(0, 180)}


def test_an_angle_of_the_middle_has_a_panel_of_its_own_with_room_below_zero(squats):
    figure = make_angles_figure(squats, ["left_hip_abduction", "trunk_twist"])
    assert [annotation.text for annotation in figure.layout.annotations] == [
        "Hip abduction",
        "Trunk twist",
    ]
    assert figure.layout.yaxis.range == (-90, 90)
    assert figure.layout.yaxis2.range == (-180, 180)
    assert figure.data[1].line.color == MIDDLE
    assert legend(figure) == ["left", "middle"]


def test_the_legend_names_each_side_once(squats):
    assert legend(make_angles_figure(squats)) == ["left", "right"]
    unpaired = ["left_elbow_flexion", "right_knee_flexion"]
    assert legend(make_angles_figure(squats, unpaired)) == ["left", "right"]


def legend(figure):
    return [trace.name for trace in figure.data if trace.showlegend]


def test_the_core_angles_are_shown_unless_others_are_asked_for(squats, nobody):
    assert len(make_angles_figure(squats).data) == len(CORE_ANGLES)
    assert len(make_angles_figure(nobody, ANGLES).data) == len(ANGLES)
    assert make_angles_figure(squats, []).data == ()
    with pytest.raises(KeyError):
        make_angles_figure(squats, ["left_ear_flexion"])


# Thumbnail


def parse(svg):
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    return root


def drawn_points(root):
    for path in root.iter(f"{SVG}path"):
        for pair in path.get("d").replace("M", "|").replace("L", "|").split("|")[1:]:
            yield tuple(map(float, pair.split()))


def test_the_picture_is_a_small_figure_inside_its_frame(squats):
    svg = make_thumbnail_svg(squats)
    root = parse(svg)
    assert root.get("viewBox") == "0 0 100 100"
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{t}" for t in ("svg", "circle", "path")
    }
    points = list(drawn_points(root))
    assert all(0 <= value <= 100 for point in points for value in point)
    assert max(y for _, y in points) - min(y for _, y in points) > 50
    assert len(svg) < 3000


def test_sides_keep_their_colours_and_lines(squats):
    looks = {p.get("stroke"): p.get("stroke-dasharray") for p in parse(make_thumbnail_svg(squats))}
    assert set(looks) == {LEFT, RIGHT, MIDDLE}
    assert looks[RIGHT]
    assert not looks[LEFT]


def test_it_is_seen_from_the_camera():
    """The athlete's left is on the picture's right, the head is up."""
    root = parse(make_thumbnail_svg(make_sequence(time_s=[0.0])))
    [head] = root.iter(f"{SVG}circle")
    [left] = [path for path in root.iter(f"{SVG}path") if path.get("stroke") == LEFT]
    assert float(left.get("d")[1:].split()[0]) > float(head.get("cx"))
    assert float(head.get("cy")) < min(y for _, y in drawn_points(root))


def test_the_widest_pose_is_chosen_but_not_a_single_failure():
    """Twenty frames standing, twenty with an arm up, one in which the estimator went wild."""
    elevation = np.r_[np.zeros(20), np.full(20, 175.0), 0.0]
    sequence = make_sequence({"left_shoulder_elevation": elevation}, time_s=np.arange(41.0))
    world = np.array(sequence.world_landmarks)
    world[40] *= 20
    chosen = make_thumbnail_svg(replace(sequence, world_landmarks=world))
    arm_up = make_sequence({"left_shoulder_elevation": [175.0]}, time_s=[0.0])
    assert chosen == make_thumbnail_svg(arm_up)
    assert chosen != make_thumbnail_svg(make_sequence(time_s=[0.0]))


def test_missing_landmarks_are_left_out(squats):
    svg = make_thumbnail_svg(without(squats, Landmark.LEFT_ANKLE, Landmark.NOSE))
    assert "nan" not in svg
    assert not list(parse(svg).iter(f"{SVG}circle"))
    assert len(list(drawn_points(parse(svg)))) < len(
        list(drawn_points(parse(make_thumbnail_svg(squats))))
    )


def test_nobody_makes_an_empty_picture(nobody):
    for sequence in (nobody, make_sequence(time_s=[])):
        root = parse(make_thumbnail_svg(sequence))
        assert len(root) == 0
        assert root.get("viewBox")


def test_all_landmarks_in_one_spot_are_no_trouble(squats):
    svg = make_thumbnail_svg(replace(squats, world_landmarks=np.zeros((30, 33, 3))))
    assert "nan" not in svg
    assert "inf" not in svg
