"""The columns, types and row rules of the seven tables."""

import dataframely as dy
import polars as pl

from leadreport.tables.words import WORDS

INSTANT = pl.Datetime("us", "UTC")


def text(*, required: bool = False, words: tuple[str, ...] = ()) -> dy.String:
    """A text column; with `words`, one that takes nothing else."""
    check = {"is_an_agreed_word": lambda column: column.is_in(words)} if words else None
    return dy.String(nullable=not required, check=check)


def identifier(*, required: bool = False) -> dy.String:
    """An id: text, so that leading zeros live; a spreadsheet's 1.23E+12 has lost its digits and is refused."""
    lost = r"^\d(?:[.,]\d+)?E\+\d+$"
    return dy.String(nullable=not required, check={"keeps_its_digits": lambda column: ~column.str.contains(lost)})


def instant(*, required: bool = False) -> dy.Datetime:
    """A moment in UTC, in a year that a CRM can mean."""
    return dy.Datetime(
        nullable=not required, time_unit="us", time_zone="UTC", check={"year_is_believable": year_is_believable}
    )


def year_is_believable(column: pl.Expr) -> pl.Expr:
    return column.dt.year().is_between(1990, 2100)


def money(*, required: bool = False) -> dy.Float64:
    """An amount of the row's currency."""
    return dy.Float64(
        nullable=not required,
        allow_nan=True,
        allow_inf=True,
        check={"is_finite": lambda column: column.is_finite(), "is_not_negative": lambda column: column >= 0},
    )


def currency(*, required: bool = False) -> dy.String:
    """Three letters of ISO 4217."""
    return dy.String(nullable=not required, check={"is_a_code": lambda column: column.str.contains("^[A-Z]{3}$")})


class Leads(dy.Schema):
    """One row per lead; any further column is an attribute of it."""

    lead_id = identifier(required=True)
    created_at = instant(required=True)
    source = text()
    channel = text()
    campaign = text()
    owner = text()
    team = text()
    merged_into = identifier()

    @dy.rule()
    def lead_id_is_unique(cls) -> pl.Expr:
        return pl.col("lead_id").is_first_distinct() | pl.col("lead_id").is_null()

    @dy.rule()
    def merged_into_is_another_lead(cls) -> pl.Expr:
        return pl.col("merged_into") != pl.col("lead_id")


class Activities(dy.Schema):
    """What happened with a lead, when, and who did it."""

    lead_id = identifier(required=True)
    happened_at = instant(required=True)
    kind = text(required=True)
    by = text(required=True, words=WORDS["activities", "by"])
    detail = text()
    channel = text()


class Stages(dy.Schema):
    """Stage history: a lead entered a stage at an instant."""

    lead_id = identifier(required=True)
    reached_at = instant(required=True)
    stage = text(required=True, words=WORDS["stages", "stage"])
    reason = text()


class Deals(dy.Schema):
    """Deals, whether open, won or lost; one row each."""

    deal_id = identifier(required=True)
    lead_id = identifier()
    created_at = instant(required=True)
    closed_at = instant()
    status = text(required=True, words=WORDS["deals", "status"])
    amount = money()
    currency = currency()
    reason = text()

    @dy.rule()
    def deal_id_is_unique(cls) -> pl.Expr:
        return pl.col("deal_id").is_first_distinct() | pl.col("deal_id").is_null()

    @dy.rule()
    def won_or_lost_deal_has_closed_at(cls) -> pl.Expr:
        return ~pl.col("status").is_in(["won", "lost"]) | pl.col("closed_at").is_not_null()


class Spend(dy.Schema):
    """What a department spent on a day."""

    spent_on = dy.Date(nullable=False, check={"year_is_believable": year_is_believable})
    channel = text()
    campaign = text()
    department = text(required=True, words=WORDS["spend", "department"])
    amount = money(required=True)
    currency = currency(required=True)


class Answers(dy.Schema):
    """What is known of a qualification criterion, since when, and who said so."""

    lead_id = identifier(required=True)
    answered_at = instant(required=True)
    criterion = text(required=True, words=WORDS["answers", "criterion"])
    answer = text(required=True, words=WORDS["answers", "answer"])
    by = text()


class Feedback(dy.Schema):
    """What sales thinks of a lead, 0 to 10."""

    lead_id = identifier(required=True)
    given_at = instant(required=True)
    score = dy.Int64(nullable=False, check={"is_0_to_10": lambda column: column.is_between(0, 10)})
    by = text()


TABLES: dict[str, type[dy.Schema]] = {
    "leads": Leads,
    "activities": Activities,
    "stages": Stages,
    "deals": Deals,
    "spend": Spend,
    "answers": Answers,
    "feedback": Feedback,
}
"""The seven tables by name; only `leads` must be there."""


def empty_table(name: str) -> pl.DataFrame:
    """A table without rows, with all of its columns.

    Examples
    --------
    >>> empty_table("feedback").columns
    ['lead_id', 'given_at', 'score', 'by']
    """
    return pl.DataFrame(schema=column_types(name))


def column_types(name: str) -> dict[str, pl.DataType]:
    """The columns of a table and their polars types.

    Examples
    --------
    >>> column_types("spend")["spent_on"]
    Date
    """
    return {column: definition.dtype for column, definition in TABLES[name].columns().items()}


def required_columns(name: str) -> list[str]:
    """The columns that every row of a table must fill.

    Examples
    --------
    >>> required_columns("leads")
    ['lead_id', 'created_at']
    """
    return [column for column, definition in TABLES[name].columns().items() if not definition.nullable]


def optional_columns(name: str) -> list[str]:
    """The columns that may be absent or empty.

    Examples
    --------
    >>> optional_columns("stages")
    ['reason']
    """
    return [column for column, definition in TABLES[name].columns().items() if definition.nullable]
