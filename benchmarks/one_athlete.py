"""Somebody walks past the athlete: how many of the walker's frames get into the recording.

Run with ``python -m benchmarks.one_athlete``. The athlete is the man of the real test video, who
does jumping jacks; the walker is the woman of the same video, cut out by the pose model's own mask
and put before him, as large as he or half as large again, walking by or staying. For false alarms:
the sample recordings of one person and the recording of four cameras (``benchmarks.four_cameras``).
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Row, find_test_video, print_table
from benchmarks.four_cameras import load_views
from posecore import PoseFrame, PoseSequence, Settings, open_store
from posecore.capture.one_athlete import OneAthlete, find_place
from posecore.estimation import MediaPipePoseEstimator
from posecore.models import find_model
from posecore.samples import load_samples

SIZE: Final = (640, 360)
FPS: Final = 30.0
N_FRAMES: Final = 120
_ENTERS: Final = 15
_ALONE: Final = 75
_WALKS: Final = range(95, 165)
_NEAR_HEIGHTS: Final = 0.12

Picture = NDArray[np.uint8]


class Walk(NamedTuple):
    """How the walker comes: scale, and the middle in pixels at a frame since they entered."""

    name: str
    scale: float
    y: int
    stop_x: int


WALKS: Final = (
    Walk("walks by, as large", 2.2, 200, -60),
    Walk("walks by, half as large again", 3.2, 220, -60),
    Walk("stays before the athlete", 2.2, 200, 215),
    Walk("stays beside the athlete", 2.4, 210, 420),
)


def main() -> None:
    """Measure and print."""
    frames = read_frames()
    athlete = [zoom(frames[turn(number)]) for number in range(N_FRAMES)]
    walker = cut_out_walker(frames)
    alone = estimate(athlete)
    rows = []
    for walk in WALKS:
        seen = estimate([paste(athlete, walker, walk, n) for n in range(N_FRAMES)])
        is_other = find_other(seen, alone)
        kept = keep(seen)
        n_other, n_kept = int(is_other.sum()), int((is_other & kept).sum())
        rows.append(
            Row(
                f"{walk.name}: frames of the walker recorded",
                str(n_kept),
                f"without the guard {n_other}",
                n_kept / max(1, n_other),
                0.1,
                "at most",
            )
        )
    n_false, n_frames = count_false_alarms()
    rows.append(
        Row(
            "one person alone: frames taken for somebody else",
            str(n_false),
            f"{n_frames:,} frames of samples and four cameras",
            n_false / n_frames,
            0.0,
            "at most",
        )
    )
    print_table("A second person walks in", rows)


def read_frames() -> list[Picture]:
    """Pictures of the test video."""
    with av.open(str(find_test_video())) as container:
        return [
            frame.reformat(*SIZE, "rgb24").to_ndarray().astype(np.uint8, copy=False)
            for frame in container.decode(video=0)
        ]


def turn(number: int) -> int:
    """Number of a frame with the athlete alone: forwards and backwards, without a leap."""
    at = number % (2 * _ALONE)
    return at if at < _ALONE else 2 * _ALONE - 1 - at


def zoom(picture: Picture) -> Picture:
    """The quarter of the picture with the man in it, twice as large."""
    return resize(picture[:180, 70:390], SIZE)


def resize(picture: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Nearest pixels are good enough for a pose model."""
    width, height = size
    rows = np.arange(height) * picture.shape[0] // height
    columns = np.arange(width) * picture.shape[1] // width
    resized: NDArray[Any] = picture[rows[:, None], columns]
    return resized


def open_landmarker(*, has_masks: bool = False) -> Any:
    """MediaPipe's own landmarker, for the masks."""
    import mediapipe as mp
    from mediapipe.tasks.python import vision

    options = vision.PoseLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path=str(get_model())),
        running_mode=vision.RunningMode.VIDEO,
        output_segmentation_masks=has_masks,
    )
    return vision.PoseLandmarker.create_from_options(options)


def get_model() -> Path:
    """Find the full model."""
    return find_model("full", Settings.from_env())


