"""The player on a page, spoken to as a person does, and recordings for it to show."""

import itertools
from dataclasses import replace

import numpy as np
from playwright.sync_api import expect

LANDMARK_ARRAYS = ("image_landmarks", "world_landmarks", "visibility", "presence")


def leave_out(sequence, frames):
    """Make some frames of a sequence frames with nobody in them."""
    arrays = {name: getattr(sequence, name).copy() for name in LANDMARK_ARRAYS}
    for array in arrays.values():
        array[frames] = np.nan
    return replace(sequence, **arrays)


def store_session(store, sequence, **fields):
    """Put a finished session into the store; returns its id."""
    session_id = store.create_session(**{"name": "Session", "source": "sample"} | fields)
    store.append_frames(session_id, sequence)
    store.finish_session(session_id)
    return session_id


class Player:
    """The player on a page, spoken to as a person does, read by its data attributes."""

    def __init__(self, page, watch=None):
        self.page, self.watch = page, watch
        self.root = page.get_by_test_id("replay-player")
        expect(self.root).to_have_attribute("data-ready", "true", timeout=30_000)

    def read(self, name):
        return self.root.get_attribute(f"data-{name}")

    @property
    def frame(self):
        return int(self.read("frame"))

    @property
    def time_s(self):
        return float(self.read("time-s"))

    @property
    def loop(self):
        return [float(moment) for moment in self.read("loop").split("-")]

    def choose_speed(self, speed):
        self.root.get_by_label("Speed", exact=True).select_option(speed)

    def seek(self, time_s):
        """As a drag of the slider does it."""
        self.root.get_by_label("Seek", exact=True).evaluate(
            """(slider, time_s) => {
                slider.value = time_s;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            time_s,
        )

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def wait_for_frame(self, condition):
        """Until ``condition``, JavaScript about ``frame``, holds."""
        self.page.wait_for_function(
            f"root => {{ const frame = Number(root.dataset.frame); return {condition}; }}",
            arg=self.root.element_handle(),
        )

    def wait_for_drawings(self, count=3):
        """Until the browser has drawn a few times more."""
        self.page.evaluate(
            """async count => {
                while (count--) await new Promise(requestAnimationFrame);
            }""",
            count,
        )


def read_eye(scene):
    """Where the camera is, as Plotly has it."""
    eye = scene.locator(".pc-plot").evaluate("plot => plot.layout.scene.camera.eye")
    return [eye["x"], eye["y"], eye["z"]]


def rerun(player):
    """Have Streamlit run the page again, by its own shortcut, until the server has answered."""
    answers = itertools.count(1)
    socket = player.watch.sockets[-1]
    with socket.expect_event("framereceived", predicate=lambda _: next(answers) == 10):
        player.page.keyboard.press("r")
    player.wait_for_drawings()
