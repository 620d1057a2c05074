"""What must hold whatever comes: within the limits, in order, every frame kept or counted."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from posecore.capture.rolling_buffer import RollingBuffer
from tests.unit.test_recorder import make_frame

SIZES = [(4, 8), (6, 8)]
PICTURES = [np.zeros((*size, 3), dtype=np.uint8) for size in SIZES]
STEPS = st.floats(0, 0.2) | st.floats(-3, 3) | st.just(0.0)
COMING = st.tuples(STEPS, st.integers(0, 1), st.booleans(), st.integers(0, 3))


@settings(max_examples=150)
@given(
    st.lists(COMING, max_size=60),
    st.floats(0.1, 5.0),
    st.integers(1_000, 200_000),
    st.floats(0, 3),
)
def test_within_its_limits_in_order_and_every_frame_kept_or_counted(
    coming, seconds, max_bytes, asked_s
):
    buffer = RollingBuffer(max_bytes=max_bytes)
    buffer.seconds = seconds
    now_s, waiting = 10.0, []
    for number, (step_s, size, keeps_pictures, n_packed) in enumerate(coming):
        now_s += step_s
        buffer.keeps_pictures = keeps_pictures
        added = buffer.add(make_frame(now_s), make_frame(now_s), number, PICTURES[size])
        waiting += [added] if added is not None else []
        for each in waiting[:n_packed]:
            buffer.pack(each)
        del waiting[:n_packed]
        kept = buffer.get_last(seconds).frames
        assert 0 <= buffer.n_bytes <= max_bytes
        assert buffer.n_frames + buffer.n_forgotten + buffer.n_refused == number + 1
        if added is not None and kept:
            assert kept[-1] is added
            assert added.time_s - kept[0].time_s <= seconds + 1e-9
        times_s = [each.time_s for each in kept]
        numbers = [each.frame_number for each in kept]
        assert (np.diff(times_s) > 0).all() and (np.diff(numbers) > 0).all()
        assert len({each.image_size for each in kept}) <= 1
        assert len(buffer.get_last(asked_s).frames) <= len(kept) or asked_s > seconds
    for each in waiting:
        buffer.pack(each)
    buffer.clear()
    assert buffer.n_bytes == 0


@settings(max_examples=100)
@given(st.lists(st.floats(0.001, 0.5), min_size=1, max_size=80), st.floats(0.1, 20))
def test_what_was_seen_a_given_time_ago_is_found_exactly(steps_s, ago_s):
    buffer = RollingBuffer()
    buffer.keeps_pictures = True
    times_s = np.cumsum(steps_s)
    for number, time_s in enumerate(times_s):
        buffer.pack(buffer.add(make_frame(time_s), make_frame(time_s), number, PICTURES[0]))
        found = buffer.find(time_s - ago_s)
        old_enough = times_s[: number + 1][times_s[: number + 1] <= time_s - ago_s]
        assert (found.time_s if found else None) == (old_enough[-1] if len(old_enough) else None)
    assert buffer.n_without_picture == 0
