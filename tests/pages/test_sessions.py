"""Sessions: find, sort, edit, download, delete."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.downloads import _make_csv
from tests.unit.videos import make_pictures, write_video


def names(app) -> list[str]:
    return [box.label for box in app.checkbox]


def button(app, label: str):
    return next(button for button in app.button if button.label == label)


def test_an_empty_list_offers_the_way_to_fill_it(open_page):
    assert [each.label for each in open_page("sessions.py").button] == [
        "Record now",
        "Import a video",
    ]


def read_query(app, key: str) -> str:
    """Read one value of the page's address."""
    value = app.query_params[key]
    return value if isinstance(value, str) else value[0]


@pytest.mark.parametrize(
    ("words", "found"),
    [("wall", ["Wall"]), ("MIRA", ["Wall"]), ("warm", ["Squats"]), ("completed mira", ["Wall"])],
)
def test_search_looks_at_name_athlete_tags_and_status(open_page, add_session, words, found):
    add_session("Wall", athlete="Mira", tags=["overhang"])
    add_session("Squats", athlete="Jo", tags=["warm up"])
    app = open_page("sessions.py")
    app.text_input[0].input(words).run()
    assert names(app) == found


def test_a_search_without_a_match_says_what_to_do(open_page, add_session):
    add_session("Wall")
    app = open_page("sessions.py")
    app.text_input[0].input("nothing like it").run()
    assert "fewer" in app.info[0].value


@pytest.mark.parametrize(
    ("key", "ascending"),
    [
        ("Date", ["B long", "A short"]),
        ("Name", ["A short", "B long"]),
        ("Length", ["A short", "B long"]),
        ("Frames", ["A short", "B long"]),
        ("Athlete", ["B long", "A short"]),
        ("Tags", ["B long", "A short"]),
    ],
)
def test_the_list_can_be_sorted_both_ways(open_page, add_session, key, ascending):
    add_session("B long", duration_s=3.0, athlete="Anna", tags=["a"])
    add_session("A short", duration_s=1.0, athlete="Zoe", tags=["b"])
    app = open_page("sessions.py")
    app.selectbox[0].select(key).run()
    assert names(app) == ascending[::-1]
    app.button_group[0].set_value("Ascending").run()
    assert names(app) == ascending


def open_dialog(name: str) -> AppTest:
    """Open a dialog over all sessions as its own script: AppTest closes one with each full run."""

    def script(name: str) -> None:
        from pages.components import session_dialogs
        from pages.components.state import get_store

        sessions = get_store().get_sessions()
        if sessions and name == "delete":
            session_dialogs.confirm_delete(sessions)
        elif sessions:
            session_dialogs.edit_session(sessions[0])

    return AppTest.from_function(script, default_timeout=30, kwargs={"name": name}).run()


def test_delete_asks_first(open_page, add_session, page_store):
    add_session("Wall")
    app = open_page("sessions.py")
    button(app, "Delete").click().run()
    assert "Delete for good" in [each.label for each in app.button]
    assert len(page_store.get_sessions()) == 1
    # Here with a run of the whole page, which does not show the dialog: the press is kept.
    button(app, "Delete for good").click().run()
    assert page_store.get_sessions() == []


def add_video(store, session_id):
    """Attach a small video to a session."""
    path = store.make_video_path(session_id)
    path.parent.mkdir(exist_ok=True)
    write_video(path, make_pictures(3))
    store.set_video(session_id, path)
    return path


def test_delete_says_what_will_be_gone_and_deletes_all_that_were_chosen(add_session, page_store):
    for name in ("Wall", "Squats"):
        session_id = add_session(name)
    video = add_video(page_store, session_id)
    app = open_dialog("delete")
    assert [each.value for each in app.markdown] == [
        "**Squats**: 2 s, 60 frames, video",
        "**Wall**: 2 s, 60 frames",
    ]
    button(app, "Delete for good").click().run()
    assert page_store.get_sessions() == []
    assert not video.exists()


