"""Files whose quotation marks do not keep the standard: read record by record, and written anew."""

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

END = "\x00the end\x00"
"""A line after the last one: when it does not come back as a record of its own, a quotation mark swallowed it."""


def read_by_python(lines: pl.DataFrame, *, delimiter: str, quote: str) -> pl.DataFrame:
    r"""[line, lines, text, is_closed] of numbered lines; texts are rewritten so that the marks keep the standard.

    Examples
    --------
    >>> lines = pl.DataFrame({"line": [1, 2], "text": ['a,12" pipe', 'b,"c']})
    >>> read_by_python(lines, delimiter=",", quote='"').rows()
    [(1, 1, 'a,"12"" pipe"', True), (2, 1, '\x00the end\x00', False)]
    """
    *found, (begin, span, cells) = records_with_end(lines["text"].to_list(), delimiter=delimiter, quote=quote)
    closed = [True] * len(found)
    if cells != [END]:
        found, closed = [*found, (begin, span - 1, [END])], [*closed, False]
    return pl.DataFrame(
        {
            "line": lines["line"].gather([begin for begin, _, _ in found]),
            "lines": [span for _, span, _ in found],
            "text": [rewritten(cells, delimiter=delimiter, quote=quote) for _, _, cells in found],
            "is_closed": closed,
        },
        schema={"line": pl.UInt32, "lines": pl.UInt32, "text": pl.String, "is_closed": pl.Boolean},
    )


def records_with_end(texts: list[str], *, delimiter: str, quote: str) -> Iterator[tuple[int, int, list[str]]]:
    """Where each record begins, how many lines it takes, and its cells; the last one holds the end mark."""
    with cells_of_any_length():
        reader = csv.reader((f"{text}\n" for text in (*texts, END)), delimiter=delimiter, quotechar=quote)
        begin = 0
        for cells in reader:
            yield begin, reader.line_num - begin, cells
            begin = reader.line_num


def rewritten(cells: list[str], *, delimiter: str, quote: str) -> str:
    """A record with its quotation marks in order."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, quotechar=quote, lineterminator="\n").writerow(cells)
    return line.getvalue()[:-1]


@contextmanager
def cells_of_any_length() -> Iterator[None]:
    """Python's reader refuses cells of more than 128 KiB unless told otherwise."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
