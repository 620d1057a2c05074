"""Goals: what four of them cost a live frame, and counting one in an hour of recording afterwards.

Run with ``python -m benchmarks.live_goals``. Frames are made: what the athlete does costs nothing.
"""

import tempfile
import time

import numpy as np

from benchmarks.common import Row, print_table
from benchmarks.timing import measure_median_s
from posecore import Goal, PoseFrame, PoseSequence, Settings, measure_goal, open_store
from posecore.capture.canvas import Canvas
from posecore.capture.live_goals import LiveGoals
from posecore.capture.live_part import LiveMoment
from posecore.synthetic import make_squats

SIZE = (640, 360)
FRAME_S = 1 / 30
N_FRAMES = 900
HOUR_S = 3600.0
GOALS = (
    Goal(angle="right_knee_flexion", kind="at_least", low_deg=80),
    Goal(angle="left_knee_flexion", kind="at_most", high_deg=20),
    Goal(angle="left_hip_flexion", kind="within", low_deg=40, high_deg=60),
    Goal(angle="trunk_lean", kind="at_most", high_deg=20),
)


def main() -> None:
    """Measure and print."""
    frame_s = measure_frame_s()
    hour = make_squats(HOUR_S)
    hour_s = measure_median_s(lambda: measure_goal(hour, GOALS[0]))
    print_table(
        f"Goals, {len(GOALS)} at {SIZE[0]}x{SIZE[1]}",
        [
            Row(
                "time a frame, counted and drawn",
                f"{frame_s * 1e3:.2f} ms",
                f"a frame of 30 a second {FRAME_S * 1e3:.1f} ms",
                frame_s / FRAME_S,
                0.05,
                "at most",
            ),
            Row(
                "one goal in an hour of recording",
                f"{hour_s:.2f} s",
                "a second",
                hour_s,
                1.0,
                "at most",
            ),
        ],
    )


def measure_frame_s() -> float:
    """Median seconds of one frame: the readings, the counting and the drawing of four goals."""
    squats = make_squats(10.0)
    picture = np.full((SIZE[1], SIZE[0], 3), 120, dtype=np.uint8)
    canvas = Canvas(picture)
    times = []
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(Settings.from_env({"POSECORE_DATA": folder}).database) as store,
    ):
        goals = LiveGoals(store)
        goals.choose(GOALS)
        for number in range(N_FRAMES):
            moment = make_moment(squats, number, picture)
            start_s = time.perf_counter()
            goals.see(moment)
            goals.draw_above(canvas)
            times.append(time.perf_counter() - start_s)
    return float(np.median(times))


def make_moment(sequence: PoseSequence, number: int, picture: np.ndarray) -> LiveMoment:
    """Make the nth frame of somebody who does squats without an end."""
    row = number % len(sequence)
    frame = PoseFrame(
        time_s=number * FRAME_S,
        image_landmarks=sequence.image_landmarks[row],
        world_landmarks=sequence.world_landmarks[row],
        visibility=sequence.visibility[row],
        presence=sequence.presence[row],
    )
    return LiveMoment(
        frame=frame,
        calm=frame,
        frame_number=number,
        image_size=SIZE,
        frame_rgb=picture,
        arrived_s=frame.time_s,
    )


if __name__ == "__main__":
    main()
