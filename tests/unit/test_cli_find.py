"""The command find, over sessions whose moments are known by hand."""

import json
from datetime import date, timedelta

import pytest

from posecore import open_store
from posecore.cli import main
from posecore.synthetic import make_squats

HOSTILE = "Wall \x1b[31m🧗\n=1+1"
DEEP = ["find", "--where", "left_knee_flexion > 45"]


@pytest.fixture(autouse=True)
def environ(settings, monkeypatch):
    """The dashboard's data folder is the test's own."""
    monkeypatch.setenv("POSECORE_DATA", str(settings.data_dir))
    monkeypatch.delenv("POSECORE_DB", raising=False)


@pytest.fixture
def session_id(settings):
    """Two squats of 2 s: knees are bent more than 45 degrees in the middle half of each."""
    with open_store(settings.database) as store:
        session_id = store.create_session(name=HOSTILE, source="live", athlete="Mira", tags=["a"])
        store.append_frames(session_id, make_squats(duration_s=4.0))
        store.finish_session(session_id)
    return session_id


def test_each_moment_is_a_line(session_id, capsys):
    assert main([*DEEP, "--for", "0.9"]) == 0
    captured = capsys.readouterr()
    first, second = captured.out.splitlines()
    assert first.startswith(session_id)
    assert "0.53 s to      1.47 s      0.93 s" in first
    assert "2.53 s to      3.47 s      0.93 s" in second
    assert first.endswith("(Mira)")
    assert "\x1b" not in captured.out
    assert "120/120" in captured.err  # read once
    assert main(DEEP) == 0
    assert capsys.readouterr().err == ""


def test_moments_as_json(session_id, capsys):
    assert main([*DEEP, "--where", "70 < right_knee_flexion < 180", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["session_id"] for each in found] == [session_id] * 2
    assert found[0]["name"] == HOSTILE
    assert found[0]["start_s"] == pytest.approx(0.7, abs=0.04)
    assert found[0]["created_at"].endswith("+00:00")
    assert main([*DEEP, "--for", "10", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_only_some_sessions(session_id, capsys):
    today = date.today()
    day, before = today.isoformat(), (today - timedelta(days=2)).isoformat()
    for arguments, n_found in (
        (["--athlete", "Mira", "--tag", "a"], 2),
        (["--athlete", "Jo"], 0),
        (["--tag", "b"], 0),
        (["--since", before, "--until", day], 2),
        (["--until", before], 0),
    ):
        assert main([*DEEP, "--json", *arguments]) == 0
        assert len(json.loads(capsys.readouterr().out)) == n_found, arguments


def test_nothing_found_says_what_to_do(session_id, capsys):
    assert main([*DEEP, "--for", "10"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "posecore: No moment is like that; try wider limits or a shorter time." in captured.err


def test_conditions_that_exclude_each_other_are_refused(session_id, capsys):
    assert main([*DEEP, "--where", "left_knee_flexion < 30"]) == 1
    assert "cannot be above 45 and below 30 at once" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["find"],
        ["find", "--where", "bent"],
        ["find", "--where", "wing_flexion > 3"],
        [*DEEP, "--for", "long"],
        [*DEEP, "--for", "-1"],
        [*DEEP, "--for", "nan"],
        [*DEEP, "--since", "yesterday"],
        [*DEEP, "--since", "0001-01-01"],
        [*DEEP, "--until", "9999-12-31"],
    ],
)
def test_wrong_usage_is_a_sentence(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
