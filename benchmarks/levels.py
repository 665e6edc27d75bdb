"""How soon is a change of level found, how often falsely, and is it still named ten weeks later?

    python benchmarks/levels.py --series 400

Weekly counts with a mean and a dispersion (variance / mean), half of them with a step. Beside `find_levels` stands a
plain baseline: the likelihood ratio of the last 1 to 8 weeks on the square-root scale, the spread taken from the median
moving range, its threshold simulated for each dispersion on its own, which in practice is not known.
"""

import argparse
import time

import numpy as np
import polars as pl

from leadreport.rates import find_levels, scaled_counts

CELLS = ((40, 1.5), (16, 0.5), (70, 1.7))
DISPERSIONS = (1.0, 1.5, 2.0)
LONGEST = 4


def counts(rng: np.random.Generator, mean: float, dispersion: float, shape: tuple[int, int]) -> np.ndarray:
    if dispersion == 1:
        return rng.poisson(mean, shape)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, shape)


def baseline(rows: np.ndarray) -> np.ndarray:
    """The largest likelihood ratio of the last 1 to 8 weeks, with its sign."""
    scaled = 2 * np.sqrt(rows + 3 / 8)
    weeks = scaled.shape[1]
    spread = np.maximum(np.median(np.abs(np.diff(scaled, axis=1)), axis=1) / 0.954, 1)
    steps = [
        (scaled[:, weeks - k :].mean(1) - scaled[:, : weeks - k].mean(1)) / np.sqrt(1 / k + 1 / (weeks - k)) / spread
        for k in range(1, 9)
    ]
    table = np.stack(steps, axis=1)
    return table[np.arange(len(table)), np.abs(table).argmax(axis=1)]


def changes(rows: np.ndarray) -> list[int | None]:
    return [find_levels(scaled_counts(row)).changed for row in rows]


def cell(rng: np.random.Generator, mean: float, times: float, dispersion: float, *, weeks: int, series: int) -> dict:
    """One line of the table."""
    quiet = counts(rng, mean, dispersion, (series, weeks))
    limit = np.quantile(np.abs(baseline(counts(rng, mean, dispersion, (40_000, weeks)))), 0.99)
    whole = np.concatenate(
        [counts(rng, mean, dispersion, (series, weeks)), counts(rng, mean * times, dispersion, (series, 10))], axis=1
    )
    ours, theirs, dated, found = [], [], [], np.zeros(series, bool)
    found_by_baseline = np.zeros(series, bool)
    for after in range(1, LONGEST + 1):
        seen = whole[:, after : weeks + after]
        at = changes(seen)
        is_new = np.array([one is not None for one in at]) & ~found
        dated += [abs(one - (weeks - after)) <= 1 for one, new in zip(at, is_new, strict=True) if new]
        found |= is_new
        found_by_baseline |= baseline(seen) * np.sign(times - 1) > limit
        ours.append(round(100 * found.mean()))
        theirs.append(round(100 * found_by_baseline.mean()))
    named = [one is not None for one in changes(whole[found])]
    return {
        "weeks": weeks,
        "dispersion": dispersion,
        "step": f"{mean} x {times}",
        "false alarms %": round(100 * np.mean([one is not None for one in changes(quiet)]), 1),
        "found within 1/2/3/4 weeks %": "/".join(map(str, ours)),
        "baseline %": "/".join(map(str, theirs)),
        "dated within a week %": round(100 * np.mean(dated)),
        "named ten weeks later %": round(100 * np.mean(named)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=400)
    parser.add_argument("--weeks", type=int, nargs="+", default=[26, 52])
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng, began = np.random.default_rng(arguments.seed), time.perf_counter()
    rows = [
        cell(rng, mean, times, dispersion, weeks=weeks, series=arguments.series)
        for weeks in arguments.weeks
        for dispersion in DISPERSIONS
        for mean, times in CELLS
    ]
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, fmt_str_lengths=40, tbl_hide_dataframe_shape=True):
        print(pl.DataFrame(rows))
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
