"""Whether two pictures belong to one movement: of one shape, whatever their size."""

from typing import Final

SAME_SHAPE: Final = 0.02
"""Pictures whose sides' proportions differ by less are of one shape, only larger or smaller."""


def is_other_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether pictures of these sizes do not go together.

    Landmarks are shares of the picture, so that a larger or smaller one of the same shape changes
    none of them. A browser makes the picture smaller whenever the line is slow.

    Parameters
    ----------
    one, other : tuple of int
        (width, height) in pixels.
    """
    (width, height), (other_width, other_height) = one, other
    return abs(width * other_height / (height * other_width) - 1) >= SAME_SHAPE
