"""Errors: one tree, each raised somewhere with a sentence for people."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from posecore import errors

ROOT = Path(__file__).resolve().parents[2]
# Raised through its subclasses, which say what happened.
BASES = {"PoseCoreError"}


def all_errors(kind=errors.PoseCoreError):
    for subclass in kind.__subclasses__():
        yield subclass.__name__
        yield from all_errors(subclass)


def collect_sentences():
    """Map each error to the texts it is made with, ``{}`` for what is filled in."""
    sentences = defaultdict(list)
    for path in sorted((ROOT / "posecore").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                sentences[node.func.id].append(_text(node.args[0]))
    return sentences


def _text(argument):
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        parts = (getattr(part, "value", None) for part in argument.values)
        return "".join(part if isinstance(part, str) else "{}" for part in parts)
    return None  # made elsewhere


SENTENCES = collect_sentences()


@pytest.mark.parametrize("name", sorted(set(all_errors()) - BASES))
def test_each_error_is_raised_somewhere_with_a_sentence_for_people(name):
    texts = SENTENCES[name]
    assert texts, f"{name} is never raised"
    for text in filter(None, texts):
        assert text.endswith((".", "}")), text
        assert len(text.split()) >= 4, text


def test_the_tree_in_the_docstring_is_the_tree():
    documented = {
        line.strip(" │├└─").split()[0] for line in errors.__doc__.splitlines() if "Error" in line
    }
    assert documented == set(all_errors()) | {"PoseCoreError"}


def test_errors_can_be_caught_as_what_python_calls_them_too():
    assert issubclass(errors.InvalidSequenceError, ValueError)
    assert issubclass(errors.InvalidFieldError, ValueError)
    assert issubclass(errors.SessionNotFoundError, LookupError)
    assert issubclass(errors.NoteNotFoundError, LookupError)
