"""Two sessions brought together the way a person chose; computed once for all who look."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from pages.components.player.offers import Key
from posecore import Session, SessionStore, compare
from posecore.alignment import (
    LIMIT_S,
    Alignment,
    align_by_clock,
    align_by_event,
    align_by_moment,
    align_by_repetition,
    align_by_start,
    align_by_warping,
)
from posecore.angles import CORE_ANGLES
from posecore.comparison import Comparison
from posecore.comparison_data import pack_comparison
from posecore.placement import mirror
from posecore.processing import load_processed
from posecore.replay_data import pack_expected_error
from posecore.sequence import PoseSequence
from posecore.settings import Processing
from posecore.storage.track_store import Offset

WAYS: Final = {
    "warp": "Pose by pose (warping)",
    "start": "Start to start",
    "first movement": "First movement",
    "first repetition": "First repetition",
    "repetition": "Each repetition",
    "moment": "A moment set by hand",
    "clock": "The cameras' clock",
}
"""How two sessions can be brought together, for people; the last only those filmed at once."""


@dataclass(frozen=True)
class Wishes:
    """How two sessions are to be compared."""

    by: str = "warp"
    angles: tuple[str, ...] = CORE_ANGLES
    limit_s: float = LIMIT_S
    a_s: float = 0.0
    b_s: float = 0.0
    offset: Offset | None = None
    is_mirrored: bool = False
    same_size: bool = True
    on_ground: bool = True


class Compared(NamedTuple):
    """What was compared, and what came of it."""

    comparison: Comparison
    a: PoseSequence
    b: PoseSequence


@dataclass(frozen=True)
class ComparisonOffer:
    """Two sessions somebody may see side by side, as the owner's store gives them."""

    store: SessionStore
    a: Session
    b: Session
    wishes: Wishes
    processing: Processing

    @property
    def owner(self) -> str:
        """Whose view of the store it is from."""
        return self.store.owner

    @property
    def key(self) -> Key:
        """A finished session changes no more."""
        return self.owner, "comparison", self.a.id, self.b.id, self.processing, self.wishes

    def check(self) -> None:
        """Make sure both are still there; raises SessionNotFoundError where not."""
        for session in (self.a, self.b):
            self.store.get_session(session.id)

    def find_video(self, name: str) -> Path | None:
        """Find the video of ``a`` or of ``b``."""
        return self.store.get_video_file((self.b if name == "b" else self.a).id)

    def compute(self) -> Compared:
        """Compare the two, or return what came of it before.

        Raises
        ------
        ComparisonError, InvalidOptionError
        """
        with _one_at_a_time:  # the page and the player ask for the same at once
            return _compute(self)

    def pack_recording(self) -> bytes:
        """Pack both for the player."""
        compared = self.compute()
        wishes = self.wishes
        return pack_comparison(
            *compared,
            on_ground=wishes.on_ground,
            has_videos=(self.a.video_path is not None, self.b.video_path is not None),
        )

    def pack_errors(self) -> bytes:
        """Pack how far each difference may be off."""
        return pack_expected_error(self.compute().comparison.band_deg)


_one_at_a_time: Final = Lock()


@lru_cache(maxsize=4)
def _compute(offer: ComparisonOffer) -> Compared:
    wishes = offer.wishes
    a, b = (load_processed(offer.store, each.id, offer.processing) for each in (offer.a, offer.b))
    beside = mirror(b) if wishes.is_mirrored else b
    comparison = compare(
        a,
        beside,
        alignment=_align(a, beside, wishes),
        angles=wishes.angles,
        same_size=wishes.same_size,
        on_ground=wishes.on_ground,
    )
    return Compared(comparison, a, b)


def _align(a: PoseSequence, b: PoseSequence, wishes: Wishes) -> Alignment:
    match wishes.by:
        case "start":
            return align_by_start(a, b)
        case "clock" if wishes.offset is not None:
            known = wishes.offset
            return align_by_clock(
                a, b, offset_s=known.offset_s, error_s=known.error_s, drift=known.drift
            )
        case "moment":
            a_s, b_s = wishes.a_s + float(a.time_s[0]), wishes.b_s + float(b.time_s[0])
            return align_by_moment(a, b, a_s=a_s, b_s=b_s)
        case "first movement" | "first repetition":
            return align_by_event(a, b, wishes.by)
        case "repetition":
            return align_by_repetition(a, b)
    return align_by_warping(a, b, angles=wishes.angles, limit_s=wishes.limit_s)
