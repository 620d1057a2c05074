"""Progress, Repetitions and Compare many in the browser: what opens a session, what is saved."""

from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from posecore import open_store
from posecore.synthetic import make_squats

PATIENCE_MS = 60_000
LONG_NAME = "A name as nobody writes it, which goes on and on until it needs four lines or more" * 2


@pytest.fixture(scope="module")
def sessions(data_dir):
    """Two sessions of one athlete, and three of another that only one test looks at."""
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")
        ids = []
        for name in ("First", "<b>Second</b>"):
            ids.append(store.create_session(name=name, source="live", athlete="Mira"))
            store.append_frames(ids[-1], make_squats(8.0))
            store.finish_session(ids[-1])
        store.finish_session(store.create_session(name=LONG_NAME, source="live"))
        for number in range(3):
            mine = store.create_session(name=f"Unmeasured {number}", source="live", athlete="Jo")
            store.append_frames(mine, make_squats(300.0))
            store.finish_session(mine)
        return SimpleNamespace(first=ids[0], second=ids[1])


@pytest.fixture(scope="module")
def fill_data(sessions):
    """The sessions are there before the dashboard opens them."""
    return sessions


@pytest.fixture
def open_quietly(dashboard, open_page):
    """Open a page that may neither err nor ask elsewhere."""
    watches = []

    def open_one(path, **options):
        page, watch = open_page(f"{dashboard.url}{path}", **options)
        watches.append(watch)
        expect(page.get_by_role("button", name="Download PNG")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_test_id("stProgress")).to_have_count(0, timeout=PATIENCE_MS)
        return page

    yield open_one
    for watch in watches:
        assert watch.errors == []
        assert watch.hosts == {"127.0.0.1"}


# Notes at every change of the page what is on it together, so that no moment is missed.
WATCH_THE_MEASURING = """
(() => {
  window.seen = {places: new Set(), pressable: false};
  new MutationObserver(() => {
    const bar = document.querySelector(".st-key-measuring");
    if (!bar) return;
    seen.places.add(getComputedStyle(bar).position);
    seen.pressable ||= document.body.innerText.includes("Download CSV");
  }).observe(document, {childList: true, subtree: true});
})()
"""


def test_while_numbers_are_measured_nothing_moves_and_half_a_csv_is_not_offered(
    dashboard, open_page, sessions
):
    page, _ = open_page("about:blank")
    page.add_init_script(WATCH_THE_MEASURING)
    page.goto(f"{dashboard.url}/progress?athlete=Jo")
    expect(page.get_by_role("button", name="Download CSV")).to_be_visible(timeout=PATIENCE_MS)
    assert page.evaluate("[...seen.places]") == ["fixed"]
    assert not page.evaluate("seen.pressable")
    lines = save(page, "Download CSV").path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4
    assert "not measured yet" not in "".join(lines)


def save(page, name):
    with page.expect_download(timeout=PATIENCE_MS) as download:
        page.get_by_role("button", name=name).click()
    return download.value


@pytest.mark.parametrize("address", ["/progress?athlete=Mira", "/repetitions?session={0}"])
def test_a_chart_is_saved_as_png_and_as_svg(open_quietly, sessions, address):
    page = open_quietly(address.format(sessions.first))
    png = save(page, "Download PNG")
    assert png.suggested_filename.endswith(".png")
    assert png.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    svg = save(page, "Download SVG")
    assert svg.suggested_filename.endswith(".svg")
    root = ElementTree.fromstring(svg.path().read_text(encoding="utf-8"))
    assert root.get("width") == "1200"
    assert any("Mira" in (each.text or "") or "First" in (each.text or "") for each in root.iter())


def test_a_table_is_saved_as_csv(open_quietly):
    csv = save(open_quietly("/progress?athlete=Mira"), "Download CSV")
    lines = csv.path().read_text(encoding="utf-8").splitlines()
    assert csv.suggested_filename == "mira_repetition_range.csv"
    assert len(lines) == 3
    assert '"<b>Second</b>"' in lines[1]


