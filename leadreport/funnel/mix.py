"""When a total moves: what came from the mix of groups, and what from the rates within them."""

import polars as pl

from leadreport.rates import named_groups, rate


def mix_and_rate(
    before: pl.DataFrame, after: pl.DataFrame, *, by: str, leads: str = "leads", converted: str = "converted"
) -> pl.DataFrame:
    """Splits the change of a conversion rate into mix and rate effects that add up to it exactly (SEMANTICS 14).

    `before` and `after` carry counts per group (rows of one group are summed), such as rows of `cohort_conversion`.
    One row per group: leads_before, leads_after, share_before, share_after, rate_before, rate_after, mix_effect,
    rate_effect, effect (their sum). A group's mix effect is its change of share times how far its rate lies above the
    total's; its rate effect is its change of rate times its share; each weighted at the middle of before and after, so
    that neither gets the rest. A group on one side only has no change of rate: all it does is mix.

    Examples
    --------
    >>> before = pl.DataFrame({"channel": ["a", "b"], "leads": [100, 100], "converted": [30, 5]})
    >>> after = pl.DataFrame({"channel": ["a", "b"], "leads": [50, 150], "converted": [16, 9]})
    >>> split = mix_and_rate(before, after, by="channel")
    >>> split.select(pl.col("mix_effect", "rate_effect", "effect").sum().round(4)).row(0)
    (-0.0638, 0.0138, -0.05)
    """
    sides = [group_counts(frame, by, side, leads, converted) for frame, side in ((before, "before"), (after, "after"))]
    both = sides[0].join(sides[1], on=by, how="full", coalesce=True).sort(by)
    both = both.with_columns(pl.exclude(by).fill_null(0))
    return with_effects(both.with_columns(*shares_and_rates("before"), *shares_and_rates("after"))).select(
        by,
        *("leads_before", "leads_after", "share_before", "share_after", "rate_before", "rate_after"),
        *("mix_effect", "rate_effect", "effect"),
    )


def group_counts(frame: pl.DataFrame, by: str, side: str, leads: str, converted: str) -> pl.DataFrame:
    sums = {f"leads_{side}": pl.col(leads).sum(), f"converted_{side}": pl.col(converted).sum()}
    return named_groups(frame, by).group_by(by).agg(**sums)


def shares_and_rates(side: str) -> list[pl.Expr]:
    leads, converted = pl.col(f"leads_{side}"), pl.col(f"converted_{side}")
    return [
        rate(leads, leads.sum()).alias(f"share_{side}"),
        rate(converted, leads).alias(f"rate_{side}"),
        rate(converted.sum(), leads.sum()).alias(f"total_{side}"),
    ]


def with_effects(both: pl.DataFrame) -> pl.DataFrame:
    """The midpoint decomposition; the total's own rate is taken off, which changes no sum since the shares sum to 1."""
    rate_before = pl.coalesce("rate_before", "rate_after")
    rate_after = pl.coalesce("rate_after", "rate_before")
    middle_rate = (rate_before + rate_after) / 2 - (pl.col("total_before") + pl.col("total_after")) / 2
    middle_share = (pl.col("share_before") + pl.col("share_after")) / 2
    return both.with_columns(
        mix_effect=(pl.col("share_after") - pl.col("share_before")) * middle_rate,
        rate_effect=(rate_after - rate_before) * middle_share,
    ).with_columns(effect=pl.col("mix_effect") + pl.col("rate_effect"))
