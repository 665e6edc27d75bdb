"""The rows that a mapping makes of one file: chosen by its conditions, read column by column."""

from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

import polars as pl

from leadreport.errors import InputError, listed
from leadreport.policy import Policy
from leadreport.sources.columns import FoundColumns, PlainMapping, columns_missing, find_columns, position_of
from leadreport.sources.content import Content
from leadreport.sources.convert import as_text, convert, present, reading_of
from leadreport.sources.mapping import Column, Condition, File
from leadreport.sources.values import constant
from leadreport.tables import HEADERS, PROBLEMS, UNUSED, column_types

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

    return Content(content.name, [*content.header, COPY], content.rows[places], cells=cells, is_text=content.is_text)


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


@dataclass(frozen=True)
class FileCells:
    """A file with the cells that its mappings need."""

    content: Content
    file: File
    cells: pl.DataFrame

    def column(self, names: list[str]) -> pl.Series:
        """The cells of the column with one of some names, for a condition."""
        position = position_of(self.content, names=names)
        if position is None:
            raise InputError(
                f"{self.content.name} has no column {' or '.join(map(repr, names))}, which 'drop' or 'only' names",
                found=listed(self.content.header, most=30),
                hint="correct the condition in sources.toml",
            )
        return self.cells[str(position)]

    @property
    def is_malformed(self) -> pl.Series:
        return self.content.rows["malformed"].is_not_null()

    def filter(self, chosen: pl.Series) -> "FileCells":
        """The chosen rows."""
        if chosen.all():
            return self
        content = replace(self.content, rows=self.content.rows.filter(chosen))
        return replace(self, content=content, cells=self.cells.filter(chosen))


@dataclass(frozen=True)
class MappedRows:
    """The rows of one mapping and one file; `row` in `problems` counts from 0 within them.

    `is_used` says for every row of the file whether the mapping's conditions select it.
    """

    table: str
    file: str
    rows: pl.DataFrame
    cells: pl.DataFrame
    lines: pl.Series
    problems: pl.DataFrame
    headers: pl.DataFrame
    unused: pl.DataFrame
    is_used: pl.Series


def rows_of(content: Content, *, file: File, plain: list[PlainMapping], policy: Policy) -> list[MappedRows]:
    """The rows of every mapping that reads a file; the file's cells are read once."""
    found = [find_columns(each, content=content, file=file, policy=policy) for each in plain]
    asked = [condition.column for each in plain for condition in (*file.drop, *each.conditions())]
    asked_at = {position for names in asked if (position := position_of(content, names=names)) is not None}
    needed = asked_at.union(position for each in found for position, _ in each.all.values())
    cells = FileCells(content, file, content.cells(sorted(needed)))
    return [mapped_rows(each, cells, found=where, policy=policy) for each, where in zip(plain, found, strict=True)]


def mapped_rows(plain: PlainMapping, file_cells: FileCells, *, found: FoundColumns, policy: Policy) -> MappedRows:
    """The rows of a mapping: selected, read column by column, each problem noted."""
    is_used = selected(plain, file_cells)
    chosen = file_cells.filter(is_used & with_a_date(plain, file_cells, found=found))
    rows, is_malformed = chosen.content.rows, chosen.is_malformed
    cells = raw_cells(plain, chosen, found=found)
    values, problems = {}, [malformed_rows(rows)]
    for name in cells.columns:
        column = found.all[name][1] if name in found.all else Column(column=[name])
        reading = reading_of(name, column, mapping=plain.mapping, file=chosen.file, policy=policy)
        values[name], problem = convert(cells[name].set(is_malformed, None), reading=reading)
        problems.append(cell_problems(name, cells=cells[name], problem=problem))
    headers = [(name, chosen.content.header[at]) for name, (at, _) in found.all.items()]
    return MappedRows(
        table=plain.table,
        file=chosen.content.name,
        rows=with_all_columns(pl.DataFrame(values, height=rows.height), table=plain.table),
        cells=cells,
        lines=rows["line"],
        problems=pl.concat(problems),
        headers=pl.DataFrame(headers, schema=["column", "header"], schema_overrides=HEADERS, orient="row"),
        unused=pl.DataFrame([(chosen.content.name, *each) for each in found.unused], schema=UNUSED, orient="row"),
        is_used=is_used,
    )


def selected(plain: PlainMapping, file_cells: FileCells) -> pl.Series:
    """Which rows the conditions select; a malformed row is left out only by what the file drops as a whole."""

    def met(conditions: list[Condition]) -> list[pl.Series]:
        return [holds(each, file_cells.column(each.column)) for each in conditions]

    none = constant(False, file_cells.content.rows.height, dtype=pl.Boolean)
    dropped = reduce(or_, met(file_cells.file.drop), none)
    left_out = reduce(or_, [*met(plain.mapping.drop), *(~each for each in met(plain.mapping.only))], none)
    return ~dropped & (file_cells.is_malformed | ~left_out)


def holds(condition: Condition, cells: pl.Series) -> pl.Series:
    """For each cell whether a condition holds, in any case, without the spaces around it.

    Examples
    --------
    >>> total = Condition(column="Campaign", starts_with="total:")
    >>> holds(total, pl.Series([" Total: Account", "Brand", None])).to_list()
    [True, False, False]
    """
    text = as_text(cells).fill_null("").str.strip_chars().str.to_lowercase()
    if condition.is_ is not None:
        return text.is_in([word.strip().lower() for word in condition.is_])
    if condition.starts_with is not None:
        return reduce(or_, (text.str.starts_with(word.strip().lower()) for word in condition.starts_with))
    return (text == "") == condition.is_empty


def with_a_date(plain: PlainMapping, file_cells: FileCells, *, found: FoundColumns) -> pl.Series:
    """Which rows a mapping makes: all of them, or those whose date column is filled."""
    if plain.filled is None:
        return constant(True, file_cells.content.rows.height, dtype=pl.Boolean)
    position, _ = found.columns["reached_at"]
    text = present(file_cells.cells[str(position)], missing=file_cells.file.missing, mapped={})
    is_malformed = file_cells.is_malformed
    return (text.is_not_null() & ~is_malformed) | (is_malformed & plain.reports_malformed)


def raw_cells(plain: PlainMapping, file_cells: FileCells, *, found: FoundColumns) -> pl.DataFrame:
    """The cells of a mapping's columns as the file has them; a constant is in every row."""
    height = file_cells.content.rows.height
    read = {name: file_cells.cells[str(at)] for name, (at, _) in found.all.items()}
    return pl.DataFrame(
        {**read, **{name: constant(text, height) for name, text in plain.constants.items()}}, height=height
    )


def malformed_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """The problem of each malformed row: its whole line, and no column."""
    problems = rows.with_row_index("row").filter(pl.col("malformed").is_not_null())
    return problems.select("row", column=pl.lit(None, dtype=pl.String), value="text", reason="malformed").cast(PROBLEMS)


def cell_problems(name: str, *, cells: pl.Series, problem: pl.Series) -> pl.DataFrame:
    """The problems of one column as rows."""
    at = problem.is_not_null().arg_true()
    return pl.DataFrame(
        {"row": at, "column": [name] * len(at), "value": cells[at].cast(pl.String), "reason": problem[at]},
        schema=PROBLEMS,
    )


def with_all_columns(rows: pl.DataFrame, *, table: str) -> pl.DataFrame:
    """Our columns first, in their order, null where the mapping has none; then the attributes."""
    types = column_types(table)
    absent = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in types.items() if name not in rows.columns]
    return rows.with_columns(absent).select(*types, pl.exclude(*types))
