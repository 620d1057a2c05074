"""However clocks run and lines jump, two tracks are together within the stated error."""

from hypothesis import given, settings
from hypothesis import strategies as st

from posecore.capture.arrival_clock import CLOCK_ERROR_S, compare_clocks
from tests.unit.test_arrival_clock import listen, measure_miss

LENGTH_S = 1800.0
# Three minutes apart at least, and longer than an outage.
STEPS = st.lists(
    st.tuples(st.integers(1, 9).map(lambda tenth: tenth / 10), st.floats(-0.02, 0.1)),
    max_size=4,
    unique_by=lambda step: step[0],
)


@settings(max_examples=25, deadline=None)
@given(
    drift=st.floats(-80e-6, 80e-6),
    steps=STEPS,
    outage=st.tuples(st.floats(0, 0.95), st.floats(0, 0.05)),
    jitter_s=st.floats(0.001, 0.03),
    tail_s=st.floats(0, 0.1),
    seed=st.integers(0, 2**20),
)
def test_the_times_found_are_within_the_error(drift, steps, outage, jitter_s, tail_s, seed):
    begin, share = outage
    line = listen(
        seed,
        drift=drift,
        start_s=7.3,
        base_s=0.1,
        jitter_s=jitter_s,
        tail_s=tail_s,
        steps=steps,
        outages=[(begin, begin + share)],
    )
    found = compare_clocks(listen(seed + 1, start_s=5.0), line, LENGTH_S)
    # What a line takes at its best no arrival tells: 40 ms, and here 100 and what the steps make.
    edges = [0.0, *(share for share, _ in steps)]
    levels_s = [sum(step_s for share, step_s in steps if share <= edge) for edge in edges]
    offset_s = 7.3 - 5.0 + 0.1 - 0.04 + min(levels_s)
    miss_s = measure_miss(found, offset_s=offset_s, drift=drift)
    assert miss_s <= found.error_s
    if found.drift:
        assert abs(found.drift - drift) <= found.drift_error
        assert miss_s <= found.error_s - CLOCK_ERROR_S + 0.006
