"""What sales wins and loses, and what both departments spend."""

from datetime import timedelta

import numpy as np
import polars as pl

from leadreport.sample.calendar import DAY, Calendar, instant
from leadreport.sample.people import NAMES, drawn, weekly_rates
from leadreport.sample.truths import CHANNELS, FIRST_ON, LOST_REASONS

AMOUNTS = {"1-9": 4200, "10-49": 6500, "50-249": 8500, "250+": 13000}
"""Median amount of a deal in EUR, by the size of the company."""
DAILY = ("paid_search", "paid_social")
UNBOOKED = 0.12
"""Share of the sales department's cost that names no channel."""


def make_deals(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """deal_id, lead_id, created_at, closed_at, status, amount, currency, reason."""
    deals = first_deals(journeys, rng)
    deals = pl.concat(
        [deals, earlier_deals(deals, rng), second_deals(deals, calendar, rng), unlinked_deals(deals, rng)]
    )
    deals = deals.filter(pl.col("opened") < calendar.end).sort(
        "opened", "lead_id", nulls_last=True, maintain_order=True
    )
    is_open = (pl.col("closed") >= calendar.end) | pl.col("is_stale")
    deals = deals.with_columns(status=pl.when(is_open).then(pl.lit("open")).otherwise("status"))
    known = pl.col("status") != "open"
    return deals.select(
        pl.format("D{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(4)).alias("deal_id"),
        "lead_id",
        instant("opened").alias("created_at"),
        pl.when(known).then(instant("closed")).alias("closed_at"),
        "status",
        pl.when(known | pl.Series(rng.random(deals.height) < 0.85)).then("amount").alias("amount"),
        pl.lit("EUR").alias("currency"),
        pl.when(pl.col("status") == "lost").then("reason").alias("reason"),
    )


def first_deals(journeys: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """One deal per lead that became an opportunity; one in ten of the lost ones is never closed in the CRM."""
    deals = journeys.filter(pl.col("depth") >= 4)
    median = deals["company_size"].replace_strict(AMOUNTS).to_numpy()
    return deals.select(
        "lead_id",
        "closed",
        opened="opportunity",
        status=pl.when(pl.col("depth") == 5).then(pl.lit("won")).otherwise(pl.lit("lost")),
        amount=pl.Series(np.round(median * np.exp(rng.normal(0, 0.45, deals.height)) / 50) * 50),
        is_stale=(pl.col("depth") == 4) & pl.Series(rng.random(deals.height) < 0.10),
        reason=drawn(LOST_REASONS, deals.height, rng),
    )


def earlier_deals(deals: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Earlier lost deals of one customer in thirty."""
    lost = deals.filter((pl.col("status") == "won") & pl.Series(rng.random(deals.height) < 1 / 30))
    halfway = pl.col("opened") + (pl.col("closed") - pl.col("opened")) // 2
    return lost.with_columns(pl.lit("lost").alias("status"), halfway.alias("closed"))


def second_deals(deals: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """Second deals: one customer in sixteen buys again months later."""
    again = deals.filter((pl.col("status") == "won") & pl.Series(rng.random(deals.height) < 1 / 16))
    opened = calendar.later(again["closed"].to_numpy(), rng.uniform(300, 800, again.height))
    closed = calendar.later(opened, rng.uniform(20, 80, again.height))
    amount = pl.col("amount").mul(0.4).round()
    return again.with_columns(pl.Series("opened", opened), pl.Series("closed", closed), amount)


def unlinked_deals(deals: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """A few lost deals that name no lead."""
    few = deals.filter(pl.col("status") == "lost")[rng.choice(150, 8, replace=False)]
    return few.with_columns(pl.lit(None, pl.String).alias("lead_id"), pl.col("opened", "closed") + 2 * DAY)


def make_spend(rng: np.random.Generator) -> pl.DataFrame:
    """spent_on, channel, campaign, department, amount, currency; ads by the day, the rest by the week."""
    parts = [media(rng, name) for name in NAMES if name] + [sales_time(rng, name) for name in NAMES]
    spend = pl.concat([*parts, agency(rng)])
    spend = spend.with_columns(pl.col("amount").round(2), pl.lit("EUR").alias("currency"))
    return spend.sort("spent_on", "department", "channel", "campaign", nulls_last=True, maintain_order=True)


def days(step: int) -> pl.Series:
    last = FIRST_ON + timedelta(days=7 * len(weekly_rates()) - 1)
    return pl.date_range(FIRST_ON, last, f"{step}d", eager=True)


def media(rng: np.random.Generator, channel: str) -> pl.DataFrame:
    """The spend of a channel: it follows the expected leads, not the leads that came."""
    step = 1 if channel in DAILY else 7
    rate = np.repeat(weekly_rates()[:, NAMES.index(channel)], 7 // step) * step / 7
    names = CHANNELS[channel][4]
    shares = np.diff((np.arange(len(names) + 1) / len(names)) ** (1 / 1.3))
    parts = [
        frame(days(step), channel, name, "marketing", rate * CHANNELS[channel][2] * share * noise(rng, len(rate)))
        for name, share in zip(names, shares, strict=True)
    ]
    return pl.concat(parts)


def sales_time(rng: np.random.Generator, channel: str | None) -> pl.DataFrame:
    """The cost of sales per week, by the channel of the leads, or without a channel."""
    rates = weekly_rates()[0]
    costs = np.array([each[3] for each in CHANNELS.values()]) * rates
    weekly = costs[NAMES.index(channel)] * (1 - UNBOOKED) if channel else costs.sum() * UNBOOKED
    return frame(days(7), channel, None, "sales", weekly * noise(rng, len(days(7))))


def agency(rng: np.random.Generator) -> pl.DataFrame:
    """The retainer of the agency, every four weeks, without a channel."""
    return frame(days(28), None, None, "marketing", 1200 * noise(rng, len(days(28))))


def noise(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.exp(rng.normal(0, 0.10, size))


def frame(
    on: pl.Series, channel: str | None, campaign: str | None, department: str, amount: np.ndarray
) -> pl.DataFrame:
    return pl.DataFrame({"spent_on": on, "amount": amount}).select(
        "spent_on",
        pl.lit(channel, pl.String).alias("channel"),
        pl.lit(campaign, pl.String).alias("campaign"),
        pl.lit(department).alias("department"),
        "amount",
    )
