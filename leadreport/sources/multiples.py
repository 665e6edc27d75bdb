"""Rows that stand for many: a count of leads becomes rows, a cost of several days is spread over them."""

import re

import polars as pl

from leadreport.errors import InputError, listed
from leadreport.sources.columns import any_case, columns_missing, position_of
from leadreport.sources.files import Content
from leadreport.sources.mapping import Column, File, SpendMapping, as_column
from leadreport.sources.values import DAY

ENDS = {
    **{"starts": "ends", "start": "end", "from": "to", "since": "until", "begin": "end", "spent_on": "spent_until"},
    **{"von": "bis", "beginn": "ende", "anfang": "ende", "début": "fin", "du": "au", "desde": "hasta"},
}
"""What the heading of a first day says, and what that of the last day beside it says."""

SEGMENTS = {
    "week": ("week", "woche", "semaine", "semana", "settimana"),
    "month": ("month", "monat", "mois", "mes", "mese"),
    "quarter": ("quarter", "quartal", "trimestre"),
}
"""Headings of a column whose rows are not days."""

LENGTHS = {"week": "1w", "month": "1mo", "quarter": "3mo", "year": "1y"}

UNTIL = "last day of the cost"

COPY = "copy"
"""The column that repeated rows get: `5-2` is the second copy of line 5, whichever mapping reads the file."""


def repeat_rows(content: Content, *, file: File) -> Content:
    """The content with each row as often as its `count` column says, and a column `copy` that tells the copies apart.

    An export of sums (an ad with three enquiries, one of them approved) becomes one row per enquiry. A malformed row
    stays one row.

    Raises
    ------
    InputError
        When the column is missing, or holds something other than whole numbers from 0.
    """
    if file.count is None:
        return content
    times = row_counts(content, file=file, count=file.count)
    rows = content.rows.with_row_index("row").with_columns(times=times)
    copies = rows.select("row", "line", copy=pl.int_ranges(1, pl.col("times") + 1)).explode("copy").drop_nulls("copy")
    places, names = copies["row"], copies.select(pl.format("{}-{}", "line", "copy")).to_series()

    def cells(positions: list[int]) -> pl.DataFrame:
        own = [position for position in positions if position < len(content.header)]
        found = content.cells(own)[places]
        return found.with_columns(names.alias(str(at)) for at in positions if at not in own)

    return Content(
        content.name,
        [*content.header, COPY],
        content.rows[places],
        cells=cells,
        is_text=content.is_text,
        signatures=lambda: content.signatures()[places],
    )


def row_counts(content: Content, *, file: File, count: str) -> pl.Series:
    """How many rows each row stands for; 1 for a malformed row."""
    position = position_of(content, names=[count])
    if position is None:
        raise columns_missing(content, wanted=[([count], "for count")], file=file)
    written = content.cells([position])[str(position)].cast(pl.String)
    is_malformed = content.rows["malformed"].is_not_null()
    times = written.str.strip_chars().cast(pl.Int64, strict=False)
    wrong = ((times.is_null() | (times < 0)) & ~is_malformed).fill_null(True)
    if wrong.any():
        raise InputError(
            f"{content.name}: {wrong.sum()} rows have no whole number in '{count}', the column to count by",
            found=listed(written.filter(wrong).fill_null("").head(5).to_list()),
            hint="correct the file, or remove 'count' from sources.toml",
        )
    return times.set(is_malformed, 1)


def span_of(mapping: SpendMapping, *, start: int, content: Content) -> tuple[int, Column] | str | None:
    """How long each cost lasts: the column of its last day, or a length ("month"); None for a day.

    As the mapping says, else as the heading of the first day, at position `start`, does: "Reporting starts" has a
    "Reporting ends" beside it, "Month" names a length.

    Examples
    --------
    >>> header = ["Reporting starts", "Reporting ends", "Cost"]
    >>> mapping = SpendMapping.model_construct(until=None, each=None)
    >>> span_of(mapping, start=0, content=Content("ads.csv", header, pl.DataFrame(), cells=None))[0]
    1
    """
    if mapping.each is not None:
        return mapping.each
    words = any_case(content.header[start])
    pairs = [re.sub(rf"\b{first}\b", last, words) for first, last in ENDS.items()]
    named = mapping.until or Column.model_validate(as_column(pairs))
    position = position_of(content, names=named.column)
    if position is None and mapping.until is not None:
        raise columns_missing(content, wanted=[(named.column, "for until of spend")], file=File.model_construct())
    if position in (None, start):
        return next((length for length, names in SEGMENTS.items() if words in names), None)
    return position, named


def last_days(start: pl.Series, length: str) -> pl.Series:
    """The last day of a week, month, quarter or year that begins on each day."""
    return start.dt.offset_by(LENGTHS[length]) - DAY


def spread(start: pl.Series, amount: pl.Series, *, last_on: pl.Series) -> pl.DataFrame:
    """[row, day, days, spent_on, amount]: each amount in equal parts on its days, to the cent; one day where no end is.

    The first k of n days have k/n of the cents, rounded down; what is no whole cent stays with the first day.

    Examples
    --------
    >>> from datetime import date
    >>> start, last_on = pl.Series([date(2026, 2, 1)]), pl.Series([date(2026, 2, 3)])
    >>> spread(start, pl.Series([10.0]), last_on=last_on)["amount"].to_list()
    [3.33, 3.33, 3.34]
    """
    days = ((last_on - start).dt.total_days() + 1).fill_null(1).clip(1)
    costs = pl.DataFrame({"spent_on": start, "amount": amount, "days": days}).with_row_index("row")
    each = costs.with_columns(day=pl.int_ranges("days")).explode("day")
    cents = (pl.col("amount") * 100).round(0).cast(pl.Int64)
    share = cents * (pl.col("day") + 1) // pl.col("days") - cents * pl.col("day") // pl.col("days")
    rest = pl.when(pl.col("day") == 0).then(pl.col("amount") - cents / 100).otherwise(0.0)
    return each.select(
        "row",
        "day",
        "days",
        spent_on=pl.col("spent_on") + pl.duration(days="day"),
        amount=pl.when(pl.col("days") > 1).then((share / 100 + rest).round(6)).otherwise("amount"),
    )
