"""The catalogue of columns: every column of every public metric has a heading and a format that fits its values."""

import inspect
from datetime import timedelta
from functools import cached_property
from typing import get_args

import polars as pl
import pytest

import leadreport as lr
from leadreport import formats
from leadreport.words import COLUMNS, HEADLINES, Kind


class Sample:
    """The sample workspace, and the frames that several metrics begin with."""

    ws = cached_property(lambda self: lr.open_workspace("data/sample", as_of="2026-11-16"))
    facts = property(lambda self: self.ws.facts)
    spend = property(lambda self: self.ws.spend)
    leads = property(lambda self: self.ws.leads)
    stages = property(lambda self: self.ws.stages)
    activities = property(lambda self: self.ws.activities)
    policy = property(lambda self: {"policy": self.ws.policy})
    now = property(lambda self: {"policy": self.ws.policy, "as_of": self.ws.as_of})
    zone = property(lambda self: self.ws.policy.company.time_zone)
    quarter = property(lambda self: lr.Period(self.ws.week.shifted(-12).start_on, self.ws.week.end_on, self.zone))
    handed = cached_property(lambda self: lr.handed_over(self.facts, period=self.quarter))
    known = cached_property(lambda self: lr.training_leads(self.facts, **self.now))
    card = cached_property(lambda self: lr.policy_scorecard(self.facts, **self.now))
    scored = cached_property(lambda self: lr.score_leads(self.facts, self.card))
    named = cached_property(lambda self: lr.classify_leads(self.scored, activities=self.activities, **self.policy))
    ready = cached_property(lambda self: lr.ready_since(self.facts, self.activities, **self.policy))
    touches = cached_property(lambda self: self.activities.drop_nulls("channel"))
    costs = cached_property(
        lambda self: lr.cost_per_sql(self.named, self.spend, by="channel", period=self.quarter, **self.policy)
    )
    weekly = cached_property(
        lambda self: lr.cohort_conversion(
            self.facts, from_stage="lead", to_stage="mql", every="week", by="channel", **self.now
        ).filter("is_final")
    )
    cohorts = cached_property(
        lambda self: lr.cohort_conversion(self.facts, from_stage="lead", to_stage="mql", every="month", **self.now)
    )
    ahead = cached_property(lambda self: lr.forecast(self.facts, **self.now))
    published = cached_property(lambda self: lr.published_numbers(self.facts, **self.now))
    judged = cached_property(
        lambda self: lr.backtest(
            *lr.split_by_time(self.facts, split_at=self.ws.as_of - timedelta(days=240), **self.now),
            attributes=["channel", "source"],
            outcome="is_customer",
        )
    )


sample = Sample()

