"""HTML of a report: text is escaped unless it is HTML already, and nothing may run or load."""

import base64
import hashlib
import unicodedata
from collections.abc import Iterable
from html import escape
from typing import Final

_VOID: Final = frozenset({"img", "meta"})
_KEPT: Final = "\n\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_NO_TEXT: Final = frozenset({"Cc", "Cf", "Cs"})

STYLE: Final = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body {
  max-width: 54rem; margin: 0 auto; padding: 2rem 1.5rem 3rem;
  color: #1b2430; background: #fff;
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.25rem 0 0.5rem; padding-bottom: 0.2rem; border-bottom: 1px solid #c6ccd4;
  font-size: 1.2rem; }
h3 { margin: 1.25rem 0 0.25rem; font-size: 1rem; }
p { margin: 0.4rem 0; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1.25rem;
  margin: 1rem 0 0; }
.facts dt, .quiet { color: #525c69; }
.facts dd { margin: 0; }
.asTyped { white-space: pre-wrap; overflow-wrap: anywhere; }
.quiet { font-size: 0.875rem; }
.number { white-space: nowrap; }
.findings { margin: 0.5rem 0; padding: 0; list-style: none; }
.findings li { padding: 0.5rem 0; border-bottom: 1px solid #e4e8ed; break-inside: avoid; }
.findings strong { display: block; font-weight: 600; }
.pictures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem;
  margin-top: 0.75rem; }
figure { margin: 0; break-inside: avoid; }
.pictures img { display: block; width: 100%; max-height: 24rem; object-fit: contain;
  border: 1px solid #c6ccd4; background: #fbfbfc; }
figcaption { margin-top: 0.3rem; font-size: 0.875rem; overflow-wrap: anywhere; }
.chart { margin: 0.5rem 0 1rem; }
.chart h3, .chart figcaption { margin: 0; }
.chart svg { display: block; width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { width: 100%; margin: 0.75rem 0; border-collapse: collapse; font-size: 0.9rem; }
table.whole, tr, .lead { break-inside: avoid; }
thead { display: table-header-group; }
th, td { padding: 0.3rem 0.6rem 0.3rem 0; border-bottom: 1px solid #e4e8ed; text-align: left;
  vertical-align: top; }
th { font-weight: 600; }
thead th { border-bottom: 1px solid #525c69; }
tr.within { color: #6b7480; font-style: italic; }
.small { font-size: 0.8rem; line-height: 1.4; }
.small table { margin: 0.5rem 0; font-size: 0.75rem; line-height: 1.3; }
.small th, .small td { padding-top: 0.15rem; padding-bottom: 0.15rem; }
.small p { margin: 0.3rem 0; }
h2, h3, .lead { break-after: avoid; }
p { orphans: 3; widows: 3; }
@media (max-width: 34rem) {
  body { padding: 1rem; }
  .pictures { grid-template-columns: minmax(0, 1fr); }
  table { font-size: 0.8rem; }
  .number { white-space: normal; }
  .chart { overflow-x: auto; }
  .chart svg { min-width: 32rem; }
}
@page { size: A4; margin: 15mm 15mm 17mm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 9pt sans-serif; } }
@media print {
  body { max-width: none; padding: 0; color: #000; font-size: 10pt; }
  h1 { font-size: 17pt; }
  h2 { margin-top: 7mm; font-size: 13pt; border-color: #000; }
  h3 { font-size: 10.5pt; }
  .quiet, figcaption, table { font-size: 9pt; }
  .small, .small table { font-size: 7.5pt; }
  .quiet, .facts dt { color: #333; }
  .chart { margin: 2mm 0 3mm; }
  .wide { overflow: visible; }
  tr.within { color: #555; }
  .pictures { gap: 4mm; }
  .pictures img { max-height: 66mm; }
  .pictures img, svg { print-color-adjust: exact; }
}
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
POLICY: Final = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; "
    "form-action 'none'; base-uri 'none'"
)
"""Only pictures that stand in the page and its one style: no script, no request at all."""


class Html(str):
    """A piece of HTML; any other string is text, and is escaped where it is put in."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: object) -> Html:
    """Make an element: ``element("td", name, class_="number")``.

    Parameters
    ----------
    tag : str
    *children : str
        Text is escaped, :class:`Html` is not.
    **attributes
        ``stroke_width`` is written ``stroke-width``; a last ``_`` is left out.
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape_text(str(value))}"'
        for name, value in attributes.items()
    )
    if tag in _VOID:
        return Html(f"<{tag}{given}>")
    return Html(f"<{tag}{given}>{join(children)}</{tag}>")


def join(parts: Iterable[str]) -> Html:
    """Put pieces behind one another; text among them is escaped."""
    return Html("".join(each if isinstance(each, Html) else escape_text(each) for each in parts))


def escape_text(text: str) -> str:
    """Text as HTML shows it, without what turns the line round, is invisible or controls things."""
    shown = "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(each) in _NO_TEXT and each not in _KEPT
        else each
        for each in text
    )
    return escape(shown, quote=True)


def as_typed(text: str) -> Html:
    """Words that a person typed: lines stay, and no script's direction reaches what is around."""
    return element("bdi", text, class_="asTyped")


def number(text: str) -> Html:
    """Number with its error, on one line where there is room."""
    return element("span", text, class_="number")


def make_table(
    head: Iterable[str],
    rows: Iterable[Iterable[str]],
    *,
    is_whole: bool = True,
    within: Iterable[int] = (),
) -> Html:
    """Make a table.

    Parameters
    ----------
    head, rows : iterable of str, iterable of iterable of str
    is_whole : bool
        Not cut by the end of a page; for tables that fit on one.
    within : iterable of int
        Rows that are greyed: what they say is within the measuring error.
    """
    grey = set(within)
    top = element("tr", *(element("th", cell, scope="col") for cell in head))
    body = [
        element(
            "tr",
            *(
                element("td", cell) if column else element("th", cell, scope="row")
                for column, cell in enumerate(row)
            ),
            **({"class": "within"} if place in grey else {}),
        )
        for place, row in enumerate(rows)
    ]
    table = element(
        "table",
        element("thead", top),
        element("tbody", *body),
        **({"class": "whole"} if is_whole else {}),
    )
    return element("div", table, class_="wide")


def make_section(title: str, *children: str) -> Html:
    """Make a part of the report below its heading."""
    return element("section", element("h2", title), *children)


def make_document(title: str, *children: str) -> str:
    """Make the whole page."""
    head = (
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        Html(f"<style>{STYLE}</style>"),
    )
    page = element("html", element("head", *head), element("body", *children), lang="en")
    return f"<!doctype html>\n{page}\n"