def test_a_point_of_the_chart_opens_its_session(open_quietly, sessions):
    page = open_quietly("/progress?athlete=Mira&metric=repetition_count")
    point = page.locator(".js-plotly-plot .scatterlayer .points path").first
    expect(point).to_be_visible(timeout=PATIENCE_MS)
    box = point.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**/replay?*", timeout=PATIENCE_MS)
    assert sessions.first in page.url
    expect(page.get_by_test_id("replay-player")).to_have_attribute(
        "data-ready", "true", timeout=PATIENCE_MS
    )

    page.go_back()
    expect(page.get_by_role("button", name="Download PNG")).to_be_visible(timeout=PATIENCE_MS)
    assert "/progress" in page.url
    number = page.get_by_role("combobox", name="Number")
    expect(number).to_have_value("Repetitions: Repetitions", timeout=PATIENCE_MS)


def test_the_best_repetition_is_played_over_and_over(open_quietly, sessions):
    page = open_quietly(f"/repetitions?session={sessions.first}")
    page.get_by_role("button", name="Play the best").click()
    page.wait_for_url("**/replay?*", timeout=PATIENCE_MS)
    expect(page.get_by_test_id("replay-player")).to_have_attribute(
        "data-ready", "true", timeout=PATIENCE_MS
    )
    assert "loop=" in page.url


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address", ["/progress?athlete=Mira", "/repetitions?session={0}", "/compare-many"]
)
def test_on_a_phone_nothing_is_wider_than_the_screen(
    dashboard, open_page, sessions, address, colour_scheme
):
    page, watch = open_page(
        dashboard.url + address.format(sessions.first),
        width=390,
        height=844,
        colour_scheme=colour_scheme,
    )
    expect(page.get_by_role("button", name="Download CSV")).to_be_visible(timeout=PATIENCE_MS)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert watch.errors == []


def test_for_fingers_the_buttons_of_a_table_lie_on_nothing_else(dashboard, open_page):
    page, watch = open_page(f"{dashboard.url}/progress?athlete=Mira", width=390, height=844)
    toolbar = page.get_by_test_id("stElementToolbar")
    expect(toolbar).to_be_visible(timeout=PATIENCE_MS)
    above = page.get_by_role("button", name="Set as reference").bounding_box()
    assert toolbar.bounding_box()["y"] >= above["y"] + above["height"]
    csv = toolbar.get_by_label("Download as CSV")
    expect(csv).to_have_count(1)
    expect(csv, "it would write formulas that people typed").to_be_hidden()
    assert watch.errors == []


def test_for_fingers_the_buttons_of_a_chart_lie_beside_its_legend(dashboard, open_page, sessions):
    address = f"{dashboard.url}/repetitions?session={sessions.first}"
    page, _ = open_page(address, width=390, height=844)
    legend = page.locator(".js-plotly-plot .legend")
    expect(legend).to_be_visible(timeout=PATIENCE_MS)
    buttons = page.locator(".js-plotly-plot .modebar-btn")
    expect(buttons.last).to_be_visible()
    lefts = [box["x"] for box in (each.bounding_box() for each in buttons.all()) if box]
    box = legend.bounding_box()
    assert box["x"] + box["width"] <= min(lefts)


def test_a_long_name_takes_two_lines_in_the_list(dashboard, open_page, sessions):
    page, _ = open_page(f"{dashboard.url}/sessions", width=390, height=844)
    name = page.locator("[class*='st-key-row_'] label p").filter(has_text="A name")
    expect(name).to_be_visible(timeout=PATIENCE_MS)
    assert name.evaluate("p => p.clientHeight >= 2 * parseFloat(getComputedStyle(p).fontSize)")
    assert name.evaluate("p => p.clientHeight <= 4 * parseFloat(getComputedStyle(p).fontSize)")