FRAMES = {
    "acceptance": lambda: lr.acceptance(sample.handed, by="source", **sample.now),
    "agreement": lambda: lr.agreement(sample.named),
    "audited_attributes": lambda: lr.audited_attributes(sample.facts, **sample.now),
    "backtest, methods": lambda: sample.judged.methods,
    "backtest, calibration": lambda: sample.judged.calibration,
    "backtest, deciles": lambda: sample.judged.deciles,
    "bottleneck": lambda: lr.bottleneck(sample.facts, **sample.now),
    "bridge_leads": lambda: lr.bridge_leads(
        sample.facts, sample.leads, sample.stages, period=sample.quarter, **sample.now
    ),
    "call_now": lambda: lr.call_now(sample.named),
    "close_rates": lambda: lr.close_rates(sample.known, by="source"),
    "closed_loop": lambda: lr.closed_loop(sample.facts, sample.activities, **sample.now),
    "cohort_conversion": lambda: sample.cohorts,
    "cohort_heatmap": lambda: lr.cohort_heatmap(
        sample.facts, from_stage="lead", to_stage="customer", every="month", ages=4, **sample.now
    ),
    "consistency": lambda: lr.consistency(sample.handed.drop_nulls("owner"), **sample.now),
    "contradictions": lambda: lr.contradictions(sample.ws.answers, as_of=sample.ws.as_of),
    "cost_change": lambda: lr.cost_change(sample.facts, sample.spend, period=sample.quarter, **sample.policy),
    "cost_per_sql": lambda: sample.costs,
    "credit_by_model": lambda: lr.credit_by_model(sample.facts, sample.touches),
    "describe_rejected": lambda: lr.describe_rejected(sample.ws.rejected),
    "disagreements": lambda: lr.disagreements(sample.named),
    "findings": lambda: lr.findings(sample.ws),
    "forecast": lambda: sample.ahead,
    "forecast_record": lambda: lr.forecast_record(sample.facts, runs=2, **sample.now),
    "expected_customers": lambda: lr.expected_customers(sample.ws),
    "framework_answers": lambda: lr.framework_answers(sample.facts, framework="bant", **sample.now),
    "framework_completeness": lambda: lr.framework_completeness(sample.facts, framework="bant", **sample.now),
    "funnel_steps": lambda: lr.funnel_steps(sample.facts),
    "handoff_bridge": lambda: lr.handoff_bridge(
        sample.facts, sample.leads, sample.stages, period=sample.quarter, **sample.now
    ),
    "handoff_change": lambda: lr.handoff_change(sample.facts, period=sample.quarter, **sample.now),
    "headlines": lambda: lr.headlines(sample.ws),
    "import_spikes": lambda: lr.import_spikes(sample.facts, **sample.policy),
    "lead_value": lambda: lr.lead_value(sample.facts, sample.spend, by="channel", **sample.now),
    "lead_velocity": lambda: lr.lead_velocity(sample.facts, **sample.now),
    "leakage_audit": lambda: lr.leakage_audit(sample.known, attributes=["channel"], outcome="is_customer"),
    "learnt_horizons": lambda: lr.learnt_horizons(sample.facts, **sample.now),
    "left_truncation": lambda: lr.left_truncation(sample.facts, **sample.now),
    "mix_and_rate": lambda: lr.mix_and_rate(sample.weekly.head(40), sample.weekly.tail(40), by="channel"),
    "move_budget": lambda: lr.move_budget(FRAMES["lead_value"]()),
    "nurture_list": lambda: lr.nurture_list(sample.named),
    "overdue_leads": lambda: lr.overdue_leads(sample.handed, **sample.now),
    "points_of": lambda: lr.points_of(sample.scored, sample.card),
    "policy_against_crm": lambda: lr.policy_against_crm(sample.named),
    "policy_scorecard": lambda: sample.card.table,
    "published_numbers": lambda: sample.published,
    "pulse": lambda: lr.pulse(sample.handed, by="source", **sample.policy),
    "recycle_back": lambda: lr.recycle_back(sample.named),
    "rejection_reasons": lambda: lr.rejection_reasons(sample.handed, **sample.policy),
    "restated": lambda: lr.restated(sample.published.with_columns(pl.col("value") + 0.5), sample.published),
    "returning_leads": lambda: lr.returning_leads(sample.named),
    "sales_velocity": lambda: lr.sales_velocity(sample.facts, sample.ws.deals, **sample.policy),
    "speed_to_lead": lambda: lr.speed_to_lead(sample.handed, by="owner", **sample.now),
    "spend_lag": lambda: lr.spend_lag(sample.facts, **sample.now),
    "stability": lambda: lr.stability(sample.facts.tail(500), sample.card),
    "stage_flow": lambda: lr.stage_flow(sample.facts, period=sample.ws.week),
    "stage_stock": lambda: lr.stage_stock(sample.facts, **sample.now),
    "threshold_table": lambda: lr.threshold_table(
        lr.score_leads(sample.known, sample.card), weeks=50, weekly_capacity=9
    ),
    "target_states": lambda: lr.target_states(sample.ws),
    "time_in_stage": lambda: lr.time_in_stage(sample.facts, as_of=sample.ws.as_of),
    "too_early_too_late": lambda: lr.too_early_too_late(
        lr.handed_over(sample.ready, period=sample.quarter), **sample.now
    ),
    "touch_curve": lambda: lr.touch_curve(sample.handed, **sample.now),
    "touches_until_verdict": lambda: lr.touches_until_verdict(sample.handed, sample.activities, **sample.now),
    "tracking_gaps": lambda: lr.tracking_gaps(sample.activities, **sample.now),
    "ready_not_handed_over": lambda: lr.ready_not_handed_over(sample.ready),
    "arrival_ages": lambda: lr.arrival_ages(lr.spend_lag(sample.facts, **sample.now)),
    "biggest_drop": lambda: lr.biggest_drop(lr.funnel_steps(sample.facts)),
    "class_counts": lambda: lr.class_counts(sample.named, week=sample.ws.week),
    "cohort_status": lambda: lr.cohort_status(sample.cohorts),
    "empty_rates": lambda: lr.empty_rates(sample.facts, attributes=["channel", "industry"]),
    "odd_leads": lambda: lr.odd_leads(sample.facts),
    "row_totals": lambda: lr.row_totals(sample.ws.counts),
    "workspace, reach": lambda: sample.ws.reach,
    "not_shown": lambda: lr.not_shown(lr.open_workspace("data/examples/kag_ads", as_of="latest")),
    "profile_changes": lambda: lr.profile_changes(sample.ws.profile, sample.ws.profile.head(0)),
    "first_age": lambda: lr.first_age(FRAMES["cohort_heatmap"]()),
    "forecast_score": lambda: lr.forecast_score(FRAMES["forecast_record"]()),
    "forecast_total": lambda: lr.forecast_total(sample.ahead, **sample.policy),
    "framework_coverage": lambda: lr.framework_coverage(sample.facts),
    "model_gaps": lambda: lr.model_gaps(FRAMES["credit_by_model"]()),
    "pipeline_coverage": lambda: lr.pipeline_coverage(sample.ws.deals, **sample.now),
    "qualification_summary": lambda: lr.qualification_summary(sample.named),
    "sales_opinion": lambda: lr.sales_opinion(
        sample.facts, FRAMES["close_rates"](), period=sample.quarter, **sample.now
    ),
    "budget_advice": lambda: lr.budget_advice(FRAMES["move_budget"]()),
    "slow_owners": lambda: lr.slow_owners(sample.facts, period=sample.quarter, **sample.now),
    "total_effects": lambda: lr.total_effects(FRAMES["mix_and_rate"]()),
    "unassigned": lambda: lr.unassigned(sample.costs),
    "week_on_week": lambda: lr.week_on_week(sample.facts, **sample.now),
    "weekly_entries": lambda: lr.weekly_entries(sample.facts, **sample.now),
    "workspace, counts": lambda: sample.ws.counts,
}  # fmt: skip
"""A frame of every public metric, on the sample."""

