"""What happens around a lead: its own activities, marketing's mails, third-party intent, and the touches of sales."""

import numpy as np
import polars as pl

from leadreport.sample import truths
from leadreport.sample.calendar import DAY, HOUR, Calendar
from leadreport.sample.people import drawn

PAGES = {"home": 0.30, "product": 0.30, "blog": 0.22, "references": 0.12, "about_us": 0.06}
OFFERS = {"buyers_guide": 0.35, "industry_report": 0.30, "checklist": 0.20, "case_study": 0.15}
TRIGGERS = {"contact_form": 0.50, "demo_requested": 0.28, "webinar": 0.22}
"""What makes a lead without a trial an MQL."""
MAILS = {"spring_news": 0.3, "autumn_news": 0.3, "product_update": 0.4}
REVIEW_SITES = {"review_site": 0.6, "comparison_portal": 0.4}
FIRST_TOUCHES = {"call": 0.55, "email": 0.45}
LATER_TOUCHES = {"call": 0.45, "email": 0.45, "meeting": 0.10}


def make_activities(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """lead_id, at (seconds), kind, by, detail, channel; without those of sales, and without the outage."""
    parts = [
        *browsing(journeys, calendar, rng),
        *forms(journeys, calendar, rng),
        *trials(journeys, calendar, rng),
        *offers(journeys, calendar, rng),
        *others(journeys, calendar, rng),
    ]
    seen = pl.concat(parts)
    first, last = (calendar.second(day) for day in (truths.OUTAGE_FIRST_ON, truths.OUTAGE_LAST_ON))
    is_lost = pl.col("kind").is_in(truths.TRACKED_KINDS) & pl.col("at").is_between(first, last + DAY - 1)
    return seen.filter(~is_lost)


def repeated(leads: pl.DataFrame, times: np.ndarray) -> pl.DataFrame:
    """Each lead repeated as often as its number."""
    return leads[np.repeat(np.arange(leads.height), times)]


def happened(
    leads: pl.DataFrame,
    at: np.ndarray,
    kind: str,
    *,
    by: str = "lead",
    detail: pl.Series | None = None,
    via: str | None = None,
) -> pl.DataFrame:
    """Rows of one kind; the channel is the lead's own unless `via` names another."""
    return leads.select(
        "lead_id",
        pl.Series("at", at),
        pl.lit(kind).alias("kind"),
        pl.lit(by).alias("by"),
        (pl.lit(None, pl.String) if detail is None else detail).alias("detail"),
        (pl.col("channel") if via is None else pl.lit(via)).alias("channel"),
    )


def on_days_after(leads: pl.DataFrame, mean_days: float, calendar: Calendar, rng: np.random.Generator) -> np.ndarray:
    """Daytime instants some days after creation; on the first day within three hours."""
    created = leads["created"].to_numpy()
    days = np.floor(rng.exponential(mean_days, leads.height)).astype(np.int64)
    soon = created + rng.integers(60, 3 * HOUR, leads.height)
    return np.where(days == 0, soon, calendar.by_day(created + days * DAY, rng))


def browsing(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Page views and mail clicks: more with a higher propensity, and more for leads that get further."""
    interest = rng.gamma(1.5, 1 / 1.5, journeys.height) * np.exp(0.2 * journeys["propensity"].to_numpy())
    interest *= np.where(journeys["is_bought"].to_numpy(), 0.2, 1.0)
    pages = repeated(journeys, rng.poisson(4.5 * interest + 0.8 * journeys["depth"].to_numpy()))
    pages = pages.with_columns(channel=returning(pages, rng))
    clicks = repeated(journeys, rng.poisson(1.5 * interest))
    visitors = journeys.filter("is_pricing_visitor")
    prices = repeated(visitors, 1 + rng.poisson(0.9, visitors.height))
    return [
        happened(pages, on_days_after(pages, 16, calendar, rng), "page_view", detail=drawn(PAGES, pages.height, rng)),
        happened(
            clicks,
            on_days_after(clicks, 24, calendar, rng),
            "email_click",
            detail=drawn(MAILS, clicks.height, rng),
            via="email",
        ),
        happened(prices, on_days_after(prices, 6, calendar, rng), "pricing_page"),
    ]


def returning(visits: pl.DataFrame, rng: np.random.Generator) -> pl.Expr:
    """The channel of a visit: half by the lead's own channel, the others by another one or an unknown one."""
    other = drawn(
        {"own": 0.52, "organic_search": 0.20, "email": 0.10, "paid_search": 0.08, "": 0.10}, visits.height, rng
    )
    return pl.when(other == "own").then("channel").when(other != "").then(other).alias("channel")


def forms(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """The form or webinar just before each MQL (bought lists have none), and a few forms of other leads."""
    mqls = journeys.filter((pl.col("depth") >= 1) & ~pl.col("is_trial_starter") & ~pl.col("is_bought"))
    loose, firm = mqls.filter("is_loose_mql"), mqls.filter(~pl.col("is_loose_mql"))
    trigger = drawn(TRIGGERS, firm.height, rng)
    before = (firm["mql"].to_numpy() - rng.integers(20, 100, firm.height)).clip(min=firm["created"].to_numpy())
    parts = [happened(firm.filter(trigger == kind), before[(trigger == kind).to_numpy()], kind) for kind in TRIGGERS]
    parts += [downloads(loose, loose["mql"].to_numpy() - step, rng) for step in (40, 15)]
    parts += [downloads(firm.filter(trigger == "webinar"), before[(trigger == "webinar").to_numpy()] - 600, rng)]
    stray = journeys.filter((pl.col("depth") == 0) & pl.Series(rng.random(journeys.height) < 0.06))
    return [*parts, happened(stray, on_days_after(stray, 10, calendar, rng), "contact_form")]


def downloads(leads: pl.DataFrame, at: np.ndarray, rng: np.random.Generator) -> pl.DataFrame:
    after = np.maximum(at, leads["created"].to_numpy())
    return happened(leads, after, "download", detail=drawn(OFFERS, leads.height, rng))


def trials(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Starts of requested trials; a start makes the lead an MQL."""
    starters = journeys.filter("is_trial_starter")
    within_days = on_days_after(starters, 3, calendar, rng)
    at_mql = np.maximum(starters["mql"].to_numpy() - 30, starters["created"].to_numpy())
    return [happened(starters, np.where(starters["depth"].to_numpy() >= 1, at_mql, within_days), "trial_started")]


def offers(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Downloads and webinars of all leads; roi_calculator while a deal is open, by its outcome."""
    curious = repeated(journeys, rng.poisson(0.45, journeys.height))
    guests = journeys.filter(pl.Series(rng.random(journeys.height) < 0.08) | (pl.col("source") == "webinar"))
    deals = journeys.filter(pl.col("depth") >= 4)
    share = np.where(deals["depth"].to_numpy() == 5, truths.ROI_SHARES["won"], truths.ROI_SHARES["lost"])
    deals = deals.filter(pl.Series(rng.random(deals.height) < share))
    opened, closed = deals["opportunity"].to_numpy(), deals["closed"].to_numpy()
    during = (opened + (closed - opened) * rng.uniform(0.05, 0.9, deals.height)).astype(np.int64)
    return [
        downloads(curious, on_days_after(curious, 20, calendar, rng), rng),
        happened(
            guests, on_days_after(guests, 1, calendar, rng), "webinar", detail=pl.lit("getting_started"), via="webinar"
        ),
        happened(deals, during, "download", detail=pl.lit("roi_calculator")),
    ]


def others(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Mails of marketing, and visits that a review site reports."""
    nurtured = repeated(journeys, rng.poisson(1.2, journeys.height))
    share = np.where(journeys["depth"].to_numpy() >= 1, 0.20, 0.10)
    seen = journeys.filter(pl.Series(rng.random(journeys.height) < share))
    mailed = calendar.later(on_days_after(nurtured, 30, calendar, rng), rng.exponential(1, nurtured.height))
    return [
        happened(
            nurtured, mailed, "nurture_email", by="marketing", detail=drawn(MAILS, nurtured.height, rng), via="email"
        ),
        happened(
            seen,
            on_days_after(seen, 12, calendar, rng),
            "intent",
            by="third_party",
            detail=drawn(REVIEW_SITES, seen.height, rng),
        ),
    ]


def make_touches(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """lead_id, at (seconds), kind, by, detail, channel; all in working time except the sequences."""
    worked = journeys.filter((pl.col("depth") >= 1) & ~pl.col("is_untouched") & ~pl.col("is_unowned"))
    return pl.concat([*by_hand(worked, calendar, rng), *sessions(worked, calendar, rng), *sequences(journeys, rng)])


def touched(leads: pl.DataFrame, at: np.ndarray, kinds: dict[str, float], rng: np.random.Generator) -> pl.DataFrame:
    kind = drawn(kinds, leads.height, rng)
    return sold(leads, at, "call").with_columns(kind.alias("kind"))


def sold(leads: pl.DataFrame, at: np.ndarray, kind: str) -> pl.DataFrame:
    """Rows of sales, without a channel."""
    return happened(leads, at, kind, by="sales").with_columns(pl.lit(None, pl.String).alias("channel"))


def by_hand(worked: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """First touches, follow-ups and touches after a return; a few come before the MQL."""

    def after(leads: pl.DataFrame, start: str, working_hours: np.ndarray) -> np.ndarray:
        return calendar.later(leads[start].to_numpy(), working_hours)

    followed = repeated(worked, rng.poisson(1.0 + 0.9 * worked["depth"].to_numpy()))
    back = worked.filter("is_detour")
    eager = worked.filter(
        pl.Series(rng.random(worked.height) < 0.025) & (pl.col("mql") - pl.col("created") > 30 * HOUR)
    )
    return [
        touched(worked, worked["touch"].to_numpy(), FIRST_TOUCHES, rng),
        touched(
            followed,
            calendar.later(followed["touch"].to_numpy(), rng.gamma(1.5, 40, followed.height)),
            LATER_TOUCHES,
            rng,
        ),
        touched(back, back["resumed"].to_numpy(), FIRST_TOUCHES, rng),
        touched(
            eager, calendar.later(eager["created"].to_numpy(), rng.uniform(0.5, 6, eager.height)), FIRST_TOUCHES, rng
        ),
    ]


def sessions(worked: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """A demo session before most SQLs, and for a few leads that do not become one."""
    share = np.where(worked["depth"].to_numpy() >= 3, 0.80, 0.08)
    shown = worked.filter(pl.Series(rng.random(worked.height) < share))
    during = calendar.between(shown["resumed"].to_numpy(), shown["sql"].to_numpy(), rng)
    return [sold(shown, during, "demo_session")]


def sequences(journeys: pl.DataFrame, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Three automatic mails for half of the MQLs, the first within minutes: fast, but not a touch by a person."""
    mqls = journeys.filter((pl.col("depth") >= 1) & pl.Series(rng.random(journeys.height) < 0.5))
    return [sold(mqls, mqls["mql"].to_numpy() + after * HOUR + 300, "sequence_email") for after in (0, 48, 120)]
