"""A file whose rows stand for many: every row as often as one of its columns says."""

import polars as pl

from leadreport.errors import InputError, listed
from leadreport.sources.content import Content
from leadreport.sources.headers import Wanted, not_there, position_of
from leadreport.sources.notation import File

COPY = "copy"
"""The column that the rows get besides: `5-2` is the second copy of line 5, in every reading of the file."""


def counted(content: Content, *, file: File) -> Content:
    """The content with each row as often as the file's `count` column says, and a column `copy` that tells them apart.

    An export of sums (an ad with three enquiries, one of them approved) becomes one row per enquiry. A torn row stays
    one row.

    Raises
    ------
    InputError
        When the column is not there, or holds something other than whole numbers from 0.
    """
    if file.count is None:
        return content
    times = row_counts(content, file=file)
    rows = content.rows.with_row_index("row").with_columns(times=times)
    whole = rows.select("row", "line", copy=pl.int_ranges(1, pl.col("times") + 1)).explode("copy").drop_nulls("copy")
    places, copies = whole["row"], whole.select(pl.format("{}-{}", "line", "copy")).to_series()

    def cells(positions: list[int]) -> pl.DataFrame:
        own = [position for position in positions if position < len(content.header)]
        found = content.cells(own)[places]
        return found.with_columns(copies.alias(str(at)) for at in positions if at not in own)

    return Content(content.name, [*content.header, COPY], content.rows[places], cells=cells, is_text=content.is_text)


def row_counts(content: Content, *, file: File) -> pl.Series:
    """How many each row stands for."""
    position = position_of(content, names=[file.count])
    if position is None:
        raise not_there(content, wanted=[Wanted((file.count,), "for count")], file=file)
    written = content.cells([position])[str(position)].cast(pl.String)
    is_torn = content.rows["torn"].is_not_null()
    times = written.str.strip_chars().cast(pl.Int64, strict=False)
    wrong = ((times.is_null() | (times < 0)) & ~is_torn).fill_null(True)
    if wrong.any():
        raise InputError(
            f"{content.name}: {wrong.sum()} rows have no whole number under '{file.count}' to be counted by",
            found=listed(written.filter(wrong).fill_null("").head(5).to_list()),
            hint="correct the file, or take 'count' out of sources.toml",
        )
    return times.set(is_torn, 1)
