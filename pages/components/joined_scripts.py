"""Our JavaScript modules as one: a component's script, and what a single page can carry."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "(\.\.?/(?:\w+/)?\w+)\.js";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=const |class |function |async function )", re.MULTILINE)


@lru_cache
def join_modules(folder: Path, entry: str) -> str:
    """Join a module and all it imports, from its folder or one beside it, into one.

    Each stands behind those it needs. One request instead of one a module and one a level; and a
    single page can carry it, where the names of files mean nothing. Modules share one scope, so a
    name may be defined only once. A default export stays one.
    """
    return "\n".join(_read_module(path) for path in _order([(folder / f"{entry}.js").resolve()]))


def _order(paths: Iterable[Path], done: tuple[Path, ...] = ()) -> tuple[Path, ...]:
    for path in paths:
        if path not in done:
            imported = _IMPORT.findall(path.read_text(encoding="utf-8"))
            needed = [(path.parent / f"{name}.js").resolve() for name in imported]
            done = (*_order(needed, done), path)
    return done


def _read_module(path: Path) -> str:
    return _EXPORT.sub("", _IMPORT.sub("", path.read_text(encoding="utf-8")))
