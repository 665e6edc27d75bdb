"""A seeded, made-up company whose truths are known: to try things out, and to test what should find these truths."""

from pathlib import Path

import numpy as np
import polars as pl

from leadreport.policy import load_policy
from leadreport.sample import flaws
from leadreport.sample.activities import make_activities, make_touches
from leadreport.sample.calendar import instant, make_calendar
from leadreport.sample.crm import make_answers, make_feedback, make_stages
from leadreport.sample.journeys import make_journeys
from leadreport.sample.money import make_deals, make_spend
from leadreport.sample.people import make_people
from leadreport.sample.truths import ONBOARDING_SHARES, SEED

__all__ = ["SEED", "make_sample", "write_sample"]

CSV = ("spend", "answers", "feedback")
"""Small tables are text, so that people can open them; the others are Parquet."""
ILLEGIBLE = {
    "spend": "2026-06-31,email,newsletter,marketing,84.20,EUR\n2026-07-06,email,newsletter,marketing,n/a,EUR\n"
}
"""Two lines that cannot be read: a day that does not exist, and an amount that is not a number."""
POLICY = Path(__file__).parent / "policy.toml"
LEADS = (
    "lead_id", "created_at", "source", "channel", "campaign", "owner", "team", "merged_into",
    "industry", "company_size", "employees", "job_level",
    "country", "email_domain_type", "trial_requested", "onboarding_call_booked",
)  # fmt: skip


def make_sample(*, seed: int = SEED) -> dict[str, pl.DataFrame]:
    """The seven tables of a company of about 6,000 leads, with the few bad rows of a real export.

    Every part draws from a stream of its own, so that a change in one leaves the others as they are.

    Examples
    --------
    >>> tables = make_sample()
    >>> list(tables)
    ['leads', 'activities', 'stages', 'deals', 'spend', 'answers', 'feedback']
    """
    calendar = make_calendar(load_policy(POLICY))
    streams = [np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(13)]
    people = make_people(calendar, streams[0])
    journeys = make_journeys(people, calendar, streams[1])
    activities = pl.concat(
        [make_activities(journeys, calendar, streams[2]), make_touches(journeys, calendar, streams[3])]
    )
    deals = make_deals(journeys, calendar, streams[7])
    tables = {
        "leads": make_leads(journeys, calendar.end, streams[4]),
        "activities": as_table(activities, calendar.end),
        "stages": make_stages(journeys, deals, calendar, streams[5]),
        "deals": deals,
        "spend": make_spend(streams[8]),
        "answers": make_answers(journeys, calendar, streams[9]),
        "feedback": make_feedback(journeys, calendar, streams[10]),
    }
    return flaws.spoil(flaws.duplicate(flaws.unsettle(tables, streams[6]), streams[11]), streams[12])


def make_leads(journeys: pl.DataFrame, end: int, rng: np.random.Generator) -> pl.DataFrame:
    """The leads as the CRM holds them: with gaps, some without an owner, and with the leaking attribute."""
    has_won = (journeys["depth"] == 5) & (journeys["closed"] < end)
    share = np.where(has_won, ONBOARDING_SHARES["won"], ONBOARDING_SHARES["other"])
    leads = journeys.with_columns(
        instant("created").alias("created_at"),
        *[pl.when(~pl.col("is_unowned")).then(name).alias(name) for name in ("owner", "team")],
        pl.lit(None, pl.String).alias("merged_into"),
        pl.when(pl.Series(rng.random(journeys.height) < share)).then(pl.lit(True)).alias("onboarding_call_booked"),
    )
    return flaws.blank(leads.select(LEADS), rng)


def as_table(activities: pl.DataFrame, end: int) -> pl.DataFrame:
    """The activities before the end of the history, in the order of time."""
    seen = activities.filter(pl.col("at") < end).sort(
        "at", "lead_id", "kind", "detail", nulls_last=True, maintain_order=True
    )
    return seen.select("lead_id", instant("at").alias("happened_at"), "kind", "by", "detail", "channel")


def write_sample(folder: str | Path, *, seed: int = SEED) -> None:
    """Write the sample's policy and tables into a folder, made when it is missing: a workspace for every page."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for name, table in make_sample(seed=seed).items():
        if name in CSV:
            text = table.write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ", float_precision=2) + ILLEGIBLE.get(name, "")
            (place / f"{name}.csv").write_text(text, encoding="utf-8", newline="\n")
        else:
            table.write_parquet(place / f"{name}.parquet", compression="zstd", compression_level=9, statistics=False)
    (place / "policy.toml").write_bytes(POLICY.read_bytes())
