"""Choosing the ghost on the Live page, and coming to it from a replay; without a camera."""

import pytest

from pages.components import camera, ghost_choice
from posecore.errors import SessionNotFoundError
from posecore.synthetic import make_squats
from tests.pages.test_sessions import button
from tests.pages.test_sharing import lend


@pytest.fixture(autouse=True)
def no_camera(monkeypatch):
    """streamlit-webrtc needs a real runtime."""
    monkeypatch.setattr(camera, "show_camera", lambda room, settings: False)


def get_ghost(app):
    ghost = app.session_state["live_room"][1].ghost
    ghost.wait_until_loaded(30)
    return ghost


def choose(app, label):
    """Choose the session whose label begins so."""
    box = app.selectbox(key="ghost_session")
    return box.set_value(next(each for each in box.options if each.startswith(label))).run()


def test_there_is_no_ghost_until_one_is_chosen(open_page, add_session):
    add_session("Autumn wall")
    app = open_page("live.py")
    assert app.selectbox(key="ghost_session").value == ""
    assert get_ghost(app).status() == {"state": "none"}
    assert "ghost" not in app.query_params


def test_a_chosen_session_is_loaded_and_kept_in_the_address(open_page, add_session):
    session_id = add_session("Autumn [wall](http://x)")
    app = choose(open_page("live.py"), "Autumn")
    assert not app.exception
    status = get_ghost(app).status()
    assert (status["state"], status["name"]) == ("ready", "Autumn [wall](http://x)")
    assert app.query_params["ghost"] == session_id
    app.selectbox(key="ghost_session").set_value("None").run()
    assert get_ghost(app).status() == {"state": "none"}
    assert "ghost" not in app.query_params


def test_the_newest_session_comes_first_and_unfinished_ones_not_at_all(
    open_page, add_session, page_store
):
    add_session("Older")
    add_session("Newer")
    page_store.create_session(name="Running", source="live")
    options = open_page("live.py").selectbox(key="ghost_session").options
    assert [each.split(" ")[0] for each in options] == ["None", "Newer", "Older"]


def test_the_address_opens_with_a_ghost_and_its_stretch(open_page, add_session):
    session_id = add_session("Wall", duration_s=6.0)
    app = open_page("live.py", ghost=session_id, **{"from": "1.5", "to": "4"})
    status = get_ghost(app).status()
    assert (status["start_s"], status["end_s"]) == (1.5, 4.0)
    assert app.query_params["from"] == "1.5"


@pytest.mark.parametrize(("start", "end"), [("x", "nan"), ("9", "-3"), ("inf", "4"), ("4", "4")])
def test_a_stretch_that_cannot_be_read_is_the_whole_session(open_page, add_session, start, end):
    session_id = add_session("Wall", duration_s=6.0)
    app = open_page("live.py", ghost=session_id, **{"from": start, "to": end})
    assert not app.exception
    status = get_ghost(app).status()
    assert status["end_s"] - status["start_s"] > 1
    assert status["end_s"] <= 6


def test_a_link_to_a_session_that_is_gone_says_so(open_page, add_session):
    add_session("Wall")
    app = open_page("live.py", ghost="not-here")
    assert "not here" in app.warning[0].value
    assert get_ghost(app).status() == {"state": "none"}
    assert "not here" in app.run().warning[0].value, "whoever looks a moment later sees it too"
    assert not choose(app, "Wall").warning


def test_the_reference_of_the_athlete_is_offered(open_page, add_session, page_store):
    session_id = add_session("How it should look", athlete="Mira")
    page_store.set_reference(session_id)
    app = open_page("live.py")
    assert not any("reference" in each for each in app.selectbox(key="ghost_session").options)
    app.selectbox(key="live_athlete").set_value("Mira").run()
    app = choose(app, "The reference: How it should look")
    assert get_ghost(app).status()["name"] == "How it should look"
    assert app.query_params["ghost"] == session_id


def test_place_way_and_mirroring_reach_the_ghost(open_page, add_session):
    add_session("Wall")
    app = choose(open_page("live.py"), "Wall")
    before = get_ghost(app).choice
    app.selectbox(key="ghost_placement").set_value("On me, feet on feet").run()
    app.toggle(key="ghost_mirrored").set_value(True).run()
    way = next(each for each in app.button_group if each.key == "ghost_way")
    way.set_value("waiting").run()
    ghost = get_ghost(app)
    assert (ghost.placement, ghost.way) == ("feet", "waiting")
    assert ghost.choice != before
    assert ghost.status()["state"] == "ready"


def test_how_it_runs_is_the_same_here_and_below_the_picture(open_page, add_session):
    add_session("Wall")
    app = choose(open_page("live.py"), "Wall")
    way = next(each for each in app.button_group if each.key == "ghost_way")
    assert way.value == "own"
    get_ghost(app).obey({"do": "way", "way": "waiting"})
    app.run()
    way = next(each for each in app.button_group if each.key == "ghost_way")
    assert (way.value, get_ghost(app).way) == ("waiting", "waiting")
    way.set_value("own").run()
    assert get_ghost(app).way == "own"


def test_a_name_that_the_field_cuts_off_stands_below_it(open_page, add_session):
    name = "Autumn wall, the red route, third try <b>"
    add_session(name)
    app = open_page("live.py")
    assert not any("red route" in each.value for each in app.caption)
    label = next(each for each in app.selectbox(key="ghost_session").options if name in each)
    app.selectbox(key="ghost_session").set_value(label).run()
    [shown] = [each.value for each in app.caption if "red route" in each.value]
    assert r"\<b\>" in shown


def test_what_was_loaded_once_is_not_given_to_whoever_may_no_longer_see_it(
    open_page, add_session, page_store
):
    session_id = add_session("Wall")
    app = choose(open_page("live.py"), "Wall")
    load = get_ghost(app).choice.load
    assert load().n_frames == 60
    page_store.delete_session(session_id)
    with pytest.raises(SessionNotFoundError):
        load()


def test_what_somebody_shares_can_be_a_ghost_until_they_take_it_back(open_page, page_store):
    gina = page_store.for_owner("https://id.example#gina")
    own = gina.create_session(name="Gina's own", source="live")
    gina.append_frames(own, make_squats(2.0))
    gina.finish_session(own)
    lent, share = lend(gina, page_store)
    app = open_page("live.py", ghost=own)
    assert "not here" in app.warning[0].value
    assert not any("Gina's own" in each for each in app.selectbox(key="ghost_session").options)
    load = get_ghost(choose(app, "Gina's wall")).choice.load
    assert load().n_frames == 60
    assert app.query_params["ghost"] == lent
    gina.shares.revoke(share.id)
    with pytest.raises(SessionNotFoundError):
        load()


def test_another_stretch_reads_nothing_anew(open_page, add_session, monkeypatch):
    session_id = add_session("Wall", duration_s=6.0)
    app = open_page("live.py", ghost=session_id)
    assert get_ghost(app).status()["state"] == "ready"

    def read_again(*_):
        raise AssertionError("the recording was read again")

    monkeypatch.setattr(ghost_choice, "load_processed", read_again)
    app.slider(key=f"ghost_stretch_{session_id}").set_range(1.0, 3.0).run()
    assert get_ghost(app).status()["start_s"] == 1.0


def test_replay_leads_to_practising_with_its_session(open_page, add_session):
    session_id = add_session("Wall")
    app = open_page("replay.py", session=session_id)
    button(app, "Practise with this as ghost").click().run()
    assert not app.exception
    assert get_ghost(app).choice.session_id == session_id
