"""The rows that a mapping makes of one file: chosen by its conditions, read column by column."""

from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import or_

import polars as pl

from leadreport.errors import InputError, listed
from leadreport.policy import Policy
from leadreport.sources.columns import (
    FoundColumns,
    PlainMapping,
    Reading,
    find_columns,
    position_of,
    reading_of,
)
from leadreport.sources.convert import as_text, convert, decided, present
from leadreport.sources.files import Content
from leadreport.sources.mapping import NAMED_FORMATS, Column, Condition, File, Mapping
from leadreport.sources.multiples import UNTIL, last_days, span_of, spread
from leadreport.sources.values import constant, has_day
from leadreport.tables import HEADERS, MARKS, PROBLEMS, UNUSED, column_types, note

TOTAL = r"(?i)^\s*(?:grand[ -]|sub-?)?(?:totals?|gesamt(?:summe|ergebnis)?|summe|somme|totale?|totaal|suma)\b"
"""How the first words of a line that sums others begin, in the languages of ad exports."""


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

    mapping: Mapping
    file: str
    rows: pl.DataFrame
    cells: pl.DataFrame
    lines: pl.Series
    problems: pl.DataFrame
    headers: pl.DataFrame
    unused: pl.DataFrame
    is_used: pl.Series
    marks: pl.DataFrame
    notes: list[pl.DataFrame] = field(default_factory=list)

    @property
    def table(self) -> str:
        return self.mapping.table


@dataclass(frozen=True)
class ChosenRows:
    """The rows of a file that a mapping selects, with the raw cells of its columns; a constant is in every row."""

    plain: PlainMapping
    found: FoundColumns
    rows: FileCells
    is_used: pl.Series

    @cached_property
    def cells(self) -> pl.DataFrame:
        height = self.rows.content.rows.height
        read = {name: self.rows.cells[str(at)] for name, (at, _) in self.found.all.items()}
        constants = {name: constant(text, height) for name, text in self.plain.constants.items()}
        return pl.DataFrame({**read, **constants}, height=height)

    def header(self, name: str) -> str:
        """The file's own name of one of our columns."""
        return self.rows.content.header[self.found.all[name][0]] if name in self.found.all else name

    def column(self, name: str) -> pl.Series:
        """The cells of one of our columns; empty where a row is malformed."""
        return self.cells[name].set(self.rows.is_malformed, None)


def rows_of(contents: list[Content], *, file: File, plain: list[PlainMapping], policy: Policy) -> list[MappedRows]:
    """The rows of every mapping that reads some files of one form; each file's cells are read once."""
    is_alone = len(contents) == 1
    chosen = [chosen_rows(content, file=file, plain=plain, policy=policy, is_alone=is_alone) for content in contents]
    readings = [decided_readings(list(of_one), file=file, policy=policy) for of_one in zip(*chosen, strict=True)]
    return [
        mapped_rows(each, readings=reading)
        for of_file in chosen
        for each, reading in zip(of_file, readings, strict=True)
    ]


def chosen_rows(
    content: Content, *, file: File, plain: list[PlainMapping], policy: Policy, is_alone: bool
) -> list[ChosenRows]:
    """For each mapping the rows of a file that it selects, with their marks."""
    found = [find_columns(each, content=content, file=file, policy=policy) for each in plain]
    asked = [condition.column for each in plain for condition in (*file.drop, *each.conditions())]
    asked_at = {position for names in asked if (position := position_of(content, names=names)) is not None}
    needed = asked_at.union(position for each in found for position, _ in each.all.values())
    if any(each.table == "spend" for each in plain):
        needed = set(range(len(content.header)))
    read = content.cells(sorted(needed))
    marks = {"signature": constant(0, read.height, dtype=pl.UInt64), "total": constant(None, read.height)}
    if content.signatures and (content.is_text or not is_alone):
        marks["signature"] = content.signatures()
    if any(each.table == "spend" for each in plain):
        marks["total"] = read.select(first_total(read)).to_series()
    cells = FileCells(content, file, read.with_columns(**marks))
    used = [selected(each, cells) for each in plain]
    return [
        ChosenRows(each, where, cells.filter(is_used & with_a_date(each, cells, found=where)), is_used)
        for each, where, is_used in zip(plain, found, used, strict=True)
    ]


def decided_readings(chosen: list[ChosenRows], *, file: File, policy: Policy) -> dict[str, Reading]:
    """How each column of a mapping is read, decided by the whole column, through all files."""
    readings = {}
    for name in dict.fromkeys(name for each in chosen for name in each.cells.columns):
        having = [each for each in chosen if name in each.cells.columns]
        first = having[0]
        column = first.found.all[name][1] if name in first.found.all else Column(column=[name])
        reading = reading_of(name, column, mapping=first.plain.mapping, file=file, policy=policy)
        where = f"{first.rows.content.name}: the column '{first.header(name)}'"
        readings[name] = decided(reading, [each.column(name) for each in having], where=where)
    return readings


