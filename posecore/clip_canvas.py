"""Draws the pictures of a clip: the skeleton above the ground or a video, and a line of facts."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from posecore.capture.overlay import COLOURS_RGB
from posecore.clip_scene import STROKES, Camera, Stroke, make_ground, project, project_lines
from posecore.topology import Landmark, Side, side_of

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

_WHITE: Final = (255, 255, 255)
_SUBPIXEL_BITS: Final = 4
_STROKE_ENDS: Final = np.array([(stroke.start, stroke.end) for stroke in STROKES])
_TAGGED: Final = [each for each in Landmark if each.name.endswith("_INDEX")]
_LETTERS: Final[dict[Side, str]] = {"left": "L", "right": "R"}
_BOLD: Final = 700


class Look(NamedTuple):
    """Colours of the theme, light or dark."""

    background: Colour
    panel: Colour
    line: Colour
    text: Colour


LIGHT: Final = Look((251, 251, 252), (240, 242, 245), (217, 222, 229), (27, 36, 48))
DARK: Final = Look((15, 20, 25), (25, 33, 42), (44, 55, 67), (228, 233, 239))


class ClipCanvas:
    """Draws one picture after the other, all of one size: a scene above a line of facts.

    Parameters
    ----------
    size : tuple of int
        (width, height) of the scene in pixels.
    footer_height : int
        Height of the line of facts below it.
    caption : str
        What the clip shows; any text, put on one line and cut where it is too long.
    speed : float
        Told in the line of facts where it is not 1.
    look : Look

    Attributes
    ----------
    image_size : tuple of int
        (width, height) of the whole picture, the line of facts included.
    """

    def __init__(
        self,
        size: tuple[int, int],
        *,
        footer_height: int,
        caption: str,
        speed: float,
        look: Look,
    ) -> None:
        width, height = size
        self._height, self._look = height, look
        self._thickness = max(2, round(0.011 * height))
        self._font, self._letters = cv2.FontFace("uni"), cv2.FontFace("sans")
        self._footer_height = footer_height
        self._text_size = round(0.42 * self._footer_height)
        self.image_size = (width, height + self._footer_height)
        self._blank: Picture = np.full((height + self._footer_height, width, 3), 0, dtype=np.uint8)
        self._blank[:height] = look.background
        self._blank[height:] = look.panel
        self._draw_footer(caption, speed)

    def draw_skeleton(
        self, places_m: NDArray[np.float64], camera: Camera, time_s: float, message: str
    ) -> Picture:
        """Skeleton above the ground.

        Parameters
        ----------
        places_m : ndarray, shape (35, 3), metres
            What :func:`posecore.clip_scene.place_in_room` returns for a frame.
        camera : Camera
            From where.
        time_s : float
            What the clock shows.
        message : str
            Shown in place of the skeleton, unless empty.
        """
        picture = self._begin(time_s)
        scene = picture[: self._height]
        ground = project_lines(make_ground(camera.room, camera.n_grounds), camera)[..., :2]
        _draw_lines(scene, list(ground), self._look.line, 1)
        if message:
            self._write_message(scene, message)
            return picture
        ends = project_lines(places_m[_STROKE_ENDS], camera)
        depths = ends[..., 2].mean(axis=1)
        # The nearest last, as if they hid what is behind; what is missing is not drawn.
        for number in np.argsort(depths)[::-1]:
            if np.isfinite(depths[number]):
                self._draw_stroke(scene, STROKES[number], ends[number, :, :2])
        for landmark, (x, y, depth) in zip(
            _TAGGED, project(places_m[_TAGGED], camera), strict=True
        ):
            if np.isfinite(depth):
                self._draw_tag(scene, (x, y), side_of(landmark), round(1.35 * self._thickness))
        return picture

    def draw_video(self, frame_rgb: Picture | None, time_s: float, message: str) -> Picture:
        """Picture of a video, of the scene's size; without one only the message."""
        picture = self._begin(time_s)
        if frame_rgb is not None:
            picture[: self._height] = frame_rgb
        if message:
            self._write_message(picture[: self._height], message, is_on_video=frame_rgb is not None)
        return picture

    def _begin(self, time_s: float) -> Picture:
        picture = self._blank.copy()
        self._write(picture, format_time(time_s), self._margin, self._baseline, self._look.text)
        return picture

    def _draw_stroke(self, scene: Picture, stroke: Stroke, ends: NDArray[np.float64]) -> None:
        start, end = ends
        thickness = self._thickness if stroke.is_limb else max(2, self._thickness // 2)
        # A rim in the background's colour lifts what is nearer off what is behind, but not off its
        # neighbours at the joints.
        if stroke.is_limb:
            rim = start + np.array([[0.15], [0.85]]) * (end - start)
            _draw_lines(scene, [rim], self._look.background, thickness + 4)
        length = float(np.hypot(*(end - start)))
        cap = thickness / 2 / max(length, thickness)
        lines = []
        for first, last in stroke.parts:
            # The ends of a line are round: where it breaks off, they come out of its length.
            middle = (first + last) / 2
            first = first if first == 0.0 else min(first + cap, middle)
            last = last if last == 1.0 else max(last - cap, middle)
            lines.append(start + np.array([[first], [last]]) * (end - start))
        _draw_lines(scene, lines, COLOURS_RGB[stroke.side], thickness)

    def _draw_tag(
        self, picture: Picture, place: tuple[float, float], side: Side, radius: int
    ) -> None:
        """Letter on a disc for the left, on a square for the right."""
        height, width = picture.shape[:2]
        if not (-radius < place[0] < width + radius and -radius < place[1] < height + radius):
            return
        x, y = round(place[0]), round(place[1])
        if side == "left":
            cv2.circle(picture, (x, y), radius, COLOURS_RGB[side], cv2.FILLED, cv2.LINE_AA)
        else:
            edge = radius - 2  # its corners are round: they come with the outline
            corners = np.array([[x - edge, y - edge], [x + edge, y + edge]])
            cv2.rectangle(picture, corners[0], corners[1], COLOURS_RGB[side], cv2.FILLED)
            cv2.rectangle(picture, corners[0], corners[1], COLOURS_RGB[side], 3, cv2.LINE_AA)
        text, size = _LETTERS[side], round(1.5 * radius)
        box = cv2.getTextSize((1000, 1000), text, (0, 0), self._letters, size, _BOLD)
        origin = (x - box[0] - box[2] // 2, y - box[1] - box[3] // 2)
        cv2.putText(picture, text, origin, _WHITE, self._letters, size, _BOLD)

    def _draw_footer(self, caption: str, speed: float) -> None:
        """Draw what stays the same: the speed, the caption, and which side is which."""
        width, _ = self.image_size
        self._margin = round(0.4 * self._footer_height)
        middle = self._height + self._footer_height // 2
        self._baseline = middle + round(0.36 * self._text_size)
        right = width - self._margin
        for side in ("right", "left"):
            right -= self._measure(side)
            self._write(self._blank, side, right, self._baseline, self._look.text)
            radius = round(0.45 * self._text_size)
            right -= round(1.9 * radius)
            self._draw_tag(self._blank, (right, middle), side, radius)
            right -= 2 * radius + self._margin // 2
        left = self._margin + self._measure("00:00.0") + self._margin
        if speed != 1:
            text = f"{speed:g}x"
            self._write(self._blank, text, left, self._baseline, _quiet(self._look))
            left += self._measure(text) + self._margin
        text = self._shorten(_to_one_line(caption), right - left)
        self._write(self._blank, text, left, self._baseline, self._look.text)

    def _write_message(self, scene: Picture, message: str, *, is_on_video: bool = False) -> None:
        x = (scene.shape[1] - self._measure(message)) // 2
        y = round(0.52 * scene.shape[0])
        if is_on_video:
            pad = self._text_size // 2
            top_left = (x - pad, y - self._text_size - pad // 2)
            bottom_right = (x + self._measure(message) + pad, y + pad)
            cv2.rectangle(scene, top_left, bottom_right, self._look.panel, cv2.FILLED)
        self._write(scene, message, x, y, _quiet(self._look))

    def _write(self, picture: Picture, text: str, x: int, y: int, colour: Colour) -> None:
        if text:
            cv2.putText(picture, text, (x, y), colour, self._font, self._text_size)

    def _measure(self, text: str) -> int:
        """Width of a text on one line, in pixels."""
        box = cv2.getTextSize((100_000, 1000), text, (0, 0), self._font, self._text_size)
        return int(box[0] + box[2])

    def _shorten(self, text: str, width: int) -> str:
        if not text or self._measure(text) <= width:
            return text
        while text and self._measure(f"{text}…") > width:
            text = text[:-1].rstrip()
        return f"{text}…" if text else ""


def get_footer_height(height: int) -> int:
    """Height of the line of facts for a clip of this height, in pixels; even."""
    return max(24, 2 * round(0.035 * height))


def format_time(time_s: float) -> str:
    """Time as the player shows it, m:ss.d, never ahead of itself."""
    tenths = int(time_s * 10 + 1e-6)
    return f"{tenths // 600}:{tenths // 10 % 60:02}.{tenths % 10}"


def _to_one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _quiet(look: Look) -> Colour:
    red, green, blue = (
        round(0.68 * text + 0.32 * under)
        for text, under in zip(look.text, look.background, strict=True)
    )
    return red, green, blue


def _draw_lines(
    picture: Picture, lines: Iterable[NDArray[np.float64]], colour: Colour, thickness: int
) -> None:
    """Draw lines to a sixteenth of a pixel; far outside the picture they end."""
    limit = 4 * max(picture.shape)
    pixels = [
        np.rint(_shorten(line, limit) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        for line in lines
        if np.isfinite(line).all()
    ]
    if pixels:
        cv2.polylines(picture, pixels, False, colour, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def _shorten(line: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    """Part of a line that is within a limit either way (Liang and Barsky's); at least a point."""
    start, way = line[0], line[1] - line[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossings = np.sort([(-limit - start) / way, (limit - start) / way], axis=0)
    first = np.clip(np.nanmax(crossings[0], initial=0.0), 0.0, 1.0)
    last = np.clip(np.nanmin(crossings[1], initial=1.0), first, 1.0)
    return np.stack([start + first * way, start + last * way]).clip(-limit, limit)
