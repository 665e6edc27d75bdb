"""Working hours of a million pairs of instants: ours, numpy's business days, and a pandas loop over the rows.

The loop is timed on a sample of the pairs and extrapolated; the others run on all. Ratios of one run on one machine.
"""

import argparse
from datetime import UTC, datetime, timedelta
from time import perf_counter

import numpy as np
import pandas as pd
import polars as pl

from leadreport.clock import working_hours
from leadreport.policy import Policy, parse_policy, preset_text

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
YEARS = 3
SAMPLE = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    pairs = parser.parse_args().pairs
    policy = parse_policy(preset_text("startup"))
    frame = some_pairs(pairs)

    ours, seconds = timed(lambda: by_leadreport(frame, policy=policy))
    by_numpy, numpy_seconds = timed(lambda: by_busday(frame, policy=policy))
    few = frame.head(SAMPLE)
    by_loop, few_seconds = timed(lambda: by_pandas(few, policy=policy))
    loop_seconds = few_seconds * pairs / SAMPLE

    print(f"{pairs:,} pairs over {YEARS} years, up to 30 days apart; Monday to Friday 9 to 17 in Berlin")
    print(f"leadreport, vectorised            {seconds:9.2f} s   1.0")
    print(f"numpy busday_count and clipping   {numpy_seconds:9.2f} s   {numpy_seconds / seconds:.1f}")
    print(
        f"pandas, a loop over the rows      {loop_seconds:9.0f} s   {loop_seconds / seconds:,.0f}   "
        f"({SAMPLE:,} pairs took {few_seconds:.2f} s, extrapolated)"
    )
    print(f"largest difference in hours: numpy {difference(ours, by_numpy):.2g}, loop {difference(ours, by_loop):.2g}")


def some_pairs(pairs: int) -> pl.DataFrame:
    """Seeded pairs of UTC instants."""
    chance = np.random.default_rng(20261115)
    start = chance.integers(0, YEARS * 365 * 86_400, pairs)
    length = chance.integers(0, 30 * 86_400, pairs)
    seconds = pl.DataFrame({"start": start, "end": start + length})
    return seconds.with_columns((pl.all() * 1_000_000 + round(FIRST.timestamp() * 1e6)).cast(pl.Datetime("us", "UTC")))


def by_leadreport(frame: pl.DataFrame, *, policy: Policy) -> np.ndarray:
    return frame.select(working_hours(pl.col("start"), pl.col("end"), policy=policy)).to_series().to_numpy()


def by_busday(frame: pl.DataFrame, *, policy: Policy) -> np.ndarray:
    """Whole days by numpy, the ends by clipping; one opening time for all days, which ours does not need."""
    opens, closes = (np.timedelta64(each.hour, "h") for each in policy.working_hours.monday)
    holidays = np.array(policy.working_hours.holidays, dtype="datetime64[D]")
    zone = policy.company.time_zone
    local = frame.select(pl.all().dt.convert_time_zone(zone).dt.replace_time_zone(None))
    start, end = (local[name].to_numpy() for name in ("start", "end"))

    def until(instants: np.ndarray) -> np.ndarray:
        days = instants.astype("datetime64[D]")
        is_open = np.is_busday(days, holidays=holidays)
        into = np.clip(instants - days, opens, closes) - opens
        return np.where(is_open, into, np.timedelta64(0, "us")) / np.timedelta64(1, "h")

    whole = np.busday_count(start.astype("datetime64[D]"), end.astype("datetime64[D]"), holidays=holidays)
    return whole * ((closes - opens) / np.timedelta64(1, "h")) + until(end) - until(start)


def by_pandas(frame: pl.DataFrame, *, policy: Policy) -> np.ndarray:
    """What one finds on the web: for every row, walk from day to day and add what overlaps with office hours."""
    zone, days = policy.company.time_zone, policy.working_hours.by_weekday()
    closed = set(policy.working_hours.holidays)
    rows = pd.DataFrame({name: pd.to_datetime(frame[name].to_numpy(), utc=True) for name in ("start", "end")})

    def hours(row: pd.Series) -> float:
        start, end = row["start"].tz_convert(zone), row["end"].tz_convert(zone)
        day, total = start.normalize(), timedelta()
        while day <= end:
            office = days[day.weekday()]
            if office and day.date() not in closed:
                opens, closes = (day.replace(hour=each.hour, minute=each.minute) for each in office)
                total += max(min(end, closes) - max(start, opens), timedelta())
            day = (day + pd.Timedelta(hours=36)).normalize()
        return total / timedelta(hours=1)

    return rows.apply(hours, axis=1).to_numpy()


def timed(work):
    """The result of the faster of two runs, and its seconds."""
    runs = []
    for _ in range(2):
        start = perf_counter()
        result = work()
        runs.append(perf_counter() - start)
    return result, min(runs)


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours[: len(theirs)] - theirs).max())


if __name__ == "__main__":
    main()
