"""Settings: what is chosen is kept, and privacy is said in plain words."""

from posecore import Settings


def test_the_camera_size_is_kept(open_page, page_store):
    app = open_page("settings.py")
    next(each for each in app.selectbox if each.label == "Camera picture").select("1280x720").run()
    preferences = page_store.load_preferences()
    assert Settings.from_env({}).with_preferences(preferences).camera_size == "1280x720"


def test_a_model_that_is_not_here_is_offered_as_a_download_and_not_chosen(open_page, page_store):
    app = open_page("settings.py")
    next(each for each in app.selectbox if each.label == "Pose model").select("heavy").run()
    assert "Download the heavy model" in [each.label for each in app.button]
    assert "model" not in page_store.load_preferences()


def test_privacy_names_who_would_get_what_and_the_switch_is_kept(open_page, page_store):
    app = open_page("settings.py")
    assert any("Google" in each.value for each in app.markdown)
    if app.toggle[0].disabled:
        return
    app.toggle[0].set_value(False).run()
    assert page_store.load_preferences()["block_network"] == "no"


def test_a_database_that_cannot_be_opened_is_a_sentence(page_store, open_page, tmp_path):
    page_store.close()
    (tmp_path / "posecore.duckdb").write_bytes(b"no database at all" * 100)
    app = open_page()
    assert "is not a posecore database" in app.error[0].value
    assert [each.label for each in app.button] == ["Try again"]
    assert app.exception == []
