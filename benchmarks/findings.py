"""Do the findings hold? Companies with one planted event, none, or a trap, and what `lr.findings` says about each.

    python benchmarks/findings.py --companies 500

`tests/made_companies.py` makes the companies and says how large the events are. A finding is planted when the truth of
its company says the same: the level moved in that direction, the target is missed, the person or channel is the one.
"""

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import polars as pl
from made_companies import EVENTS, TRAPS, Company, make_company

from leadreport.conclusions import findings
from leadreport.words import HEADLINES

RISES = ("level up", "more but weaker", "up", "rising")
FALLS = ("level down", "down", "falling")
LEAST_MOVE = 0.01
"""A true level that moves by less is no move."""

KIND_OF = {
    "slow rep": "slow owner",
    "lenient rep": "lenient owner",
    "channel above value": "above value",
    "missed target": "target missed",
    "definition change": "new definition",
}
SUBJECTS = {
    "step up": ("leads",),
    "step down": ("leads",),
    "slow drift": ("leads", "mqls"),
    "mix shift": ("mqls", "sqls", "lead_to_mql_rate"),
}
"""The headlines of which one must be found."""

CAUSED = ("step up", "step down", "mix shift", "definition change")
"""The events whose findings should name a cause."""


def is_planted(company: Company, row: dict) -> bool:
    """Whether the truth of the company says what the finding says."""
    kind, name = row["kind"], row["subject"]
    if kind in RISES + FALLS:
        moved = company.after[name] / company.before[name] - 1
        return moved > LEAST_MOVE if kind in RISES else moved < -LEAST_MOVE
    if kind == "target missed":
        gap = company.after[name] - row["against"]
        return gap > 0 if HEADLINES[name].better == "down" else gap < 0
    return kind == KIND_OF.get(company.event) and (kind == "new definition" or name == company.subject)


def is_the_event(company: Company, row: dict) -> bool:
    """Whether a planted finding is the event itself, and not what follows from it."""
    if company.event in SUBJECTS:
        return row["kind"] in RISES + FALLS and row["subject"] in SUBJECTS[company.event]
    return row["kind"] == KIND_OF.get(company.event) and row["subject"] in (company.subject, "an MQL needs a demo")


def is_cause_right(company: Company, rows: list[dict]) -> bool | None:
    """Whether a finding names the channel that moved; whether all that moved name the new definition.

    Null where there is nothing to name.
    """
    if company.event not in CAUSED:
        return None
    causes = [row["cause"] or "" for row in rows if row["kind"] in RISES + FALLS]
    if company.event == "definition change":
        return all("definition" in cause for cause in causes)
    return any(channel in cause for cause in causes for channel in company.channels)


def observe(number: int) -> dict:
    """One report on one company."""
    company = make_company(EVENTS[number % len(EVENTS)], seed=number)
    rows = findings(company.ws).to_dicts()
    planted = [row for row in rows if is_planted(company, row)]
    events = [row for row in planted if is_the_event(company, row)]
    return {
        "event": company.event,
        "found": bool(events),
        "cause_right": is_cause_right(company, planted) if events else None,
        "findings": len(rows),
        "not_planted": len(rows) - len(planted),
        "wrong": [f"{row['kind']} {row['subject']}" for row in rows if row not in planted],
    }


def table(seen: pl.DataFrame) -> pl.DataFrame:
    """One row per event, in the order of EVENTS."""
    order = pl.col("event").replace_strict(EVENTS, range(len(EVENTS)), return_dtype=pl.Int64)
    return (
        seen.group_by("event")
        .agg(
            companies=pl.len(),
            found=pl.col("found").mean().round(3),
            cause_right=pl.col("cause_right").mean().round(3),
            findings=pl.col("findings").sum(),
            not_planted=pl.col("not_planted").sum(),
            with_a_wrong_one=(pl.col("not_planted") > 0).mean().round(3),
            wrong=pl.col("wrong").explode(empty_as_null=False).unique().sort().str.join(", "),
        )
        .sort(order)
    )


def totals(seen: pl.DataFrame) -> dict[str, float]:
    """The four promises."""
    quiet = seen.filter(pl.col("event") == "nothing")
    traps = seen.filter(pl.col("event").is_in(TRAPS[1:]))
    events = seen.filter(~pl.col("event").is_in(TRAPS))
    return {
        "found of the planted (at least 0.90)": events["found"].mean(),
        "cause right (at least 0.80)": events["cause_right"].mean(),
        "not planted of all findings (at most 0.05)": seen["not_planted"].sum() / max(seen["findings"].sum(), 1),
        "quiet companies with a finding (at most 0.05)": (quiet["findings"] > 0).mean(),
        "traps with a finding (at most 0.05)": (traps["findings"] > 0).mean(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=500)
    parser.add_argument("--first", type=int, default=1_000, help="number of the first company; tests use those below")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    began, numbers = time.perf_counter(), range(arguments.first, arguments.first + arguments.companies)
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        seen = pl.DataFrame(pool.map(observe, numbers, chunksize=4), infer_schema_length=None)
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, fmt_str_lengths=90, tbl_hide_dataframe_shape=True):
        print(table(seen))
    for what, share in totals(seen).items():
        print(f"{what}: {share:.3f}")
    print(f"{arguments.companies} companies in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
