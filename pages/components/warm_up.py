"""What the first person to compare would wait for, done while the dashboard starts."""

import logging
from importlib import import_module
from threading import Thread

from pages.components.player.scripts import read_script


def begin_warm_up() -> Thread:
    """Load what takes long to load, in the background; pages do not wait for it."""
    thread = Thread(target=_warm_up, name="posecore-warm-up")
    thread.start()
    return thread


def _warm_up() -> None:
    """Compare a moment of made-up movement: it loads whatever comparing needs, of itself.

    What fails here fails again, with a sentence, on the page that needs it.
    """
    try:
        read_script("plotly.min.js", is_compressed=True)
        for name in ("comparison_choices", "comparison_table"):
            import_module(f"pages.components.{name}")
        from posecore import compare
        from posecore.comparison_data import pack_comparison
        from posecore.synthetic import make_squats

        a, b = make_squats(2.0), make_squats(2.0, rate_hz=0.45)
        pack_comparison(compare(a, b, same_size=True, on_ground=True), a, b, on_ground=True)
    except Exception:
        logging.getLogger("posecore").exception("What comparing needs was not loaded ahead")
