"""Which leads arrive when and through which channel, with their attributes."""

from datetime import date

import numpy as np
import polars as pl

from leadreport.sample import truths
from leadreport.sample.calendar import Calendar, daytime

WEEKDAYS = (0.18, 0.18, 0.18, 0.17, 0.15, 0.06, 0.08)
NAMES = list(truths.CHANNELS)


def week_of(day: date) -> int:
    """Weeks since the first one."""
    return (day - truths.FIRST_ON).days // 7


def weekly_rates() -> np.ndarray:
    """Expected leads per week and channel."""
    rates = np.tile([truths.CHANNELS[name][0] for name in NAMES], (week_of(truths.LAST_ON) + 1, 1)).astype(float)
    rates[week_of(truths.QUIET_FIRST_ON) : week_of(truths.QUIET_LAST_ON) + 1] *= truths.QUIET_FACTOR
    rates[week_of(truths.MIX_FROM_ON) :, NAMES.index("paid_social")] *= truths.MIX_FACTOR
    return rates


def arrivals(calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """One row per lead: created, channel, is_imported; Poisson counts per week and channel."""
    rates = weekly_rates()
    counts = rng.poisson(rates)
    shares = rates[0] / rates[0].sum()
    counts[week_of(truths.NOISE_WEEK_ON)] = rng.multinomial(truths.NOISE_WEEK_LEADS, shares)
    weeks, channels = (np.repeat(axis.ravel(), counts.ravel()) for axis in np.indices(counts.shape))
    days = weeks * 7 + rng.choice(7, size=len(weeks), p=WEEKDAYS)
    came = pl.DataFrame(
        {
            "created": calendar.at(days, daytime(len(days), rng)),
            "channel": pl.Series([NAMES[each] for each in channels], dtype=pl.String),
            "is_imported": False,
        }
    )
    imported = came.head(1).select(
        created=pl.lit(calendar.second(truths.IMPORT_AT), pl.Int64),
        channel=pl.lit("outbound"),
        is_imported=pl.lit(True),
    )
    return pl.concat([came, *[imported] * truths.IMPORTED_LEADS]).sort(
        "created", "channel", nulls_last=True, maintain_order=True
    )


def make_people(calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """One row per lead with its true attributes and the sum of their effects in log-odds."""
    people = arrivals(calendar, rng)
    size = people.height
    people = people.with_columns(
        attributes(size, rng),
        lead_id=pl.format("L{}", pl.int_range(1, size + 1).cast(pl.String).str.zfill(5)),
        is_bought=(pl.col("channel") == "outbound").fill_null(False)
        & (pl.Series(rng.random(size) < truths.BOUGHT_SHARE) | pl.col("is_imported")),
        owner=drawn({name: rep[1] for name, rep in truths.REPS.items()}, size, rng),
    )
    people = people.with_columns(
        trial_requested=(pl.col("channel") != "outbound").fill_null(True)
        & pl.Series(rng.random(size) < truths.TRIAL_SHARE),
        is_pricing_visitor=~pl.col("is_bought") & pl.Series(rng.random(size) < truths.PRICING_SHARE),
        campaign=campaigns(people, rng),
        team=pl.col("owner").replace_strict({name: rep[0] for name, rep in truths.REPS.items()}),
    )
    return people.with_columns(source=source(), propensity=propensity())


def attributes(size: int, rng: np.random.Generator) -> list[pl.Series]:
    """Attributes independent of each other, except employees, which lie within the size band of the company."""
    sizes = drawn(weights(truths.COMPANY_SIZES), size, rng)
    low, high = (
        sizes.replace_strict({name: band[end] for name, band in truths.EMPLOYEES.items()}).to_numpy() for end in (0, 1)
    )
    employees = np.exp(rng.uniform(np.log(low), np.log(high + 1))).astype(np.int64)
    return [
        drawn(weights(truths.INDUSTRIES), size, rng).alias("industry"),
        sizes.alias("company_size"),
        pl.Series("employees", np.minimum(employees, high)),
        drawn(weights(truths.JOB_LEVELS), size, rng).alias("job_level"),
        drawn(truths.COUNTRIES, size, rng).alias("country"),
        drawn(truths.DOMAIN_TYPES, size, rng).alias("email_domain_type"),
    ]


def weights(effects: dict[str, tuple[float, float]]) -> dict[str, float]:
    return {value: share for value, (share, _) in effects.items()}


def drawn(shares: dict[str, float], size: int, rng: np.random.Generator) -> pl.Series:
    """Values drawn in proportion to their shares."""
    odds = np.array(list(shares.values()))
    return pl.Series(np.array(list(shares))[rng.choice(len(odds), size=size, p=odds / odds.sum())])


def campaigns(people: pl.DataFrame, rng: np.random.Generator) -> pl.Series:
    """A campaign of the channel, the first ones more often; sometimes not recorded."""
    luck, recorded = rng.random(people.height), rng.random(people.height) < 0.94
    names = [truths.CHANNELS[channel][4] for channel in people["channel"]]
    picked = [
        own[min(int(one**1.3 * len(own)), len(own) - 1)] if own else None for own, one in zip(names, luck, strict=True)
    ]
    is_outbound, is_bought = (people["channel"] == "outbound").fill_null(False), people["is_bought"]
    named = pl.when(is_outbound).then(
        pl.when(is_bought).then(pl.lit("list_purchase")).otherwise(pl.lit("target_accounts"))
    )
    return pl.select(pl.when(pl.Series(recorded)).then(named.otherwise(pl.Series(picked, dtype=pl.String)))).to_series()


def source() -> pl.Expr:
    """How the lead came in."""
    return (
        pl.when(pl.col("is_bought")).then(pl.lit("bought_list"))
        .when(pl.col("channel") == "outbound").then(pl.lit("target_list"))
        .when(pl.col("channel") == "referral").then(pl.lit("referral"))
        .when(pl.col("channel") == "events").then(pl.lit("event"))
        .when(pl.col("trial_requested")).then(pl.lit("trial"))
        .when(pl.col("channel") == "webinar").then(pl.lit("webinar"))
        .otherwise(pl.lit("form"))
    )  # fmt: skip


def propensity() -> pl.Expr:
    """The planted effects of a lead, added up in log-odds."""
    effects = [
        ("industry", truths.INDUSTRIES),
        ("company_size", truths.COMPANY_SIZES),
        ("job_level", truths.JOB_LEVELS),
    ]
    fit = [pl.col(name).replace_strict({value: effect for value, (_, effect) in of.items()}) for name, of in effects]
    channel = pl.col("channel").replace_strict({name: each[1] for name, each in truths.CHANNELS.items()})
    trial = pl.col("trial_requested") * truths.TRIAL_EFFECT
    return pl.sum_horizontal(*fit, channel, trial, pl.col("is_pricing_visitor") * truths.PRICING_EFFECT)
