"""The player's scripts, joined into one file for the browser."""

import re
from collections import Counter

import pytest

from pages.components.joined_scripts import join_modules
from pages.components.live_panel import FOLDER as PANEL
from pages.components.player.scripts import FOLDER, bundle, read_script

DEFINITION = re.compile(r"^(?:const|let|class|function|async function) (\w+)", re.MULTILINE)


ENTRIES = ("streamlit", "offline")


def test_every_module_is_in_the_bundle_once_and_behind_what_it_imports():
    joined = bundle("streamlit")
    for path in FOLDER.glob("*.js"):
        for name in re.findall(r"^export (?:async )?\w+ (\w+)", path.read_text(), re.MULTILINE):
            if path.stem not in ENTRIES:
                assert len(re.findall(rf"^(?:async )?\w+ {name}\b", joined, re.MULTILINE)) == 1
    assert joined.index("function el(") < joined.index("class Clock") < joined.index("class Player")


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_bundle_has_no_import_and_no_name_twice(entry):
    joined = bundle(entry)
    assert not re.search(r"^(import|export)\b", joined, re.MULTILINE)
    assert [name for name, count in Counter(DEFINITION.findall(joined)).items() if count > 1] == []


def test_the_live_panel_is_one_script_with_no_name_twice():
    joined = join_modules(PANEL, "panel")
    assert re.findall(r"^(?:import|export)\b.*", joined, re.MULTILINE) == [
        "export default function (component) {"
    ]
    assert [name for name, count in Counter(DEFINITION.findall(joined)).items() if count > 1] == []


def test_only_scripts_are_given_out():
    assert read_script("../../../data/posecore.duckdb", is_compressed=False) is None
    assert read_script("page.js", is_compressed=False) is None
    player = read_script("player.js", is_compressed=False).rstrip()
    assert player.endswith(b"export { loadPlotly, show };")
