"""The rows that one part of a mapping makes of one file."""

from dataclasses import dataclass, replace

import polars as pl

from leadreport.errors import InputError, listed
from leadreport.policy import Policy
from leadreport.sources.conditions import all_hold, any_holds
from leadreport.sources.content import Content
from leadreport.sources.convert import convert, present
from leadreport.sources.headers import position_of
from leadreport.sources.notation import Column, File
from leadreport.sources.parts import Located, Part, locate
from leadreport.sources.readings import reading_of
from leadreport.tables import PROBLEMS, column_types


@dataclass(frozen=True)
class Sheet:
    """A file with the cells that its parts need."""

    content: Content
    file: File
    cells: pl.DataFrame

    def column(self, names: list[str]) -> pl.Series:
        """The cells of the column that goes by one of some names; a condition may speak of any."""
        position = position_of(self.content, names=names)
        if position is None:
            raise InputError(
                f"{self.content.name} has no column {' or '.join(map(repr, names))}, of which 'drop' or 'only' speaks",
                found=listed(self.content.header, most=30),
                hint="correct the condition in sources.toml",
            )
        return self.cells[str(position)]

    @property
    def is_torn(self) -> pl.Series:
        return self.content.rows["torn"].is_not_null()


@dataclass(frozen=True)
class Piece:
    """The rows of one part and one file; `row` in `problems` counts from 0 within the piece.

    `is_used` tells for every row of the file whether the part's conditions let it through.
    """

    part: Part
    file: str
    rows: pl.DataFrame
    cells: pl.DataFrame
    lines: pl.Series
    problems: pl.DataFrame
    headers: dict[str, str]
    unused: list[tuple[str, str]]
    is_used: pl.Series


def pieces_of(content: Content, *, file: File, parts: list[Part], policy: Policy) -> list[Piece]:
    """The piece of every part that reads a file; the file's cells are read once."""
    located = [locate(part, content=content, file=file, policy=policy) for part in parts]
    asked = [condition.column for part in parts for condition in (*file.drop, *part.conditions())]
    asked_at = {position for names in asked if (position := position_of(content, names=names)) is not None}
    cells = content.cells(sorted(asked_at.union(*(each.positions() for each in located))))
    sheet = Sheet(content, file, cells)
    return [
        piece_of(part, sheet=sheet, located=where, policy=policy) for part, where in zip(parts, located, strict=True)
    ]


def piece_of(part: Part, *, sheet: Sheet, located: Located, policy: Policy) -> Piece:
    """The rows of a part: chosen, read column by column, each problem noted."""
    is_used = let_through(part, sheet=sheet)
    chosen = is_used & with_a_date(part, sheet=sheet, located=located)
    sheet = only_rows(sheet, chosen)
    torn = sheet.content.rows.select("torn", "text")
    cells = raw_cells(part, sheet=sheet, located=located)
    values, problems = {}, [torn_rows(torn)]
    for name, column in named_columns(part, located).items():
        reading = reading_of(name, column, mapping=part.mapping, file=sheet.file, policy=policy)
        whole = cells[name].set(torn["torn"].is_not_null(), None) if torn["torn"].count() else cells[name]
        values[name], problem = convert(whole, reading=reading)
        problems.append(found_problems(name, cells=cells[name], problem=problem))
    header = sheet.content.header
    names = {name: header[at] for name, (at, _) in {**located.columns, **located.attributes}.items()}
    return Piece(
        part=part,
        file=sheet.content.name,
        rows=with_all_columns(pl.DataFrame(values, height=torn.height), table=part.table),
        cells=cells,
        lines=sheet.content.rows["line"],
        problems=pl.concat(problems),
        headers=names,
        unused=[each for each in located.unused if each[1]],
        is_used=is_used,
    )


def let_through(part: Part, *, sheet: Sheet) -> pl.Series:
    """Which rows the conditions let through; a torn row is left out only by what the file drops as a whole."""
    height = sheet.content.rows.height
    dropped = any_holds(sheet.file.drop, cells=sheet.column, height=height)
    meant = all_hold(part.mapping.only, cells=sheet.column, height=height)
    not_meant = any_holds(part.mapping.drop, cells=sheet.column, height=height)
    return ~dropped & (sheet.is_torn | (meant & ~not_meant))


def with_a_date(part: Part, *, sheet: Sheet, located: Located) -> pl.Series:
    """Which rows a part makes: all of them, or those whose date column is filled."""
    if part.filled is None:
        return pl.Series([True]).new_from_index(0, sheet.content.rows.height)
    position, _ = located.columns["reached_at"]
    text = present(sheet.cells[str(position)], missing=sheet.file.missing, values={})
    return (text.is_not_null() & ~sheet.is_torn) | (sheet.is_torn & part.tells_torn)


def named_columns(part: Part, located: Located) -> dict[str, Column]:
    """Every column that the part fills: found, constant, attribute."""
    found = {name: column for name, (_, column) in {**located.columns, **located.attributes}.items()}
    return {**found, **{name: Column(column=[name]) for name in part.constants}}


def only_rows(sheet: Sheet, chosen: pl.Series) -> Sheet:
    """The sheet with the chosen rows."""
    if chosen.all():
        return sheet
    return replace(
        sheet, content=replace(sheet.content, rows=sheet.content.rows.filter(chosen)), cells=sheet.cells.filter(chosen)
    )


def raw_cells(part: Part, *, sheet: Sheet, located: Located) -> pl.DataFrame:
    """The cells of a part's columns as they stand in the file; a constant stands in every row."""
    height = sheet.content.rows.height
    found = {name: sheet.cells[str(at)] for name, (at, _) in {**located.columns, **located.attributes}.items()}
    constant = {name: pl.Series([text]).new_from_index(0, height) for name, text in part.constants.items()}
    return pl.DataFrame({**found, **constant}, height=height)


def torn_rows(torn: pl.DataFrame) -> pl.DataFrame:
    """The problem of each torn row: no column of it, its whole line."""
    problems = torn.with_row_index("row").filter(pl.col("torn").is_not_null())
    return problems.select("row", pl.lit(None, dtype=pl.String).alias("column"), value="text", reason="torn").cast(
        PROBLEMS
    )


def found_problems(name: str, *, cells: pl.Series, problem: pl.Series) -> pl.DataFrame:
    """The problems of one column as rows."""
    at = problem.is_not_null().arg_true()
    return pl.DataFrame(
        {"row": at, "column": [name] * len(at), "value": cells[at].cast(pl.String), "reason": problem[at]},
        schema=PROBLEMS,
    )


def with_all_columns(rows: pl.DataFrame, *, table: str) -> pl.DataFrame:
    """Our columns first, in their order, null where the part has none; then the attributes."""
    types = column_types(table)
    ours = [
        pl.col(name) if name in rows.columns else pl.lit(None, dtype=dtype).alias(name) for name, dtype in types.items()
    ]
    return rows.select(*ours, pl.exclude(*types))