def cut_out_walker(frames: list[Picture]) -> list[tuple[Picture, NDArray[np.bool_]]]:
    """The walking woman, picture and mask; she is found once the man is painted over."""
    import mediapipe as mp

    landmarker = open_landmarker(has_masks=True)
    found = []
    for number in range(85, _WALKS.stop):
        picture = frames[number].copy()
        picture[:165] = picture[165].mean(axis=0)
        image = mp.Image(mp.ImageFormat.SRGB, np.ascontiguousarray(picture))
        result = landmarker.detect_for_video(image, round(1000 * number / FPS))
        if number in _WALKS and result.pose_landmarks:
            mask = result.segmentation_masks[0].numpy_view().squeeze() > 0.5
            rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
            part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            found.append((frames[number][part], mask[part]))
    landmarker.close()
    return found


def paste(
    athlete: list[Picture],
    walker: list[tuple[Picture, NDArray[np.bool_]]],
    walk: Walk,
    number: int,
) -> Picture:
    """A picture of the athlete with the walker before him."""
    picture = athlete[number].copy()
    step = number - _ENTERS
    if step < 0:
        return picture
    cut, mask = walker[step % len(walker)]
    size = round(walk.scale * cut.shape[1]), round(walk.scale * cut.shape[0])
    cut, mask = resize(cut, size), resize(mask, size)
    x = max(walk.stop_x, SIZE[0] - round(7.6 * step)) - size[0] // 2
    y = walk.y - size[1] // 2
    rows = slice(max(0, y), min(SIZE[1], y + size[1]))
    columns = slice(max(0, x), min(SIZE[0], x + size[0]))
    if columns.stop > columns.start:
        own = slice(rows.start - y, rows.stop - y), slice(columns.start - x, columns.stop - x)
        picture[rows, columns][mask[own]] = cut[own][mask[own]]
    return picture


def estimate(pictures: Iterable[Picture]) -> list[PoseFrame]:
    """What the pose model finds."""
    with MediaPipePoseEstimator(get_model()) as estimator:
        return [estimator.estimate(each, n / FPS) for n, each in enumerate(pictures)]


def find_other(seen: list[PoseFrame], alone: list[PoseFrame]) -> NDArray[np.bool_]:
    """Whether each frame shows somebody who is not where, and as large as, the athlete is."""
    is_other = np.zeros(len(seen), dtype=bool)
    for number, (frame, truth) in enumerate(zip(seen, alone, strict=True)):
        found, true = find_place(frame, SIZE), find_place(truth, SIZE)
        if found is not None and true is not None:
            off = float(np.hypot(*(found.middle - true.middle))) / true.height
            growth = abs(np.log(found.height / true.height))
            is_other[number] = off > _NEAR_HEIGHTS or growth > np.log(1.3)
    return is_other


def keep(seen: list[PoseFrame]) -> NDArray[np.bool_]:
    """Whether each frame gets into the recording with somebody in it."""
    guard = OneAthlete()
    return np.array([guard(frame, SIZE).is_detected for frame in seen])


def count_false_alarms() -> tuple[int, int]:
    """Frames of one person alone that the guard keeps out, of so many."""
    n_false = n_frames = 0
    for sequence in list_alone():
        guard = OneAthlete()
        kept = [guard(frame, sequence.image_size).is_detected for frame in to_frames(sequence)]
        n_false += int((sequence.is_detected & ~np.array(kept)).sum())
        n_frames += len(sequence)
    return n_false, n_frames


def list_alone() -> Iterator[PoseSequence]:
    """Recordings of one person alone: three samples, and the four cameras around one man."""
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "p.duckdb") as store:
        whole, *parts = (store.load_sequence(each) for each in load_samples(store))
        yield from parts
        yield whole[:170]  # until the man leaves the picture, somersault included
    yield from (view.sequence for view in load_views())


def to_frames(sequence: PoseSequence) -> Iterator[PoseFrame]:
    """Frame by frame."""
    for number in range(len(sequence)):
        yield PoseFrame(
            time_s=float(sequence.time_s[number]),
            image_landmarks=sequence.image_landmarks[number],
            world_landmarks=sequence.world_landmarks[number],
            visibility=sequence.visibility[number],
            presence=sequence.presence[number],
        )


if __name__ == "__main__":
    main()
