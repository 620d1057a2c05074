"""Angles from one camera against what three other cameras agree on.

Run with ``python -m benchmarks.angle_accuracy``. It downloads 50 MB once; landmarks are kept in
the temporary folder (or ``POSECORE_BENCHMARK_CACHE``), so that a second run takes seconds. The
reference for a camera leaves that camera out. It is made by the same estimator, so that it shares
whatever all views have in common, such as where a joint's centre is marked.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Row, print_table
from benchmarks.four_cameras import CAMERAS, View, load_views, triangulate
from posecore import ANGLES, PoseSequence, clean, refine
from posecore.angles import compute_angle

MOTIONS = ("elbow_flexion", "shoulder_elevation", "hip_flexion", "knee_flexion")
NAMES = tuple(f"{side}_{motion}" for motion in MOTIONS for side in ("left", "right"))
LIMIT = 0.70

Degrees = NDArray[np.float64]


def main() -> None:
    """Measure every camera at every stage and print."""
    views = load_views()
    references = [
        triangulate([view for view in views if view is not tested])[0] for tested in views
    ]
    print_check(views)
    errors = {
        stage: np.array(
            [
                compute_rmse(process(v.sequence).world_landmarks, r)
                for v, r in zip(views, references, strict=True)
            ]
        )
        for stage, process in find_stages().items()
    }
    print_errors(errors)
    raw = errors["raw"].mean(axis=1)
    rows = []
    for stage, found in errors.items():
        ours = found.mean(axis=1)
        measure = f"RMSE of {len(NAMES)} angles, {len(views)} cameras: {stage}"
        limit = LIMIT if stage == "refined" else 1.0
        rows.append(_make_row(measure, ours.mean(), raw.mean(), limit))
        for camera, one, one_raw in zip(CAMERAS, ours, raw, strict=True):
            rows.append(_make_row(f"{camera}: {stage}", one, one_raw, 1.0))
    print_table("Angles of one camera against three others", rows)


def find_stages() -> dict[str, Callable[[PoseSequence], PoseSequence]]:
    """What is measured, from the frames as they came to the most that is done to them."""
    return {"raw": lambda sequence: sequence, "cleaned": clean, "refined": refine}


def compute_rmse(world_m: NDArray[np.floating], reference_m: Degrees) -> Degrees:
    """Root of the mean squared error of each of ``NAMES``, over the frames with a reading."""
    errors = compute_errors(world_m, reference_m)
    return np.asarray(np.sqrt(np.nanmean(errors**2, axis=0)))


def compute_errors(world_m: NDArray[np.floating], reference_m: Degrees) -> Degrees:
    """Found minus true, shape (n, 8), in the order of ``NAMES``."""
    columns = [
        compute_angle(ANGLES[name], world_m) - compute_angle(ANGLES[name], reference_m)
        for name in NAMES
    ]
    return np.stack(columns, axis=-1)


def print_check(views: list[View]) -> None:
    """Say what the reference found, and how much references made of other cameras differ."""
    points_m, is_swapped = triangulate(views)
    print("\nReference: frames in which left and right were swapped, and how far it moves, in")
    print("degrees, when a camera is left out")
    for position, camera in enumerate(CAMERAS):
        arms, legs = is_swapped[:, :, position].sum(axis=0)
        others = [view for view in views if view is not views[position]]
        difference = compute_rmse(triangulate(others)[0], points_m).mean()
        print(f"{camera}  arms {arms:3d}  legs {legs:3d}  without it {difference:5.1f}")


def print_errors(errors: dict[str, Degrees]) -> None:
    """One line a camera and stage: degrees for each angle, left and right, and their mean."""
    headings = [f"{name.split('_')[1]} {name[0].upper()}" for name in NAMES]
    print("\nRMSE in degrees")
    print(f"{'':16}" + "".join(f"{heading:>12}" for heading in [*headings, "mean"]))
    for position, camera in enumerate(CAMERAS):
        for stage, found in errors.items():
            numbers = [*found[position], found[position].mean()]
            print(f"{camera} {stage:10}" + "".join(f"{number:12.1f}" for number in numbers))


def _make_row(measure: str, ours: float, raw: float, limit: float) -> Row:
    return Row(measure, f"{ours:.1f} deg", f"raw {raw:.1f} deg", ours / raw, limit, "at most")


if __name__ == "__main__":
    main()
