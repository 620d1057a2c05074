"""A pinhole camera anywhere around the synthetic figure: what it sees, and in which frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class SimulatedCamera:
    """A camera that looks at the place where the figure's hips are when it has not travelled.

    Attributes
    ----------
    azimuth_deg : float
        0 in front of the figure, 90 on its left, 180 behind it.
    elevation_deg : float
        0 at hip height, positive above, within (-90, 90). The picture's upper edge stays level.
    distance_m : float
        From the camera to the hips.
    focal_length : float
        In picture heights; 1.1 sees 49 degrees from the lower edge to the upper.

    Notes
    -----
    Without distortion, principal point in the middle, square pixels. The figure's own frame is
    that of the camera in front of it: x right, y down, z away, origin mid-hip.
    """

    azimuth_deg: float = 0.0
    elevation_deg: float = 0.0
    distance_m: float = 3.5
    focal_length: float = 1.1

    @property
    def rotation(self) -> NDArray[np.float64]:
        """Shape (3, 3): ``rotation @ p`` turns the figure's frame into the camera's."""
        azimuth, elevation = np.radians([self.azimuth_deg, self.elevation_deg])
        right = np.array([np.cos(azimuth), 0.0, np.sin(azimuth)])
        away = np.array(
            [
                -np.sin(azimuth) * np.cos(elevation),
                np.sin(elevation),
                np.cos(azimuth) * np.cos(elevation),
            ]
        )
        return np.stack([right, np.cross(away, right), away])

    def turn(self, points_m: FloatArray) -> NDArray[np.float64]:
        """Points in the camera's frame, the origin where it was.

        Parameters
        ----------
        points_m : ndarray, shape (..., 3), metres, the figure's frame

        Returns
        -------
        ndarray, shape (..., 3), metres
        """
        return np.asarray(points_m @ self.rotation.T, dtype=np.float64)

    def project(
        self, turned_m: FloatArray, hips_m: FloatArray, image_size: tuple[int, int]
    ) -> NDArray[np.float64]:
        """Image landmarks of points in the camera's frame.

        Parameters
        ----------
        turned_m : ndarray, shape (n, 33, 3), metres
            What :meth:`turn` returns, origin mid-hip.
        hips_m : ndarray, shape (n, 3), metres
            Where the hips are from the point the camera looks at, in the camera's frame.
        image_size : tuple of int
            (width, height) in pixels.

        Returns
        -------
        ndarray, shape (n, 33, 3)
            x, y normalised to the picture, origin top left; z from the hips, on x's scale. NaN
            for points behind the camera.
        """
        width, height = image_size
        placed_m = turned_m + hips_m[:, np.newaxis]
        depth_m = self.distance_m + placed_m[..., 2]
        scale = self.focal_length / np.where(depth_m > 0, depth_m, np.nan)
        hips_scale = self.focal_length / (self.distance_m + hips_m[:, 2:])
        aspect = height / width
        x = 0.5 + placed_m[..., 0] * scale * aspect
        y = 0.5 + placed_m[..., 1] * scale
        z = turned_m[..., 2] * hips_scale * aspect + 0 * x
        return np.stack([x, y, z], axis=-1)
