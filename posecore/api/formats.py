"""Tables as JSON, JSON lines, CSV, Parquet or Arrow, written piece by piece as they are sent."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from posecore.api.caching import PRIVATE
from posecore.api.problems import ApiProblem

Format = Literal["json", "jsonl", "csv", "parquet", "arrow"]
MEDIA_TYPES: Final[dict[Format, str]] = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
"""What Accept may ask for; the first where it takes anything."""

_DIMENSIONS: Final = 3
_ENDINGS: Final[dict[Format, str]] = {
    "json": "json",
    "jsonl": "jsonl",
    "csv": "csv",
    "parquet": "parquet",
    "arrow": "arrows",
}


def choose_format(request: Request, given: Format | None) -> Format:
    """Return the format asked for, by the query or by the header Accept.

    Raises
    ------
    ApiProblem
        With status 406, where none of them is taken.
    """
    if given is not None:
        return given
    best: tuple[float, int, Format] | None = None
    for accepted in request.headers.get("Accept", "*/*").split(","):
        media_type, quality = _read_accepted(accepted)
        for place, (name, offered) in enumerate(MEDIA_TYPES.items()):
            is_named = media_type == offered
            if is_named or media_type in ("*/*", f"{offered.partition('/')[0]}/*"):
                rank = (quality + (1e-4 if is_named else 0), -place, name)
                if quality > 0 and (best is None or rank > best):
                    best = rank
    if best is None:
        raise ApiProblem(
            406,
            f"This comes as {', '.join(MEDIA_TYPES.values())}; ask for one of these with Accept, "
            f"or with ?format={'|'.join(get_args(Format))}.",
        )
    return best[2]


def _read_accepted(accepted: str) -> tuple[str, float]:
    media_type, *parameters = (part.strip().lower() for part in accepted.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return media_type, min(1.0, max(0.0, float(parameter[2:])))
            except ValueError:
                return media_type, 0.0
    return media_type, 1.0


def stream_tables(
    tables: Iterable[pa.Table], table_format: Format, *, tag: str, file_stem: str
) -> Response:
    """Answer with tables of the same columns, one behind the other, as one.

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        At least one, be it empty; taken one at a time.
    table_format : str
    tag : str
        The ETag.
    file_stem : str
        Name of the file that a browser makes of it, without its ending.
    """
    chunks = _WRITERS[table_format](iter(tables))
    # What cannot be done is known before the answer begins.
    first = next(chunks, b"")
    return StreamingResponse(
        chain([first], chunks),
        media_type=MEDIA_TYPES[table_format],
        headers={
            "ETag": tag,
            **PRIVATE,
            "Vary": "Accept, Authorization, Cookie",
            "Content-Disposition": f'inline; filename="{file_stem}.{_ENDINGS[table_format]}"',
            # Compressing it on its way takes longer than sending it.
            "Content-Encoding": "identity",
        },
    )


def _write_json(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    yield b"["
    separator = "\n"
    for table in tables:
        rows = to_json_rows(table)
        if len(rows):
            yield (separator + ",\n".join(rows.to_pylist())).encode()
            separator = ",\n"
    yield b"\n]\n"


def _write_json_lines(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    for table in tables:
        rows = to_json_rows(table)
        if len(rows):
            yield ("\n".join(rows.to_pylist()) + "\n").encode()


def _write_csv(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    has_header = True
    for table in tables:
        options = pa.csv.WriteOptions(
            include_header=has_header, quoting_header="none", batch_size=4096
        )
        stream = io.BytesIO()
        pa.csv.write_csv(table, stream, options)
        yield stream.getvalue()
        has_header = False


def _write_parquet(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    def open_writer(sink: Any, schema: pa.Schema) -> Any:
        # Measured numbers hardly repeat: a dictionary of them takes time and saves nothing.
        return pq.ParquetWriter(
            sink, schema, use_dictionary=False, write_statistics=False, compression="snappy"
        )

    return _write_pieces(tables, open_writer)


def _write_arrow(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    return _write_pieces(tables, pa.ipc.new_stream)


def _write_pieces(
    tables: Iterator[pa.Table], open_writer: Callable[[Any, pa.Schema], Any]
) -> Iterator[bytes]:
    sink = _Sink()
    first = next(tables)
    with open_writer(sink, first.schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table)
            if chunk := sink.take():
                yield chunk
    yield sink.take()


class _Sink(io.RawIOBase):
    """A file whose written bytes are taken away as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[bytes] = []
        self._n_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        chunk = bytes(data)
        self._chunks.append(chunk)
        self._n_bytes += len(chunk)
        return len(chunk)

    def tell(self) -> int:
        return self._n_bytes

    def close(self) -> None:
        """Stay open: the last bytes come when the writer closes its file."""

    def take(self) -> bytes:
        taken, self._chunks = b"".join(self._chunks), []
        return taken


_WRITERS: Final[dict[Format, Callable[[Iterator[pa.Table]], Iterator[bytes]]]] = {
    "json": _write_json,
    "jsonl": _write_json_lines,
    "csv": _write_csv,
    "parquet": _write_parquet,
    "arrow": _write_arrow,
}


def to_json_rows(table: pa.Table) -> pa.Array:
    """Write each row of a table as one JSON object; NaN and NULL are null.

    Numbers have the digits that give back exactly the same number. The lists of a frame become
    lists of 33, or of 33 times ``[x, y, z]``.
    """
    parts: list[Any] = []
    for place, name in enumerate(table.column_names):
        parts.append(f"{', ' if place else '{'}{json.dumps(name)}: ")
        column = table[name].combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # what an empty column combines to
            return pa.array([], pa.string())
        parts.append(_to_texts(column))
    return pc.binary_join_element_wise(*parts, "}", "")


def _to_texts(column: pa.Array) -> pa.Array:
    if pa.types.is_fixed_size_list(column.type):
        return _to_list_texts(column)
    if pa.types.is_string(column.type):
        cells = [json.dumps(cell, ensure_ascii=False) for cell in column.to_pylist()]
        return pa.array(cells, pa.string())
    texts = pc.cast(column, pa.string())
    if pa.types.is_floating(column.type):
        texts = pc.if_else(pc.is_nan(column), "null", texts)
    return pc.fill_null(texts, "null")


def _to_list_texts(column: pa.FixedSizeListArray) -> pa.Array:
    width = column.type.list_size
    texts = _to_texts(column.flatten())  # without the rows that are NULL
    if width % _DIMENSIONS == 0 and width > _N_LANDMARKS:
        texts, width = _join_lists(texts, _DIMENSIONS), width // _DIMENSIONS
    rows = _join_lists(texts, width)
    is_there = column.is_valid().to_numpy(zero_copy_only=False)
    places = np.where(is_there, np.cumsum(is_there) - 1, 0)
    chosen = rows.take(pa.array(places, mask=~is_there))
    return pc.fill_null(chosen, "null")


_N_LANDMARKS: Final = 33


def _join_lists(texts: pa.Array, width: int) -> pa.Array:
    offsets = pa.array(np.arange(0, len(texts) + 1, width, dtype=np.int32))
    lists = pa.ListArray.from_arrays(offsets, texts)
    return pc.binary_join_element_wise("[", pc.binary_join(lists, ", "), "]", "")
