"""What a token may do, and what it is told when it may not."""

import pytest

from posecore.errors import NotAllowedError
from posecore.identity import LOCAL_IDENTITY, SCOPES, Identity


@pytest.mark.parametrize("scope", SCOPES)
def test_who_sits_at_the_computer_may_do_everything(scope):
    LOCAL_IDENTITY.require(scope)


def test_a_token_may_do_only_what_it_was_made_for():
    reader = Identity(owner="local", scopes=frozenset({"read"}))
    reader.require("read")
    with pytest.raises(NotAllowedError, match="make one with the scope 'write' in Settings"):
        reader.require("write")
