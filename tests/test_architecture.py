"""The house of DESIGN section 2: who may import what, and how long anything may be."""

import ast
import re
import sys
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 50
MAX_PAGE_LINES = 80

# Each part with the parts of posecore it may import, itself always included; "*" is any of them.
ERRORS = {"errors"}
BASE = {"errors", "topology", "geometry"}
DATA = BASE | {"sequence"}
MEASURES = DATA | {"signals", "image_scale", "centre_of_mass"}
ANALYSIS = MEASURES | {"angles", "cleaning", "events"}
COMPARISON = ANALYSIS | {"metrics", "metric_table", "alignment", "comparison"}
CLIP = {"capture.canvas", "capture.overlay", "clip_scene", "clip_canvas", "clip_painter", "video"}
REPORT = ANALYSIS | {
    "measures",
    "capture.overlay",
    "clip_canvas",
    "cli_text",
    "report_html",
    "report_readings",
    "storage.note",
    "storage.session",
}
REPORT_PARTS = {f"report_{part}" for part in ("chart", "comparison", "moments", "tables", "words")}
ESTIMATION = DATA | {"settings", "models", "isolation", "worker", "estimation"}
API = (
    COMPARISON
    | {"climbing", "conditions", "export", "formats", "frame_arrow", "goals", "identity"}
    | {"import_queue", "session_goals"}
    | {"importing", "landmark_import", "placement", "processing", "search", "session_metrics"}
    | {"replay_clock", "settings", "storage", "streaming", "table_columns"}
)
MAY_IMPORT = {
    "errors": set(),
    "topology": set(),
    "geometry": set(),
    "ice_servers": ERRORS,
    "settings": ERRORS | {"ice_servers"},
    "lan": set(),
    "lan_certificate": ERRORS | {"lan", "settings"},
    "pairing": ERRORS,
    "lan_connections": ERRORS | {"pairing"},
    "identity": ERRORS | {"settings"},
    "sign_in": ERRORS | {"identity"},
    "sequence": BASE,
    "simulated_camera": set(),
    "synthetic": DATA | {"simulated_camera"},
    "disturbances": DATA,
    "cleaning": DATA,
    "angle_measures": BASE,
    "angle_definition": BASE | {"angle_measures"},
    "angle_table": BASE | {"angle_measures", "angle_definition"},
    "angles": DATA | {"angle_measures", "angle_definition", "angle_table"},
    "seen_angles": DATA | {"angles"},
    "goals": DATA | {"angles", "seen_angles"},
    "refinement": DATA | {"cleaning"},
    "trust": DATA | {"angles", "refinement"},
    "processing": DATA | {"settings", "cleaning", "refinement"},
    "signals": set(),
    "image_scale": DATA,
    "centre_of_mass": DATA,
    "smoothness": {"signals"},
    "excursions": {"signals"},
    "events": DATA | {"angles", "signals", "excursions", "image_scale"},
    "stillness": DATA | {"signals", "events"},
    "climbing": MEASURES | {"angles"},
    "measures": ANALYSIS | {"climbing", "stillness"},
    "metric_table": ANALYSIS | {"smoothness", "measures", "metric_definition", "climbing_metrics"},
    "metrics": ANALYSIS | {"climbing", "measures", "metric_definition", "metric_table"},
    "warping": {"signals"},
    "warping_scout": {"angles"},
    "online_warping": DATA | {"angles", "warping_scout"},
    "replay_clock": set(),
    "synchronising": MEASURES | {"angles"},
    "angle_readings": MEASURES | {"angles"},
    "alignment": ANALYSIS | {"stillness", "trust", "warping"},
    "placement": DATA | {"clip_scene"},
    "comparison": COMPARISON | {"trust", "angle_readings", "placement"},
    "repetition_profile": ANALYSIS | {"angle_readings"},
    "metric_definition": ANALYSIS | {"measures"},
    "climbing_metrics": ANALYSIS | {"climbing", "measures", "metric_definition"},
    "conditions": ERRORS | {"angle_table"},
    "signal_readings": ANALYSIS | {"conditions", "processing", "stillness"},
    "frame_arrow": DATA,
    "storage": DATA
    | {"settings", "identity", "video_writer", "conditions", "frame_arrow", "goals"},
    "api": API,
    "client_link": ERRORS,
    "client_goals": ERRORS | {"client_link", "goals"},
    "client_readings": ERRORS | {"client_link", "conditions", "storage.session"},
    "client": DATA
    | {"client_goals", "client_link", "client_readings", "frame_arrow"}
    | {"storage.note", "storage.session"},
    "search": DATA | {"angle_readings", "conditions", "processing", "signal_readings", "export"},
    "reading_job": ERRORS | {"search"},
    "courses": ANALYSIS | {"angle_readings", "repetition_profile"},
    "progress": set(),
    "figures": COMPARISON | {"metric_definition", "progress", "repetition_profile"},
    "whole_file": ERRORS,
    "table_columns": DATA,
    "export": COMPARISON
    | {"climbing", "trust", "whole_file", "table_columns", "storage.note", "storage.session"},
    "tidy": COMPARISON | {"export", "table_columns"},
    "handover": COMPARISON | {"export", "tidy", "trust", "formats", "storage.note", "whole_file"},
    "reading": DATA | {"formats"},
    "formats": DATA | {"cleaning", "angles"},
    "clip_scene": DATA,
    "clip_canvas": DATA | {"capture.overlay", "clip_scene"},
    "clip_painter": DATA | {"capture.overlay", "clip_scene", "clip_canvas", "video"},
    "clip": DATA | {*CLIP, "video_writer"},
    "stills": DATA | CLIP,
    "report_html": set(),
    "report_chart": {"clip_canvas", "report_html"},
    "report_readings": ANALYSIS | {"measures", "trust"},
    "report_moments": REPORT,
    "report_words": REPORT | {"metrics", "stillness"},
    "report_tables": REPORT | {"metric_table", "report_words"},
    "report_comparison": COMPARISON | REPORT | {"placement", "report_chart", "report_tables"},
    "report": COMPARISON | REPORT | {"climbing", "stills", "trust", "whole_file", *REPORT_PARTS},
    "models": ERRORS | {"settings"},
    "estimation": ESTIMATION,
    "video": ERRORS,
    "camera": ERRORS,
    "video_writer": ERRORS,
    "streaming": DATA | {"capture", "replay_block", "replay_clock", "storage"},
    "capture": ESTIMATION
    | {"angles", "cleaning", "storage", "video", "video_writer"}
    | {"comparison", "image_scale", "online_warping", "replay_clock", "stillness"}
    | {"goals", "seen_angles", "synchronising"},
}
# What only these files may import; the package is found wherever in a file the import stands.
OWNERS = {
    "duckdb": ["posecore/storage/*.py"],
    "mediapipe": ["posecore/estimation*.py"],
    "plotly": ["posecore/figures/*.py"],
    "cv2": [
        "posecore/camera.py",
        "posecore/video.py",
        "posecore/capture/canvas.py",
        "posecore/capture/ghost_overlay.py",
        "posecore/capture/jpeg.py",
        "posecore/capture/overlay.py",
        "posecore/capture/hints.py",
        "posecore/capture/viewer_picture.py",
        "posecore/clip_canvas.py",
        "posecore/clip_painter.py",
        "posecore/estimation*.py",
        "posecore/doctor.py",
    ],
    "av": [
        "posecore/video.py",
        "posecore/video_writer.py",
        "posecore/doctor.py",
        "pages/components/*.py",
    ],
    "starlette": ["app.py", "posecore/api/*.py", "pages/components/*.py"],
    "PIL": ["posecore/clip.py", "posecore/stills.py"],
    "fastapi": ["posecore/api/*.py"],
    "httpx": ["posecore/client_link.py"],
    "limits": ["posecore/api/limits.py"],
    "pydantic": ["posecore/api/*.py"],
    "cryptography": ["posecore/lan_certificate.py"],
    "ifaddr": ["posecore/lan.py"],
    "segno": ["pages/components/phone_settings.py"],
    "aiortc": ["pages/components/*.py"],
    "websockets": ["posecore/streaming/sender.py"],
    "streamlit": ["app.py", "pages/*.py"],
    "streamlit_webrtc": ["pages/components/*.py"],
}


