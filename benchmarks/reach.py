"""How often a table is called stopped when it is not, how soon when it is, and what a cut table does to the headlines.

Prints the two tables of README.md: simulated companies with known truth, and the sample with each table cut.
"""

import sys
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import copyfile

import numpy as np
import polars as pl

import leadreport as lr
from leadreport.facts import STOPPED, table_reach
from leadreport.policy import parse_policy, preset_text
from leadreport.tables import INSTANTS, TABLES

COMPANIES, DAYS, FIRST = 200, 300, date(2025, 6, 2)
PACE = {
    "leads": (2, 30),
    "activities": (5, 300),
    "stages": (2, 60),
    "deals": (0.1, 3),
    "answers": (0.2, 9),
    "feedback": (0.1, 2),
}
"""The lowest and the highest mean of rows a day; a company's own lies between, evenly in logarithms."""


def company(rng: np.random.Generator, *, cut: str | None = None, days: int = 0) -> pl.DataFrame:
    """The reach of a made-up company: its paces, weekends and holidays are random; `cut` loses its last days."""
    day = np.arange(DAYS)
    is_weekend = np.isin(day % 7, (5, 6))
    closed = rng.choice(day[~is_weekend], size=8, replace=False)  # holidays that the policy does not name
    closed = np.union1d(closed, np.arange(203, 213))  # Christmas
    tables = {}
    for name, (low, high) in PACE.items():
        mean = np.exp(rng.uniform(np.log(low), np.log(high)))
        weekly = np.where(is_weekend, rng.choice([0.0, 0.1, 0.6]), 1.0)
        weekly[closed] *= rng.choice([0.0, 0.3])
        rows = rng.poisson(mean * weekly * rng.gamma(8, 1 / 8, DAYS))  # days differ more than chance has it
        tables[name] = rows
    rhythm = rng.choice(["daily", "workdays", "weekly", "monthly"])
    due = {"daily": day >= 0, "workdays": ~is_weekend, "weekly": day % 7 == 0, "monthly": day % 30 == 0}[rhythm]
    tables["spend"] = due * rng.integers(1, 8)
    if cut:
        tables[cut][DAYS - days :] = 0
    start = np.datetime64(FIRST)
    frames = {
        name: pl.DataFrame({INSTANTS.get(name, "spent_on"): np.repeat(start + day, rows)}).cast(
            pl.Datetime("us", "UTC") if name in INSTANTS else pl.Date
        )
        for name, rows in tables.items()
    }
    as_of = datetime.fromisoformat(f"{FIRST + timedelta(days=DAYS)}T00:00:00+00:00")
    return table_reach(frames, policy=POLICY, as_of=as_of)


POLICY = parse_policy(preset_text("startup").replace('time_zone = "Europe/Berlin"', 'time_zone = "UTC"'))


def simulated() -> None:
    clean = [company(np.random.default_rng(seed)) for seed in range(COMPANIES)]
    false = pl.concat(clean).group_by("table", maintain_order=True).agg(stopped=(pl.col("state") == STOPPED).sum())
    warned = sum((each["state"] == STOPPED).any() for each in clean)
    early = sum(each["complete_on"].max() < FIRST + timedelta(days=DAYS - 4) for each in clean)
    print(
        f"clean companies with a table called stopped: {warned} of {COMPANIES}; with an early end of all data: {early}"
    )
    print(false)
    for days in (7, 14, 28):
        found = {
            name: np.mean(
                [
                    STOPPED
                    in company(np.random.default_rng(s), cut=name, days=days).filter(table=pl.lit(name))["state"]
                    for s in range(50)
                ]
            )
            for name in (*PACE, "spend")
        }
        print(f"cut by {days} days, called stopped:", {name: f"{share:.0%}" for name, share in found.items()})


def cut_sample(name: str, day: date, folder: Path) -> Path:
    """The sample without the rows of one table from a day on."""
    for file in Path("data/sample").iterdir():
        if file.is_file():
            copyfile(file, folder / file.name)
    file = next(folder.glob(f"{name}.*"))
    rows = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_csv(file, infer_schema=False)
    column = INSTANTS.get(name, "spent_on")
    on = pl.col(column).str.head(10) if rows.schema[column] == pl.String else pl.col(column).dt.strftime("%Y-%m-%d")
    kept = rows.filter((on < day.isoformat()).fill_null(True))
    kept.write_parquet(file) if file.suffix == ".parquet" else kept.write_csv(file)
    return folder


def sample() -> None:
    whole = lr.headlines(lr.open_workspace("data/sample", as_of="2026-11-16"))
    values = dict(whole.select("name", "value").iter_rows())
    for name in (each for each in TABLES if each not in ("answers", "feedback")):
        for weeks in range(1, 9):
            with tempfile.TemporaryDirectory() as place:
                folder = cut_sample(name, date(2026, 11, 16) - timedelta(weeks=weeks), Path(place))
                try:
                    found = lr.headlines(lr.open_workspace(folder, as_of="2026-11-16"))
                except lr.InputError as stop:
                    print(name, weeks, "stops:", str(stop).splitlines()[0][:90])
                    continue
            shown = found.drop_nulls("value").select("name", "value").rows()
            wrong = [(each, value, values[each]) for each, value in shown if value != values[each]]
            print(
                name, weeks, f"{len(shown)} shown, {found['value'].null_count()} withheld, wrong: {wrong}", flush=True
            )


if __name__ == "__main__":
    {"sample": sample, "simulated": simulated}[sys.argv[1]]() if sys.argv[1:] else (simulated(), sample())
