"""MOT, the motion file of angles over time that OpenSim opens.

Angles in degrees (``inDegrees=yes``) under posecore's own names and on the measured times, which
need not be even. They are posecore's angles as the README defines them, not the coordinates of an
OpenSim model, whose signs and zeros are the model's own.

The format knows no gap: OpenSim stops reading at the first one. So nothing is made up and nothing
is missing: an angle that lacks a reading in more than a tenth of the frames with anybody in them is
left out, and then each frame in which one of the other angles lacks its reading.
"""

from typing import IO, TYPE_CHECKING, Final

from posecore.errors import ExportError

if TYPE_CHECKING:
    import pandas as pd

_MOST_MISSING: Final = 0.1


def write_mot(angles: "pd.DataFrame", stream: IO[bytes]) -> None:
    """Write angles without a gap.

    Parameters
    ----------
    angles : DataFrame, shape (n_frames, n_angles), degrees
        Indexed by ``time_s``, as :func:`posecore.compute_joint_angles` returns it.
    stream : binary file

    Raises
    ------
    ExportError
        If no frame is left.

    References
    ----------
    OpenSim documentation, Motion (.mot) Files.
    """
    complete = keep_complete(angles)
    if complete.empty:
        raise ExportError(
            "A MOT file has no gaps, and this session has no frame with a reading of each angle; "
            "hand the angles over as CSV, or clean the landmarks first."
        )
    header = (
        "posecore",
        "version=1",
        f"nRows={len(complete)}",
        f"nColumns={complete.shape[1] + 1}",
        "inDegrees=yes",
        "",
        "Angles are posecore's own, in degrees; left out is what has gaps.",
        "endheader",
        "\t".join(("time", *map(str, complete.columns))),
    )
    stream.write(("\n".join(header) + "\n").encode())
    rows = zip(complete.index.tolist(), complete.to_numpy().tolist(), strict=True)
    for time_s, row in rows:
        stream.write(("\t".join(map(repr, (time_s, *row))) + "\n").encode())


def keep_complete(angles: "pd.DataFrame") -> "pd.DataFrame":
    """Leave angles with many gaps out, and then frames with any."""
    seen = angles.dropna(how="all")
    kept = seen.loc[:, seen.isna().mean() <= _MOST_MISSING]
    return kept.dropna()
