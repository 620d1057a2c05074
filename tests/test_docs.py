"""What the README says is true."""

import re
from pathlib import Path

import pytest

from posecore import cli, open_store
from posecore.formats.catalogue import FORMATS, IMPORT_ENDINGS
from posecore.synthetic import make_squats
from scripts.update_readme import README, with_angle_table

ROOT = README.parent
TEXT = README.read_text(encoding="utf-8")


def test_the_table_of_angles_is_the_one_in_the_code():
    assert with_angle_table(TEXT) == TEXT, "run python -m scripts.update_readme"


def test_the_python_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with open_store("data/posecore.duckdb") as store:
        session_id = store.create_session(name="Squats", source="sample")
        store.append_frames(session_id, make_squats())
        store.finish_session(session_id)
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    assert float(capsys.readouterr().out) == pytest.approx(90.0, abs=0.1)
    assert len(names["figure"].data) == 8


def test_every_format_is_documented():
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|", TEXT, re.MULTILINE))
    for name, file_format in FORMATS.items():
        held = re.findall(r"`([a-z]+)`", rows[name])
        assert tuple(held) == file_format.holds or held == ["csv"]
    assert not set(IMPORT_ENDINGS) - set(re.findall(r"`\.?([a-z0-9]+)`", TEXT))


def test_every_command_is_documented():
    commands = re.findall(r"python -m posecore ([a-z-]+)", TEXT)
    (parsers,) = [each for each in cli._make_parser()._actions if each.choices]
    assert set(parsers.choices) == set(commands)


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)]+)\)", TEXT))
def test_every_link_leads_somewhere(target):
    assert target.startswith("https://") or (ROOT / target).exists()


def test_the_first_screen_shows_a_picture_of_the_replay():
    first_screen = "\n".join(TEXT.splitlines()[:12])
    picture = Path(ROOT / re.search(r"!\[.*?\]\((.+?)\)", first_screen)[1])
    assert picture.stat().st_size > 20_000
