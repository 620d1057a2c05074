"""The player's scripts as one module: all of them share one scope."""

import re
from collections import Counter

import pytest

from pages.components.player.scripts import bundle

DECLARED = re.compile(r"^(?:const|let|class|function|async function) (\w+)", re.MULTILINE)


@pytest.mark.parametrize("entry", ["streamlit", "offline"])
def test_no_name_is_defined_twice(entry):
    names = Counter(DECLARED.findall(bundle(entry)))
    assert len(names) > 100
    assert [name for name, count in names.items() if count > 1] == []