WITH_LEADS = {
    "classify_leads": lambda: sample.named,
    "handed_over": lambda: sample.handed,
    "handed_over_leads": lambda: lr.handed_over_leads(sample.facts, **sample.now),
    "ready_since": lambda: sample.ready,
    "score_leads": lambda: sample.scored,
}  # fmt: skip
"""Frames that keep the columns of the leads and add their own."""

FITTING = {
    **dict.fromkeys(("rate", "points", "ratio", "number", "money"), "is_float"),
    **dict.fromkeys(("score", "days", "hours", "change"), "is_numeric"),
    "count": "is_integer",
    "date": "is_date",
    "instant": "is_instant",
    "flag": "is_flag",
    **dict.fromkeys(("text", "stage", "week"), "is_text"),
}
"""What a column must hold to be of a kind."""

HOLDS = {
    "is_float": lambda dtype: dtype.is_float(),
    "is_integer": lambda dtype: dtype.is_integer(),
    "is_numeric": lambda dtype: dtype.is_numeric(),
    "is_date": lambda dtype: dtype == pl.Date,
    "is_instant": lambda dtype: dtype == pl.Datetime,
    "is_flag": lambda dtype: dtype == pl.Boolean,
    "is_text": lambda dtype: dtype in (pl.String, pl.List(pl.String)),
}