def find_files(*patterns):
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


LIBRARY = find_files("posecore/**/*.py")
PAGES = find_files("pages/*.py")
CODE = [*LIBRARY, *find_files("app.py", "pages/**/*.py")]


FOLDERS = {path.parent.name for path in find_files("posecore/*/__init__.py")}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@lru_cache
def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path):
    """Every module a file imports, at the top or inside a function, but not for types only."""
    for_types = set()
    tree = parse(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for_types |= {id(inner) for statement in node.body for inner in ast.walk(statement)}
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports relative to itself"
            yield node.module
            # from posecore import angles, from posecore.storage import session
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(path):
    """posecore/storage/session.py -> storage.session"""
    return ".".join(path.relative_to(ROOT / "posecore").with_suffix("").parts)


def is_within(module, parts):
    return any(module == part or module.startswith(f"{part}.") for part in parts)


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_the_library_imports_only_what_lies_below(path):
    part = part_of(path).split(".")[0]
    if part not in MAY_IMPORT:
        return  # above everything: the command line, the import of videos, ...
    allowed = MAY_IMPORT[part] | {part}
    modules = {part_of(other).removesuffix(".__init__") for other in LIBRARY}
    for name in imports_of(path):
        if name.startswith("posecore."):
            below = name.removeprefix("posecore.")
            module = below if below in modules else below.rpartition(".")[0]
            assert module, f"{name_of(path)} must import {name} from the module it lives in"
            # The bare name of a folder comes with each import of a module in it.
            if module not in FOLDERS:
                assert is_within(module, allowed), f"{name_of(path)} must not import {name}"


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_heavy_packages_have_one_home(path):
    for name in imports_of(path):
        owners = OWNERS.get(name.split(".")[0])
        if owners is not None:
            assert any(fnmatch(name_of(path), owner) for owner in owners), (
                f"{name_of(path)} must not import {name}"
            )


def test_every_home_exists():
    """A rule about files that are gone would hold nothing."""
    for package in OWNERS:
        importers = [p for p in CODE if package in {n.split(".")[0] for n in imports_of(p)}]
        assert importers, f"nothing imports {package}"
    for part in {"sequence", "angles", "storage", "figures", "export", "estimation", "capture"}:
        assert part in MAY_IMPORT
        assert any(part_of(path).split(".")[0] == part for path in LIBRARY), part


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_the_library_knows_no_page(path):
    assert not {name.split(".")[0] for name in imports_of(path)} & {"pages", "app", "scripts"}


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_only_names_are_imported_never_everything(path):
    assert not [name for name in imports_of(path) if name.endswith(".*")]


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_modules_and_functions_stay_short(path):
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    limit = MAX_PAGE_LINES if path in PAGES else MAX_MODULE_LINES
    assert n_lines <= limit, f"{name_of(path)} has {n_lines} lines; {limit} are allowed"
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert length_of(node) <= MAX_FUNCTION_LINES, (
                f"{name_of(path)}: {node.name} has {length_of(node)} lines"
            )


def length_of(function):
    """Lines of a function without its docstring, which may be as long as it has to say."""
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    documented = first.end_lineno - first.lineno + 1 if has_docstring else 0
    return function.end_lineno - function.lineno + 1 - documented


# Who may see what is decided where these tables are read, and nowhere else.
HOMES_OF_TABLES = {
    "api_tokens": {"token_store"},
    "shares": {"share_store", "session_lookup", "people_store"},
    "people": {"people_store", "share_store", "token_store", "audit_store", "owners"},
    "audit": {"audit_store", "people_store"},
    "paired_devices": {"device_store"},
}


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_tables_about_rights_have_one_home(path):
    if path.stem == "migration_steps":
        return
    text = path.read_text(encoding="utf-8")
    for verb, table in re.findall(r"\b(FROM|INTO|JOIN|UPDATE)\s+(\w+)", text):
        homes = HOMES_OF_TABLES.get(table)
        if homes is not None:
            assert path.parent.name == "storage" and path.stem in homes, f"{verb} {table}"


@pytest.mark.parametrize("path", find_files("posecore/storage/*.py"), ids=name_of)
def test_sessions_are_read_by_who_may_read_them(path):
    """A question about sessions names who asks, but for what only the computer itself can ask."""
    if path.stem in ("migration_steps", "session_recovery", "owners"):
        return
    tree = parse(path)
    whole = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in whole for part in ast.walk(node) if part is not node}
    texts = [*whole, *(node for node in ast.walk(tree) if isinstance(node, ast.Constant))]
    asks = r"owner = |READABLE|make_readable_sql|\{readable\}"
    for node in texts:
        sql = ast.unparse(node)
        is_question = re.search(r"SELECT (?!1 ).*FROM sessions\b|JOIN sessions\b", sql, re.DOTALL)
        if is_question and id(node) not in parts:
            assert re.search(asks, sql), f"{name_of(path)}: {sql}"


def test_there_is_no_drawer_for_odds_and_ends():
    names = {path.stem for path in CODE}
    assert not names & {"utils", "util", "helpers", "helper", "misc", "common"}
    assert not [path for path in CODE if path.stem[0].isdigit()]
    assert not names & set(sys.stdlib_module_names) - {"__init__", "__main__"}