def test_the_facts_say_how_large_the_video_is_and_what_it_lacks(open_page, add_session, page_store):
    session_id = add_session("Wall")

    def read_facts():
        app = open_page("replay.py", session=session_id)
        facts = " ".join(each.proto.body for each in app.get("html"))
        return facts, [each.value for each in app.caption]

    assert ">Video<" not in read_facts()[0]
    video = add_video(page_store, session_id)
    with video.open("ab") as stream:
        stream.truncate(12_345_678)
    assert ">Video</span>" in read_facts()[0]
    assert ">12 MB</span>" in read_facts()[0]
    page_store._close_session(session_id, "completed", reason="The disk is *full*.")
    assert ":orange[The disk is \\*full\\*\\.]" in read_facts()[1]


def test_several_sessions_can_be_chosen(open_page, add_session):
    for name in ("One", "Two", "Three"):
        add_session(name)
    app = open_page("sessions.py")
    app.checkbox[0].check().run()
    app.checkbox[1].check().run()
    assert any("2 sessions chosen" in each.value for each in app.markdown)
    button(app, "Delete chosen").click().run()
    assert len([each for each in app.markdown if "frames" in each.value]) == 2


def test_edit_changes_the_texts(add_session, page_store):
    session_id = add_session("Wall")
    app = open_dialog("edit")
    app.text_input[0].input('=HYPERLINK("x") 🧗').run()
    button(app, "Save").click().run()
    assert page_store.get_session(session_id).name == '=HYPERLINK("x") 🧗'


def test_a_name_of_nothing_is_refused_with_a_sentence(add_session, page_store):
    session_id = add_session("Wall")
    app = open_dialog("edit")
    app.text_input[0].input("").run()
    button(app, "Save").click().run()
    assert "needs a name" in app.error[0].value
    assert page_store.get_session(session_id).name == "Wall"


def test_a_failed_session_says_why_and_offers_no_replay(open_page, page_store):
    session_id = page_store.create_session(name="sound.mp4", source="video")
    page_store.fail_session(session_id, "This file holds only sound.")
    app = open_page("sessions.py")
    assert any("only sound" in each.value for each in app.caption)
    assert "Replay" not in [each.label for each in app.button]


def test_many_sessions_come_in_pages(open_page, add_session):
    for number in range(23):
        add_session(f"Wall {number}", duration_s=0.2)
    assert len(names(open_page("sessions.py"))) == 20


def test_what_was_chosen_on_one_page_of_the_list_stays_chosen_on_the_next(open_page, add_session):
    for number in range(23):
        add_session(f"Wall {number}", duration_s=0.2)
    app = open_page("sessions.py")
    app.checkbox[0].check().run()
    app.session_state["sessions_page"] = 2
    app.run()
    assert len(names(app)) == 3
    app.checkbox[0].check().run()
    assert any("2 sessions chosen" in each.value for each in app.markdown)


def downloads(app) -> list[str]:
    return [each.label for each in app.get("download_button")]


def test_notes_can_be_downloaded_where_there_are_any(open_page, add_session, page_store):
    noted, _ = add_session("Wall"), add_session("Slab")
    page_store.notes.add(noted, start_s=0.5, text="Rest", tag="pause")
    app = open_page("sessions.py")
    kinds = ["Download CSV", "Download angles CSV", "Download metrics CSV"]
    assert downloads(app) == [*kinds, *kinds, "Download notes CSV"]
    content = _make_csv([page_store.get_session(noted)], "notes")
    assert b"pause" in content
    lines = _make_csv([page_store.get_session(noted)], "angles").decode().splitlines()
    assert lines[0].endswith(",note")
    assert [number for number, line in enumerate(lines) if line.endswith(',"pause: Rest"')] == [16]


def test_notes_of_chosen_sessions_can_be_downloaded(open_page, add_session, page_store):
    noted, _ = add_session("Wall"), add_session("Slab")
    page_store.notes.add(noted, start_s=0.5, text="Rest")
    app = open_page("sessions.py")
    for box in app.checkbox:
        box.check()
    app.run()
    assert downloads(app)[:4] == [
        "Download CSV",
        "Download angles CSV",
        "Download metrics CSV",
        "Download notes CSV",
    ]