OF_THE_ROW = {
    *("size", "against", "value", "low_limit", "high_limit", "published", "now", "old", "new"),
    *("level_before", "level_after", "visible_fall", "visible_rise"),
}
"""Columns of headlines and of findings: the name or kind of the row says what they measure."""

OTHERWISE = {
    "backtest, calibration": {"band": "is_integer"},
    "backtest, deciles": {"leads": "is_float", "customers": "is_float"},
    "budget_advice": {"target": "is_text"},
    "move_budget": {"target": "is_text"},
    "import_spikes": {"usual_leads": "is_float"},
    "cost_change": {"previous": "is_float"},
    "handoff_change": {"previous": "is_float"},
    "headlines": {"previous": "is_float"},
    "week_on_week": {"previous": "is_float"},
}
"""Columns that hold something else in one frame: tenths of leads are fractions, headlines may be rates."""


@pytest.mark.parametrize("name", FRAMES)
def test_every_column_of_a_metric_is_in_the_catalogue_with_a_kind_that_fits(name):
    frame = FRAMES[name]()
    assert frame.height, "a frame without rows tests nothing"
    check(frame, frame.columns, otherwise=OTHERWISE.get(name, {}))


@pytest.mark.parametrize("name", WITH_LEADS)
def test_every_column_that_a_metric_adds_to_the_leads_is_in_the_catalogue(name):
    frame = WITH_LEADS[name]()
    check(frame, [column for column in frame.columns if column not in sample.facts.columns], otherwise={})


def check(frame, columns, *, otherwise):
    ends = {end for pair in formats.intervals_of(frame.columns).values() for end in pair}
    named = [column for column in columns if column not in ends]
    assert [column for column in named if column not in COLUMNS] == []
    assert [column for column in named if COLUMNS[column].kind is None and column not in OF_THE_ROW] == []
    fitting = {column: otherwise.get(column) or FITTING.get(COLUMNS[column].kind) for column in named}
    misfits = [
        (column, COLUMNS[column].kind, frame.schema[column])
        for column, holds in fitting.items()
        if holds and not HOLDS[holds](frame.schema[column])
    ]
    assert misfits == []


def test_every_metric_at_the_face_of_the_package_has_a_frame_here():
    tested = {name.split(",")[0] for name in [*FRAMES, *WITH_LEADS]}
    functions = {name for name in dir(lr) if inspect.isfunction(getattr(lr, name))}
    assert functions - tested == NO_METRICS


NO_METRICS = {
    *("as_instant", "can_be_scored", "cohort_period", "in_currency", "open_workspace", "work_lists"),
    *("working_deadline", "working_hours", "attribute_credit", "naive_bayes", "psi", "rate_difference"),
    *("rate_interval", "explain_lead", "high_scores_note", "leaks_note", "refit_note"),
    *("fit_scorecard", "parse_scorecard", "recalibrate", "scorecard", "scorecard_text"),
    *("classified_leads", "mature_leads", "named_touches", "newest_leads", "open_leads_by_score", "recent_leads"),
    *("scored_leads", "seen_at", "settled_leads", "split_by_time", "training_leads", "unseen_leads"),
    "with_later_outcome",
    *("changed", "channels_above_value", "disliked", "longest_wait", "losing_steps", "most_overdue"),
    *("outside_limits", "policy_backtest", "policy_thresholds", "real_differences"),
    *("recent_mix", "with_total"),
}
"""Functions that give no frame of their own: instants, cards, sentences, some leads, rows of another metric."""


def test_every_headline_of_the_sample_is_in_the_catalogue():
    names = [name for metric in ("cost_change", "handoff_change", "week_on_week") for name in FRAMES[metric]()["name"]]
    assert sorted(names) == sorted(HEADLINES)


def test_every_kind_has_a_format():
    assert set(get_args(Kind)) == set(formats.KINDS)
    assert set(FITTING) == set(formats.KINDS)


def test_the_ends_of_an_interval_are_no_columns_of_their_own():
    ends = {end for column in COLUMNS.values() for end in column.interval or ()}
    assert ends.isdisjoint(COLUMNS)
