"""The leakage audit on made-up companies whose leaks are known: `python benchmarks/leaks.py` prints what it finds.

Every company has one column of each kind of leak and 25 clean columns, some with names or values that look late.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from leadreport.scoring import leakage_audit

COMPANIES = 12
START = datetime(2026, 1, 1, tzinfo=UTC)
CLEAN = 25

Array = np.ndarray


def days_after(created: list[datetime], days: Array) -> list[datetime | None]:
    return [None if np.isnan(far) else at + timedelta(days=float(far)) for at, far in zip(created, days, strict=True)]


def company(seed: int) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Leads of a made-up company, the names of the columns that leak, and of those that do not."""
    rng = np.random.default_rng(seed)
    leads = int(rng.choice([800, 2_000, 6_000]))
    created = [START + timedelta(days=200 * i / leads) for i in range(leads)]
    interest = rng.normal(size=leads)
    odds = rng.choice([-3.2, -2.6, -2.0]) + interest
    won = rng.random(leads) < 1 / (1 + np.exp(-odds))
    clean = clean_columns(rng, interest)
    end_days = rng.uniform(10, 110, leads)
    lost = ~won & (rng.random(leads) < 0.6)
    dates = {
        "created_at": created,
        "customer_at": days_after(created, np.where(won, end_days, np.nan)),
        "lost_at": days_after(created, np.where(lost, end_days, np.nan)),
    }
    leaks = leaking_columns(rng, won, lost, created=created, end_days=end_days)
    young = np.arange(leads) >= leads - max(60, leads // 15)
    late = np.where(rng.random(leads) < np.where(young, 0.15, 0.7), rng.integers(1, 50, leads).astype(float), np.nan)
    leaks["installed_tools"] = late
    columns = {
        name: pl.Series(values, strict=False, nan_to_null=True) for name, values in (clean | leaks | dates).items()
    }
    frame = pl.DataFrame(columns).with_columns(is_customer=pl.Series(won), is_young=pl.Series(young))
    return frame, [name for name in leaks if not name.endswith("_at")], list(clean)


def clean_columns(rng: np.random.Generator, interest: Array) -> dict[str, Array | list]:
    """Columns known at creation: of some use or none, with gaps of any size."""
    leads = len(interest)
    columns: dict[str, Array | list] = {}
    for place in range(CLEAN - 5):
        strength = rng.choice([0.0, 0.0, 0.3, 0.8])
        trait = strength * interest + rng.normal(size=leads)
        gap = rng.random(leads) < rng.choice([0, 0, 0.1, 0.5, 0.9])
        if place % 2:
            columns[f"number_{place}"] = np.where(gap, np.nan, np.round(np.exp(2 + trait)))
        else:
            values = np.digitize(trait, np.sort(rng.normal(size=int(rng.integers(1, 9)))))
            columns[f"text_{place}"] = [None if missing else f"v{v}" for v, missing in zip(values, gap, strict=True)]
    columns["last_name"] = [f"n{i}" for i in rng.integers(0, leads // 2, leads)]
    columns["funding_stage"] = [f"round {i}" for i in np.digitize(0.2 * interest + rng.normal(size=leads), [-1, 0, 1])]
    columns["mail_domain"] = np.where(rng.random(leads) < 0.25 / (1 + np.exp(2 * interest)), "disposable", "company")
    columns["came_by"] = np.where(interest + 0.8 * rng.normal(size=leads) > 2.2, "referral", "form")
    columns["first_visit_on"] = [
        START + timedelta(days=200 * i / leads - float(rng.uniform(0, 30))) for i in range(leads)
    ]
    return columns


def leaking_columns(
    rng: np.random.Generator, won: Array, lost: Array, *, created: list[datetime], end_days: Array
) -> dict[str, Array | list]:
    """One column per kind of leak."""
    leads = len(won)
    reached = won | (rng.random(leads) < rng.uniform(0.15, 0.5))
    taken = rng.exponential(20, leads).round()
    stale = rng.random(leads) < 0.1
    budget_days = np.where(rng.random(leads) < np.where(won, 0.2, 0.0), end_days + 3, rng.uniform(0, 9, leads))
    note_days = np.where(lost & (rng.random(leads) < 0.3), end_days, rng.uniform(0, 5, leads))
    state = np.where(won, "customer", np.where(lost, "closed out", "working"))
    return {
        "agreed_price": np.where(won & (rng.random(leads) < 0.9), taken * 100 + 500, np.nan),
        "reason_text": [("price", "timing")[i % 2] if lost[i] and rng.random() < 0.5 else None for i in range(leads)],
        "pipeline_state": np.where(stale, "working", state),
        "demo_wait": np.where(reached, taken, np.nan),
        "talks_length": np.where(reached, taken + 1, 0),
        "vetted": reached,
        "hours_in_proposal": np.where(rng.random(leads) < 0.6, taken + won * rng.exponential(25, leads), np.nan),
        "last_activity_days": rng.exponential(np.where(won, 20, 45), leads).round(),
        "need": [("yes", "no")[i] for i in rng.integers(0, 2, leads)],
        "need_at": days_after(created, budget_days),
        "segment": [("a", "b", "c")[i] for i in rng.integers(0, 3, leads)],
        "segment_at": days_after(created, note_days),
        "touched": [f"{at:%Y-%m-%d}" for at in days_after(created, rng.exponential(30, leads))],
        "rep_feeling": np.clip(np.round(5 + 1.0 * won + rng.normal(0, 1.5, leads)), 1, 10),
        "mails_sent": rng.poisson(np.where(won, 9, 5)),
    }


KINDS = {
    "agreed_price": "filled for customers only",
    "reason_text": "filled for lost leads only",
    "pipeline_state": "stage at export: one value nearly all won, another nearly none",
    "demo_wait": "stage timing, empty where the stage was not reached",
    "talks_length": "stage timing, 0 where the stage was not reached",
    "vetted": "a flag that every customer has",
    "hours_in_proposal": "stage timing that customers have no more often (by name)",
    "last_activity_days": "days since the last activity (by name)",
    "need": "changed after the outcome for a fifth of customers",
    "segment": "changed at the loss for a third of lost leads",
    "touched": "a date after creation, as text",
    "installed_tools": "filled late, whatever the outcome",
    "rep_feeling": "a rep's opinion, no trace in time or name",
    "mails_sent": "mails counted to the end, no trace in time or name",
}


def main() -> None:
    found: dict[str, int] = dict.fromkeys(KINDS, 0)
    flagged, looked_at = [], 0
    for seed in range(COMPANIES):
        frame, leaks, clean = company(seed)
        known, young = frame.filter(~pl.col("is_young")), frame.filter("is_young")
        audit = leakage_audit(known, attributes=[*leaks, *clean], outcome="is_customer", young=young)
        suspects = set(audit.filter("is_suspect")["attribute"])
        for name in leaks:
            found[name] += name in suspects
        flagged += sorted(suspects & set(clean))
        looked_at += len(clean)
    print("| leak | found in |\n|---|---|")
    for name, kind in KINDS.items():
        print(f"| {kind} | {found[name] / COMPANIES:.0%} |")
    print(f"| all | {sum(found.values()) / COMPANIES / len(KINDS):.0%} |")
    print(f"| clean columns flagged | {len(flagged)} of {looked_at} ({', '.join(sorted(set(flagged)))}) |")


if __name__ == "__main__":
    main()
