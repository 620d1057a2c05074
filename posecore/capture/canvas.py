"""The athlete's picture while it is drawn on; knows whether it is a mirror."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

SUBPIXEL_BITS: Final = 3
WHITE: Final = (255, 255, 255)
BLACK: Final = (0, 0, 0)
_BOLD: Final = 600
_font: cv2.FontFace | None = None

Colour = tuple[int, int, int]
Points = NDArray[np.int32]


class Canvas:
    """A picture to draw on.

    Parameters
    ----------
    picture : ndarray, shape (height, width, 3), uint8
        Contiguous RGB, drawn on in place; turned already where it is a mirror.
    mirror : bool
        Whether it shows the athlete as a mirror does.
    """

    def __init__(self, picture: NDArray[np.uint8], *, mirror: bool = False) -> None:
        self.picture = picture
        self.mirror = mirror
        self.height: int = picture.shape[0]
        self.width: int = picture.shape[1]

    @property
    def thickness(self) -> int:
        """Width of a skeleton's lines in pixels, fit for the picture's size."""
        return max(2, self.height // 150)

    def to_points(self, xy: NDArray[np.floating]) -> Points:
        """Turn places in the camera's picture into points to draw at.

        Parameters
        ----------
        xy : ndarray, shape (..., 2)
            Normalised to the camera's picture, as ``image_landmarks`` are; never mirrored.

        Returns
        -------
        ndarray of int32, shape (..., 2)
            In 1 / 2 ** ``SUBPIXEL_BITS`` pixels; mirrored where the picture is. What is NaN
            becomes 0 and what is far outside is brought closer: leave out what is not there.
        """
        scaled = xy * np.array([self.width, self.height], dtype=np.float64)
        if self.mirror:
            scaled[..., 0] = self.width - scaled[..., 0]
        scaled[np.isnan(scaled)] = 0.0
        far = 4 * max(self.width, self.height)
        np.minimum(np.maximum(scaled, -far, out=scaled), far, out=scaled)
        points: Points = np.rint(scaled * (1 << SUBPIXEL_BITS)).astype(np.int32)
        return points

    def draw_lines(self, lines: Sequence[Points], colour: Colour, thickness: int) -> None:
        """Draw polylines through points of :meth:`to_points`."""
        if lines:
            cv2.polylines(
                self.picture, list(lines), False, colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS
            )

    def write(
        self,
        text: str,
        place: tuple[int, int],
        *,
        size: int,
        colour: Colour = WHITE,
        centred: bool = False,
    ) -> None:
        """Write one line, with a dark edge so that it can be read on anything.

        Parameters
        ----------
        text : str
            In most scripts; whatever it holds, it is shown as text.
        place : tuple of int
            Where its baseline starts, or its middle is if ``centred``: x, y in pixels.
        size : int
            Height of the letters in pixels.
        """
        line = "".join(each if each.isprintable() else " " for each in text)
        font = _find_font()
        x, y = place
        if centred:
            _, _, width, _ = cv2.getTextSize(
                (self.width, self.height), line, (0, 0), font, size, _BOLD
            )
            x -= width // 2
        edge = max(1, size // 16)
        for dx, dy in ((-edge, 0), (edge, 0), (0, -edge), (0, edge)):
            cv2.putText(self.picture, line, (x + dx, y + dy), BLACK, font, size, _BOLD)
        cv2.putText(self.picture, line, (x, y), colour, font, size, _BOLD)


def _find_font() -> cv2.FontFace:
    """Return the font inside OpenCV, which needs a moment to be read."""
    global _font
    if _font is None:
        _font = cv2.FontFace("sans")
    return _font
