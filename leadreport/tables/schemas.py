"""The columns, types and row rules of the seven tables, and what a broken rule is called."""

import dataframely as dy
import polars as pl

from leadreport.policy import CRITERIA, Policy
from leadreport.words import EXITS, STAGES

INSTANT = pl.Datetime("us", "UTC")

ALLOWED_VALUES: dict[tuple[str, str], tuple[str, ...]] = {
    ("activities", "by"): ("lead", "marketing", "sales", "third_party"),
    ("stages", "stage"): STAGES + EXITS,
    ("deals", "status"): ("open", "won", "lost"),
    ("spend", "department"): ("marketing", "sales"),
    ("answers", "criterion"): CRITERIA,
    ("answers", "answer"): ("yes", "no", "unknown"),
}
"""The columns that allow a few values only: (table, column) and these values."""

INSTANTS: dict[str, str] = {
    "leads": "created_at",
    "activities": "happened_at",
    "stages": "reached_at",
    "deals": "created_at",
    "answers": "answered_at",
    "feedback": "given_at",
}
"""The column that says when a row of each table became true; spend has days, not instants."""


def text(*, required: bool = False, allowed: tuple[str, ...] = ()) -> dy.String:
    """A text column; `allowed` lists the only values it takes, if there is such a list."""
    check = {"is_an_allowed_value": lambda column: column.is_in(allowed)} if allowed else None
    return dy.String(nullable=not required, check=check)


def identifier(*, required: bool = False) -> dy.String:
    """An id: text, so that leading zeros survive; 1.23E+12 is a spreadsheet's rounding and is rejected."""
    lost = r"^\d(?:[.,]\d+)?E\+\d+$"
    return dy.String(nullable=not required, check={"keeps_its_digits": lambda column: ~column.str.contains(lost)})


def instant(*, required: bool = False) -> dy.Datetime:
    """A moment in UTC, in a year that a CRM can mean."""
    return dy.Datetime(
        nullable=not required, time_unit="us", time_zone="UTC", check={"year_is_believable": year_is_believable}
    )


def year_is_believable(column: pl.Expr) -> pl.Expr:
    return column.dt.year().is_between(1990, 2100)


def money(*, required: bool = False, may_be_negative: bool = False) -> dy.Float64:
    """An amount in the currency of its row; a negative cost is a credit or a correction."""
    return dy.Float64(
        nullable=not required,
        allow_nan=True,
        allow_inf=True,
        check={"is_finite": lambda column: column.is_finite()}
        | ({} if may_be_negative else {"is_not_negative": lambda column: column >= 0}),
    )


def currency(*, required: bool = False) -> dy.String:
    """A code of three letters (ISO 4217)."""
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
    by = text(required=True, allowed=ALLOWED_VALUES["activities", "by"])
    detail = text()
    channel = text()


class Stages(dy.Schema):
    """Stage history: a lead entered a stage at an instant."""

    lead_id = identifier(required=True)
    reached_at = instant(required=True)
    stage = text(required=True, allowed=ALLOWED_VALUES["stages", "stage"])
    reason = text()


class Deals(dy.Schema):
    """One row per deal: open, won or lost."""

    deal_id = identifier(required=True)
    lead_id = identifier()
    created_at = instant(required=True)
    closed_at = instant()
    status = text(required=True, allowed=ALLOWED_VALUES["deals", "status"])
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
    department = text(required=True, allowed=ALLOWED_VALUES["spend", "department"])
    amount = money(required=True, may_be_negative=True)
    currency = currency(required=True)


class Answers(dy.Schema):
    """The answer to one qualification criterion, since when, and who gave it."""

    lead_id = identifier(required=True)
    answered_at = instant(required=True)
    criterion = text(required=True, allowed=ALLOWED_VALUES["answers", "criterion"])
    answer = text(required=True, allowed=ALLOWED_VALUES["answers", "answer"])
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
"""The seven tables by name; only `leads` is required."""


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


REASONS: dict[str, str] = {
    "nullability": "is missing",
    "is_an_allowed_value": "is not one of the allowed values",
    "keeps_its_digits": "is an id that a spreadsheet has rounded; export it as text",
    "year_is_believable": "is outside the years 1990 to 2100",
    "is_finite": "is not a finite number",
    "is_not_negative": "is negative",
    "is_a_code": "is not a currency code of three letters, such as EUR",
    "is_0_to_10": "is not between 0 and 10",
}
"""What a broken rule of one column is called."""

ROW_REASONS: dict[str, tuple[str, str]] = {
    "lead_id_is_unique": ("lead_id", "repeats the id of an earlier row"),
    "deal_id_is_unique": ("deal_id", "repeats the id of an earlier row"),
    "merged_into_is_another_lead": ("merged_into", "is the lead itself"),
    "won_or_lost_deal_has_closed_at": ("closed_at", "is missing, but the deal is won or lost"),
}
"""For a rule of a whole row: the column to look at, and what is wrong with it."""


def reason_of(rule: str) -> tuple[str, str]:
    """The column that a schema's rule is about, and the reason in words.

    Examples
    --------
    >>> reason_of("created_at|nullability")
    ('created_at', 'is missing')
    >>> reason_of("won_or_lost_deal_has_closed_at")
    ('closed_at', 'is missing, but the deal is won or lost')
    """
    if rule in ROW_REASONS:
        return ROW_REASONS[rule]
    column, _, name = rule.partition("|")
    return column, REASONS[name.removeprefix("check__")]


COMPUTED: frozenset[str] = frozenset(
    [
        *(f"{stage}_at" for stage in STAGES + EXITS),
        *(f"is_{stage}{part}" for stage in STAGES[1:] for part in ("", "_imputed")),
        *(f"{stage}_reason" for stage in EXITS),
        *(f"answer_{name}{part}" for name in CRITERIA for part in ("", "_at", "_by")),
        *("stage", "stage_at", "merged_leads", "episodes", "episode_mql_at", "episode_sal_at"),
        *("activities", "activities_30d", "last_activity_at", "engagement", "pulse"),
        *("first_sales_touch_at", "first_touch_after_mql_at", "sales_touches"),
        *("deals", "won_deals", "lost_deals", "open_deals", "won_at", "won_amount", "open_amount", "currency"),
    ]
)
"""The columns that the facts of a lead add to its own; no attribute may have the name of one."""


def computed_names(policy: Policy) -> frozenset[str]:
    """The columns that the facts compute, with the counts that the policy's criteria ask for.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> names = computed_names(parse_policy(preset_text("startup")))
    >>> "won_amount" in names, "trial_started_count" in names, "industry" in names
    (True, True, False)
    """
    return COMPUTED | {each.column for each in policy.behaviours()}
