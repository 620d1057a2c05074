"""The camera as far as a recording tells: rays through the landmarks, and where the body stands."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_NEAREST_M: Final = 0.3
_N_REWEIGHTINGS: Final = 5
_LEAST: Final = 1e-9
_ROBUST_SHARE: Final = 0.03
"""Of the distance: landmarks that miss by more say little about where the body stands."""


def compute_rays(
    image_landmarks: NDArray[np.floating], image_size: tuple[int, int], focal_length: float
) -> FloatArray:
    """Directions in which landmarks are seen.

    Parameters
    ----------
    image_landmarks : ndarray, shape (n, J, 3)
        Normalised to the image.
    image_size : tuple of int
        (width, height) in pixels.
    focal_length : float
        In long sides of the picture.

    Returns
    -------
    ndarray, shape (n, J, 2)
        x / z and y / z in the camera's frame.
    """
    scale = np.array(image_size) / max(image_size) / focal_length
    return (image_landmarks[..., :2].astype(np.float64) - 0.5) * scale


def turn_to_rays(world_m: FloatArray, centre_ray: FloatArray) -> FloatArray:
    """World landmarks in the camera's frame.

    The estimator sees a crop around the person and cannot know where in the picture it was, so
    that its z axis is the line of sight to the person rather than the camera's axis.

    Parameters
    ----------
    world_m : ndarray, shape (n, J, 3), metres
    centre_ray : ndarray, shape (n, 2)
        x / z and y / z of the person's middle.

    Returns
    -------
    ndarray, shape (n, J, 3), metres
    """
    sight = np.concatenate([centre_ray, np.ones((len(centre_ray), 1))], axis=1)
    return turn(world_m, np.broadcast_to([0.0, 0.0, 1.0], sight.shape), sight)


def turn(points_m: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """Turn points by the smallest rotation that takes one direction to another (Rodrigues).

    Parameters
    ----------
    points_m : ndarray, shape (n, J, 3)
    before, after : ndarray, shape (n, 3)
        Of any length; where one has none, nothing is turned.
    """
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    lengths = np.where(lengths > 0, lengths, 1.0)[:, np.newaxis]
    cosine = ((before * after).sum(axis=1, keepdims=True) / lengths)[:, np.newaxis]
    axis = (np.cross(before, after) / lengths)[:, np.newaxis]
    along = axis * (points_m * axis).sum(axis=-1, keepdims=True)
    is_turned = (axis != 0).any(axis=-1, keepdims=True)
    turned = cosine * points_m + np.cross(axis, points_m) + along / np.maximum(1 + cosine, 1e-6)
    return np.where(is_turned, turned, points_m)


def place_body(body_m: FloatArray, rays: FloatArray, weights: FloatArray) -> FloatArray:
    """Where a body of known shape stands, from the rays its landmarks are seen along.

    Parameters
    ----------
    body_m : ndarray, shape (n, J, 3), metres
    rays : ndarray, shape (n, J, 2)
    weights : ndarray, shape (n, J)

    Returns
    -------
    ndarray, shape (n, 3), metres
        To be added to ``body_m``. Linear least squares on ``x - u z = 0``, reweighted.
    """
    u, v = rays[..., 0], rays[..., 1]
    target = rays * body_m[..., 2:] - body_m[..., :2]
    along = u * target[..., 0] + v * target[..., 1]
    squared = u**2 + v**2
    loss = np.ones_like(weights)
    for _ in range(_N_REWEIGHTINGS):
        weight = weights * loss
        total = weight.sum(axis=1) + _LEAST
        mean_u, mean_v = ((weight * ray).sum(axis=1) / total for ray in (u, v))
        mean_x, mean_y = ((weight * target[..., k]).sum(axis=1) / total for k in (0, 1))
        # x and y eliminated from the three normal equations.
        spread = (weight * squared).sum(axis=1) / total - mean_u**2 - mean_v**2
        pull = mean_u * mean_x + mean_v * mean_y - (weight * along).sum(axis=1) / total
        z = np.maximum(pull / (np.maximum(spread, 0.0) + _LEAST), _NEAREST_M)
        x, y = mean_x + mean_u * z, mean_y + mean_v * z
        miss_x = x[:, np.newaxis] - u * z[:, np.newaxis] - target[..., 0]
        miss_y = y[:, np.newaxis] - v * z[:, np.newaxis] - target[..., 1]
        scale = (_ROBUST_SHARE * z[:, np.newaxis]) ** 2
        loss = 1.0 / (1.0 + (miss_x**2 + miss_y**2) / scale)
    return np.stack([x, y, z], axis=-1)
