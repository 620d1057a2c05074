"""Our JavaScript modules as one: a component's script, and what a single page can carry."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=const |class |function |async function )", re.MULTILINE)


@lru_cache
def join_modules(folder: Path, entry: str) -> str:
    """Join a module and all it imports from its folder into one, each behind those it needs.

    One request instead of one a module and one a level; and a single page can carry it, where the
    names of files mean nothing. Modules share one scope, so a name may be defined only once. A
    default export stays one.
    """
    return "\n".join(_read_module(folder, name) for name in _order(folder, [entry]))


def _order(folder: Path, names: Iterable[str], done: tuple[str, ...] = ()) -> tuple[str, ...]:
    for name in names:
        if name not in done:
            imported = _IMPORT.findall(_read_source(folder, name))
            done = (*_order(folder, imported, done), name)
    return done


def _read_module(folder: Path, name: str) -> str:
    return _EXPORT.sub("", _IMPORT.sub("", _read_source(folder, name)))


def _read_source(folder: Path, name: str) -> str:
    return (folder / f"{name}.js").read_text(encoding="utf-8")
