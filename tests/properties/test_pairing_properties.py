"""Pairing, whatever is typed: nothing but the code passes, and nobody gets more than five tries."""

from hypothesis import assume, given
from hypothesis import strategies as st

from posecore.errors import PoseCoreError, TooManyRequestsError, WrongPairingCodeError
from posecore.pairing import (
    ALPHABET,
    CODE_LENGTH,
    TRIES,
    PairingDesk,
    find_place,
    is_this_computer,
    normalise,
)

codes = st.text(ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH)


@given(st.one_of(codes, st.text(), codes.map(str.lower)))
def test_random_codes_never_pass(text):
    desk = PairingDesk(lambda: 0.0)
    assume(normalise(text) != normalise(desk.code))
    try:
        desk.check(text, "192.168.1.30")
    except WrongPairingCodeError:
        return
    raise AssertionError("a wrong code passed")


@given(st.lists(st.tuples(st.sampled_from("ab"), codes, st.floats(0, 20)), max_size=60))
def test_nobody_ever_gets_more_than_five_tries_without_a_wait(tries):
    """Within any 30 s an address has at most five codes looked at."""
    clock = {"now_s": 0.0}
    desk = PairingDesk(lambda: clock["now_s"])
    looked_at = {"a": [], "b": []}
    for address, code, pause_s in tries:
        clock["now_s"] += pause_s
        before = dict(desk._wrong)
        try:
            desk.check(code, address)
        except PoseCoreError as error:
            assert isinstance(error, WrongPairingCodeError | TooManyRequestsError)
        if dict(desk._wrong) != before:
            looked_at[address].append(clock["now_s"])
    for moments in looked_at.values():
        for index, moment in enumerate(moments[TRIES:]):
            assert moment - moments[index + TRIES - 1] >= 30.0


@given(st.text(max_size=60))
def test_no_other_text_is_this_computers_address(text):
    assume(text not in ("127.0.0.1", "::1", "::ffff:127.0.0.1"))
    assert not is_this_computer(text, [])
    assert len(find_place(text)) <= 100
