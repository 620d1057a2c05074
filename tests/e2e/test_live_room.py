"""The live room in a real browser, with a real video as the camera."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from posecore import open_store
from posecore.samples import load_samples
from posecore.synthetic import make_squats
from tests.e2e.camera_page import N_CAMERA_FRAMES, start_camera

SCORE = "document.querySelector('[data-testid=live-panel] .ghost-score').textContent"


@pytest.fixture(scope="module")
def fill_data(data_dir):
    """The movement of the camera's video, and another one."""
    data_dir.mkdir(exist_ok=True)
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")
        whole, *_ = load_samples(store)
        # As far as the camera's video goes, which starts over then.
        same = store.create_session(name="Same <movement>", source="live", athlete="Mira")
        store.append_frames(same, store.load_sequence(whole)[:N_CAMERA_FRAMES])
        store.finish_session(same)
        other = store.create_session(name="Squats", source="live")
        store.append_frames(other, make_squats())
        store.finish_session(other)
    return SimpleNamespace(same=same, other=other)


def find_best_score(page, n_seen: int = 60) -> int:
    """Best score of some that are shown one after the other."""
    return int(
        page.evaluate(
            """async (count) => {
                const score = () => document.querySelector(".ghost-score").textContent;
                let best = 0;
                for (let seen = 0, last = ""; seen < count;) {
                    await new Promise(requestAnimationFrame);
                    const now = score();
                    if (now !== last && now !== "–") {
                        best = Math.max(best, Number(now));
                        last = now;
                        seen += 1;
                    }
                }
                return best;
            }""",
            n_seen,
        )
    )


def test_the_ghost_of_the_same_movement_scores_high_and_of_another_low(
    open_camera_page, dashboard, fill_data
):
    page = open_camera_page(f"{dashboard.url}/live?ghost={fill_data.same}")
    panel = page.get_by_test_id("ghost-panel")
    expect(panel).to_contain_text("Ghost · Same <movement>")
    start_camera(page)
    page.get_by_text("Waits for me").click()
