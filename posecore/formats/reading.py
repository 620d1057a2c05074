"""What was found in a file of landmarks, and the small checks all its readers share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from posecore.errors import InvalidSequenceError, LandmarkFileError
from posecore.formats.catalogue import MAX_FRAMES
from posecore.sequence import NO_PICTURE, PoseSequence

_DAMAGED: Final = "it is damaged, or not what its name says"
_FRAME_NUMBERS: Final = 2**31


@dataclass(frozen=True)
class FileReading:
    """A recording that was read from a file.

    Attributes
    ----------
    sequence : PoseSequence
    remarks : tuple of str
        What the file held that the recording does not, a sentence each.
    """

    sequence: PoseSequence
    remarks: tuple[str, ...] = ()


def make_reading(title: str, *, image_size: tuple[int, int] | None, **fields: Any) -> FileReading:
    """Make a recording of what was in a file, without a picture where its size is unknown.

    Parameters
    ----------
    title : str
        What messages call the file.
    image_size : tuple of int or None
        Shares of a picture whose shape nobody knows measure nothing: without it, the landmarks of
        the picture are left out, and a remark says so.
    **fields
        Of :class:`posecore.PoseSequence`.

    Raises
    ------
    LandmarkFileError
        If nothing would be left.
    InvalidSequenceError
    """
    numbers = fields["frame_number"]
    if len(numbers) > MAX_FRAMES or (len(numbers) and numbers.max() >= _FRAME_NUMBERS):
        raise make_broken(
            title, f"it has more than {MAX_FRAMES:,} frames, or numbers beyond reason"
        )
    if image_size is not None:
        return FileReading(PoseSequence(image_size=image_size, **fields))
    image = fields.pop("image_landmarks")
    has_picture, has_world = (
        not np.isnan(image).all(),
        not np.isnan(fields["world_landmarks"]).all(),
    )
    if has_picture and not has_world:
        raise LandmarkFileError(
            f"{title} holds landmarks of the picture only, and not the picture's size; give it "
            "with --image-size WIDTHxHEIGHT."
        )
    sequence = PoseSequence(
        image_landmarks=np.full_like(image, np.nan), image_size=NO_PICTURE, **fields
    )
    remark = (
        "The file does not say how large the picture was, so its landmarks in the picture were "
        "left out; --image-size WIDTHxHEIGHT keeps them."
    )
    return FileReading(sequence, (remark,) if has_picture else ())


def make_broken(title: str, reason: str) -> LandmarkFileError:
    """Say what is wrong with a file, and what to do."""
    return LandmarkFileError(
        f"{title} cannot be read: {reason}. Export it again from the program that made it."
    )


@contextmanager
def explaining(title: str) -> Iterator[None]:
    """Turn whatever broken bytes lead to into one sentence that names the file."""
    try:
        with np.errstate(all="ignore"):  # a number too large becomes infinity, which is refused
            yield
    except LandmarkFileError:
        raise
    except InvalidSequenceError as error:
        raise make_broken(title, str(error).rstrip(".")) from error
    except OSError as error:
        if error.errno is None:  # Arrow's word for bytes it does not understand
            raise make_broken(title, _DAMAGED) from error
        raise LandmarkFileError(
            f"{title} cannot be read: {error.strerror}; check that the file is there and may be "
            "opened."
        ) from error
    except MemoryError as error:
        raise LandmarkFileError(
            f"{title} is too large for this computer's memory; cut it into shorter files."
        ) from error
    except Exception as error:  # a hostile file finds every way to fail; none of them is a crash
        raise make_broken(title, _DAMAGED) from error
