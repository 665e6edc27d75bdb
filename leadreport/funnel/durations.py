"""How long leads stay in a stage before they move on, counting those that are still there."""

from datetime import datetime

import polars as pl

from leadreport.facts import is_lost, reached_at
from leadreport.funnel.ladder import age_days, days_between
from leadreport.rates import age_at_share, kaplan_meier_by, named_groups, per_group
from leadreport.words import STEPS

QUARTERS = {"q25_days": 0.25, "median_days": 0.5, "q75_days": 0.75}


def time_in_stage(facts: pl.DataFrame, *, as_of: datetime, by: str | None = None) -> pl.DataFrame:
    """For each step of the ladder, how long leads stay before they move on or leave.

    One row per group and step: from_stage, to_stage, leads = converted + lost + open, negative (moved on before they
    entered by the record; counted in, never clipped), q25_days, median_days and q75_days of the time until a lead moves
    on or is lost, and to_next_days, the median of those that move on. All are Kaplan-Meier quantiles, in which a lead
    that is still open counts as long as it was watched; null when the record does not reach that far.

    Examples
    --------
    >>> from leadreport.clock import as_instant
    >>> from leadreport.facts import lead_facts
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.tables import TABLES, empty_table
    >>> rules = {"policy": parse_policy(preset_text("startup")), "as_of": as_instant("2026-01-26", zone="UTC")}
    >>> tables = {name: empty_table(name) for name in TABLES}
    >>> leads = pl.DataFrame({"lead_id": ["a", "b"], "created_at": [as_instant("2026-01-05", zone="UTC")] * 2})
    >>> tables["leads"] = pl.concat([tables["leads"], leads], how="diagonal_relaxed")
    >>> facts = lead_facts(tables, **rules).collect()
    >>> stays = time_in_stage(facts, as_of=rules["as_of"])
    >>> stays.select("from_stage", "to_stage", "leads", "open", "median_days").row(0)
    ('lead', 'mql', 2, 2, None)
    """
    rows = [step_stays(facts, one, two, as_of=as_of, by=by) for one, two in STEPS]
    keys = [by] if by else []
    return pl.concat(rows).sort(*keys, "step", maintain_order=True).drop("step")


def step_stays(facts: pl.DataFrame, from_stage: str, to_stage: str, *, as_of: datetime, by: str | None) -> pl.DataFrame:
    """One row per group for one step."""
    stays = named_groups(facts.filter(reached_at(from_stage).is_not_null()), by).select(
        *([by] if by else []),
        step=pl.lit([one for one, _ in STEPS].index(from_stage)),
        days=days_between(reached_at(from_stage), reached_at(to_stage)),
        out_days=pl.when(is_lost() & reached_at(to_stage).is_null()).then(
            days_between(reached_at(from_stage), pl.col("stage_at"))
        ),
        age_days=age_days(reached_at(from_stage), as_of),
    )
    counts = per_group(stays, by, **stay_counts(from_stage, to_stage))
    keys = [by] if by else []
    for name, when in quantile_frames(stays, keys).items():
        found = when.rename({"at": name})
        counts = counts.join(found, on=by, how="left", maintain_order="left") if by else counts.hstack(found)
    return counts.select(*keys, "step", *COLUMNS)


def stay_counts(from_stage: str, to_stage: str) -> dict[str, pl.Expr]:
    days, out_days = pl.col("days"), pl.col("out_days")
    counts = {
        "leads": pl.len(),
        "converted": days.is_not_null().sum(),
        "lost": out_days.is_not_null().sum(),
        "open": pl.coalesce(days, out_days).is_null().sum(),
        "negative": (pl.coalesce(days, out_days) < 0).sum(),
    }
    step = pl.lit([one for one, _ in STEPS].index(from_stage))
    named = {"step": step, "from_stage": pl.lit(from_stage), "to_stage": pl.lit(to_stage)}
    return named | {name: count.cast(pl.Int64) for name, count in counts.items()}


def quantile_frames(stays: pl.DataFrame, keys: list[str]) -> dict[str, pl.DataFrame]:
    """Each quantile as a frame of one row per group, with the days in `at`."""
    ends = stays.with_columns(
        stay=pl.coalesce("days", "out_days", "age_days"), has_left=pl.coalesce("days", "out_days").is_not_null()
    )
    curve = kaplan_meier_by(ends, by=keys, duration="stay", event="has_left")
    found = {name: age_at_share(curve, share, by=keys) for name, share in QUARTERS.items()}
    return found | {"to_next_days": median_of_movers(stays, keys)}


def median_of_movers(stays: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The age by which half of those that ever move on have done so, as far as the record shows."""
    moving = stays.with_columns(watched=pl.coalesce("days", "age_days"), is_moved=pl.col("days").is_not_null())
    curve = kaplan_meier_by(moving, by=keys, duration="watched", event="is_moved")
    final = pl.col("converted_rate").max()
    relative = pl.col("converted_rate") / (final.over(keys) if keys else final)
    return age_at_share(curve.with_columns(converted_rate=relative.fill_nan(None)), 0.5, by=keys)


COLUMNS = ("from_stage", "to_stage", "leads", "converted", "lost", "open", "negative", *QUARTERS, "to_next_days")
