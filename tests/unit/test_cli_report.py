"""The command ``report``, as a person types it."""

import pytest

from posecore import open_store
from posecore.cli import main
from posecore.synthetic import make_squats
from tests.unit.videos import make_pictures, write_video


@pytest.fixture
def add(settings, monkeypatch):
    """Add a finished session, with notes and a video if wanted; it is closed behind it."""
    monkeypatch.setenv("POSECORE_DATA", str(settings.data_dir))
    monkeypatch.delenv("POSECORE_DB", raising=False)

    def add(name, sequence, *, note="", has_video=False):
        with open_store(settings.database) as store:
            session_id = store.create_session(name=name, source="live", athlete="Mira")
            if sequence.n_frames:
                store.append_frames(session_id, sequence)
            if note:
                store.notes.add(session_id, start_s=1.0, text=note)
            if has_video:
                path = store.make_video_path(session_id)
                path.parent.mkdir(parents=True, exist_ok=True)
                store.set_video(session_id, write_video(path, make_pictures(120)))
            store.finish_session(session_id)
        return session_id

    return add


def test_a_report_is_written_with_notes_and_video(add, tmp_path, capsys):
    session_id = add("Autumn", make_squats(4.0), note="Heels up", has_video=True)
    out = tmp_path / "report.html"
    assert main(["report", session_id[:8], "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"posecore: The report was written to {out}.\n")
    page = out.read_text(encoding="utf-8")
    assert "Heels up" in page and "data:image/jpeg" in page
    assert "Two sessions compared" not in page


def test_a_second_session_is_compared_and_both_are_processed_alike(add, tmp_path):
    a, b = (add(name, make_squats(4.0)) for name in ("Autumn", "Winter"))
    out = tmp_path / "report.html"
    wanted = ["report", a, "--compare", b, "--landmarks", "cleaned", "--out", str(out)]
    assert main(wanted) == 0
    page = out.read_text(encoding="utf-8")
    assert "Two sessions compared" in page and "Winter" in page and "Similarity 100" in page
    assert "cleaned: outliers" in page


def test_what_cannot_be_reported_is_one_sentence(add, tmp_path, capsys):
    empty, squats = add("Empty", make_squats(4.0)[:0]), add("Some", make_squats(4.0))
    out = tmp_path / "report.html"
    assert main(["report", empty, "--out", str(out)]) == 1
    assert capsys.readouterr().err == (
        "posecore: This session has no frames, so there is nothing to report.\n"
    )
    assert main(["report", squats, "--compare", "nonsense", "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("posecore: There is no session") and said.count("\n") == 1
    assert not out.exists()