def mapped_rows(chosen: ChosenRows, *, readings: dict[str, Reading]) -> MappedRows:
    """The rows of a mapping: read column by column, each problem noted."""
    content, plain, cells = chosen.rows.content, chosen.plain, chosen.cells
    values, problems = {}, [malformed_rows(content.rows)]
    for name in cells.columns:
        values[name], problem = convert(chosen.column(name), reading=readings[name])
        problems.append(cell_problems(name, cells=cells[name], problem=problem))
    kept = [f"{content.name}: {chosen.header(name)}" for name, each in readings.items() if each.is_kept_as_text]
    headers = [(name, content.header[at]) for name, (at, _) in chosen.found.all.items()]
    mapped = MappedRows(
        mapping=plain.mapping,
        file=content.name,
        rows=pl.DataFrame(values, height=content.rows.height),
        cells=cells,
        lines=content.rows["line"],
        problems=pl.concat(problems),
        headers=pl.DataFrame(headers, schema=["column", "header"], schema_overrides=HEADERS, orient="row"),
        unused=pl.DataFrame([(content.name, *each) for each in chosen.found.unused], schema=UNUSED, orient="row"),
        is_used=chosen.is_used,
        marks=chosen.rows.cells.select(*MARKS),
        notes=[note("columns that read two ways", kept)],
    )
    if plain.table == "spend":
        mapped = spread_over_days(mapped, chosen=chosen, readings=readings)
    return with_all_columns(with_ids(mapped))


def first_total(read: pl.DataFrame) -> pl.Expr:
    """The first cell of each row that begins like a total."""
    texts = [pl.col(name) for name in read.columns if read[name].dtype == pl.String]
    return pl.coalesce(*(pl.when(text.str.contains(TOTAL)).then(text) for text in texts), pl.lit(None, dtype=pl.String))


def with_ids(mapped: MappedRows) -> MappedRows:
    """Rows of leads and deals whose file has no id, numbered by file and line; others unchanged."""
    name = {"leads": "lead_id", "deals": "deal_id"}.get(mapped.table)
    if name is None or name in mapped.rows.columns:
        return mapped
    lines = mapped.lines.to_frame("line").with_columns(copy=pl.col("line").cum_count().over("line"))
    again = pl.when(pl.col("copy") > 1).then(pl.format("-{}", "copy")).otherwise(pl.lit(""))
    ids = lines.select(pl.format("{}:{}{}", pl.lit(mapped.file), "line", again)).to_series()
    numbers = note("rows without an id", [mapped.file], rows=len(ids))
    return replace(mapped, rows=mapped.rows.with_columns(ids.alias(name)), notes=[*mapped.notes, numbers])


def spread_over_days(mapped: MappedRows, *, chosen: ChosenRows, readings: dict[str, Reading]) -> MappedRows:
    """Spend with the cost of each row that names a span of days spread over them; others unchanged."""
    start = mapped.rows["spent_on"]
    last_on, problem = ends_of_costs(start, chosen=chosen, reading=readings["spent_on"])
    if last_on.null_count() == len(last_on) and problem.null_count() == len(problem):
        return mapped
    problem = problem.zip_with(~(last_on < start).fill_null(False), constant("is before the first day", len(start)))
    bad = cell_problems(UNTIL, cells=last_on, problem=problem)
    each = spread(start, mapped.rows["amount"], last_on=last_on)
    first = each.with_row_index("at").filter(pl.col("day") == 0).select("row", "at")
    problems = pl.concat([mapped.problems, bad]).join(first, on="row").with_columns(row="at").select(*PROBLEMS)
    spans = each.filter(pl.col("day") == 0, pl.col("days") > 1)
    places = [
        f"{mapped.file} line {mapped.lines[row]}: {days} days" for row, days in spans.select("row", "days").iter_rows()
    ]
    return replace(
        mapped,
        rows=mapped.rows[each["row"]].with_columns(each["spent_on"], each["amount"]),
        cells=mapped.cells[each["row"]],
        lines=mapped.lines[each["row"]],
        problems=problems.cast(PROBLEMS),
        marks=mapped.marks[each["row"]],
        notes=[*mapped.notes, note("costs of a span of days", places)],
    )


def ends_of_costs(start: pl.Series, *, chosen: ChosenRows, reading: Reading) -> tuple[pl.Series, pl.Series]:
    """The last day of each cost, null where it is one day, and the problem where it cannot be read."""
    nothing = constant(None, len(start))
    if "spent_on" not in chosen.found.columns:
        return nothing.cast(pl.Date), nothing
    position, _ = chosen.found.columns["spent_on"]
    span = span_of(chosen.plain.mapping, start=position, content=chosen.rows.content)
    is_monthly = all(format not in NAMED_FORMATS and not has_day(format) for format in reading.formats)
    if isinstance(span, str) or (span is None and is_monthly):
        return last_days(start, span or "month"), nothing
    if span is None:
        return nothing.cast(pl.Date), nothing
    cells = chosen.rows.cells[str(span[0])].set(chosen.rows.is_malformed, None)
    return convert(cells, reading=replace(reading, formats=span[1].format or reading.formats))


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


def with_all_columns(mapped: MappedRows) -> MappedRows:
    """Our columns first, in their order, null where the mapping has none; then the attributes."""
    types = column_types(mapped.table)
    absent = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in types.items() if name not in mapped.rows.columns]
    return replace(mapped, rows=mapped.rows.with_columns(absent).select(*types, pl.exclude(*types)))
