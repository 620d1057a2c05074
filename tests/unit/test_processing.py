"""Which landmarks are looked at."""

import pytest

from posecore.errors import InvalidOptionError
from posecore.processing import process
from posecore.synthetic import make_squats


def test_what_was_recorded_is_given_back_as_it_is():
    squats = make_squats(1.0)
    assert process(squats, "recorded") is squats


@pytest.mark.parametrize("processing", ["cleaned", "refined"])
def test_what_was_done_is_said(processing):
    squats = make_squats(2.0)
    names = [step.name for step in process(squats, processing).steps]
    assert len(names) >= 2
    assert ("refine" in names[-1]) == (processing == "refined")
    assert squats.steps == ()


def test_there_is_no_other():
    with pytest.raises(InvalidOptionError, match="not 'polished'"):
        process(make_squats(1.0), "polished")
