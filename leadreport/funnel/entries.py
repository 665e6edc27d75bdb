"""The leads that entered a stage: when, how old they are, what became of them, and the period in which they entered."""

from datetime import date, datetime, timedelta
from typing import Literal

import polars as pl

from leadreport.clock import local_date
from leadreport.errors import InputError, did_you_mean
from leadreport.facts import is_lost, reached_at
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, named_groups
from leadreport.words import STAGES

Every = Literal["week", "month", "quarter"]
Entry = Literal["first", "episode"]

LENGTHS = {"week": "1w", "month": "1mo", "quarter": "1q"}

SECONDS_A_DAY = 86_400


def step_entries(
    facts: pl.DataFrame,
    *,
    from_stage: str,
    to_stage: str,
    by: str | None = None,
    as_of: datetime,
    policy: Policy,
    entry: Entry = "first",
) -> pl.DataFrame:
    """One row per lead that entered `from_stage`, sorted by entry.

    Columns: the group's, lead_id, mix (see `mix_of`), entered_at, entered_on (local date), age_days, days (to
    conversion; null when there was none), out_days (to the loss of a lead that never converted; null for the others),
    is_converted, watched_days (to conversion, or to the end of what is visible). Days are counted on the wall clock and
    may be negative: sales may find a lead before marketing does.

    A lost lead is watched to the end as well: it has not converted at any later age. If it left the curve at its loss,
    the curve would treat it as if it might still convert like the open ones.
    """
    refuse_step(from_stage, to_stage)
    zone, start, end = policy.company.time_zone, entry_at(from_stage, entry=entry), reached_at(to_stage)
    is_out = is_lost() & end.is_null()
    keys = [by] if by else []
    entered = named_groups(facts.with_columns(mix=mix_of(facts.columns, by=by)), by).filter(start.is_not_null())
    return (
        entered.select(
            *keys,
            *("lead_id", "mix"),
            entered_at=start,
            entered_on=local_date(start, zone=zone),
            age_days=wall_days(start, pl.lit(as_of), zone=zone),
            days=wall_days(start, end, zone=zone),
            out_days=pl.when(is_out).then(wall_days(start, pl.col("stage_at"), zone=zone)),
        )
        .with_columns(is_converted=pl.col("days").is_not_null(), watched_days=pl.coalesce("days", "age_days"))
        .sort(*keys, "entered_at", "lead_id")
    )


def mix_of(columns: list[str], *, by: str | None = None) -> pl.Expr:
    """What kind of lead it is: its channel, the third of the scores where there are scores, and its group."""
    named = [pl.col(name).cast(pl.String).fill_null(UNKNOWN) for name in dict.fromkeys(("channel", by or "channel"))]
    kinds = [each for each in named if each.meta.root_names()[0] in columns]
    if "score" in columns:
        third = (3 * pl.col("score").rank() / pl.col("score").count()).ceil()
        kinds.append(third.cast(pl.Int64).cast(pl.String).fill_null(UNKNOWN))
    return pl.concat_str(kinds, separator=" / ") if kinds else pl.lit("all")


def entry_at(stage: str, *, entry: Entry) -> pl.Expr:
    """The first entry, or the one that began the latest episode after a recycling (definition 5)."""
    if entry == "first":
        return reached_at(stage)
    if stage not in ("mql", "sal"):
        raise InputError(f"a return after recycling has no time for '{stage}'", hint="ask for 'mql' or 'sal'")
    return pl.col(f"episode_{stage}_at")


def refuse_step(from_stage: str, to_stage: str) -> None:
    """Refuses a step that does not lead from one stage to a later one."""
    for stage in (from_stage, to_stage):
        if stage not in STAGES:
            raise InputError(f"'{stage}' is not a stage", hint=did_you_mean(stage, STAGES))
    if STAGES.index(from_stage) >= STAGES.index(to_stage):
        raise InputError(f"'{to_stage}' does not come after '{from_stage}'", hint=f"the order is {', '.join(STAGES)}")


def days_between(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Elapsed days from one instant to another, with their fraction; negative when the end comes first."""
    return (end - start).dt.total_seconds(fractional=True) / SECONDS_A_DAY


def wall_days(start: pl.Expr, end: pl.Expr, *, zone: str) -> pl.Expr:
    """Days from one instant to another on the wall clock, so that a change to summer time makes no day shorter."""
    return days_between(wall_clock(start, zone=zone), wall_clock(end, zone=zone))


def wall_clock(instant: pl.Expr, *, zone: str) -> pl.Expr:
    """What a clock on the wall shows at an instant."""
    return instant.dt.convert_time_zone(zone).dt.replace_time_zone(None)


def first_day(facts: pl.DataFrame, *, zone: str) -> date | None:
    """The local date on which the first lead was created."""
    return facts.select(local_date(pl.col("created_at").min(), zone=zone)).item()


def last_day(as_of: datetime, *, zone: str) -> date:
    """The last local date of which anything is visible."""
    return pl.select(local_date(pl.lit(as_of - timedelta(microseconds=1)), zone=zone)).item()


def has_passed(ends_on: pl.Expr, *, days: int | pl.Expr, as_of: datetime, zone: str) -> pl.Expr:
    """Whether `days` days after the start of a local date have passed."""
    return ends_on.cast(pl.Datetime("us")) + pl.duration(days=days) <= wall_clock(pl.lit(as_of), zone=zone)


def cohort_start(instant: pl.Expr, *, every: Every, zone: str) -> pl.Expr:
    """The first local date of the week, month or quarter in which an instant lies."""
    if every not in LENGTHS:
        raise InputError(f"'{every}' is not a length of a cohort", hint=did_you_mean(every, list(LENGTHS)))
    return local_date(instant, zone=zone).dt.truncate(LENGTHS[every])


def cohort_name(start: pl.Expr, *, every: Every) -> pl.Expr:
    """2026-W46, 2026-11 or 2026-Q4."""
    if every == "quarter":
        return pl.format("{}-Q{}", start.dt.year(), start.dt.quarter())
    return start.dt.strftime("%G-W%V" if every == "week" else "%Y-%m")


def cohort_calendar(first_on: date, as_of: datetime, *, every: Every, zone: str) -> pl.DataFrame:
    """Every period from that of the first date to that of the last visible day: cohort_on, cohort_ends_on (exclusive).

    A period without entries is a row as well: it may be the outage that somebody looks for.
    """
    last_on = max(first_on, last_day(as_of, zone=zone))
    starts = pl.Series([first_on, last_on]).dt.truncate(LENGTHS[every])
    days = pl.date_range(starts[0], starts[1], interval=LENGTHS[every], eager=True)
    return pl.DataFrame({"cohort_on": days}).with_columns(
        cohort_ends_on=pl.col("cohort_on").dt.offset_by(LENGTHS[every])
    )
