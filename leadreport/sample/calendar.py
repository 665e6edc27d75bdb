"""Local days and working time as seconds since 1970 (UTC), with daylight saving taken care of."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from leadreport.clock import as_instant
from leadreport.policy import Policy
from leadreport.sample.truths import FIRST_ON, LAST_ON

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True)
class Calendar:
    """The midnights of all days and the openings of all working days, from the first day to a year after the last.

    Every working day has the same length, as in the sample's policy.
    """

    zone: str
    midnights: np.ndarray
    openings: np.ndarray
    shift: int

    @property
    def end(self) -> int:
        """The midnight that ends the history; later instants have not happened yet."""
        return self.second(LAST_ON + timedelta(days=1))

    def second(self, moment: date | datetime) -> int:
        """The seconds of a local date, or of a local date and time."""
        return int(as_instant(moment, zone=self.zone).timestamp())

    def at(self, day: np.ndarray, second_of_day: np.ndarray) -> np.ndarray:
        """The instant on a day counted from the first one."""
        return self.midnights[day] + second_of_day

    def day_of(self, instants: np.ndarray) -> np.ndarray:
        """The local day of an instant, counted from the first one."""
        return np.searchsorted(self.midnights, instants, side="right") - 1

    def later(self, instants: np.ndarray, working_hours: np.ndarray) -> np.ndarray:
        """The instant after a number of working hours; always within working time."""
        day = np.searchsorted(self.openings, instants, side="right") - 1
        worked = day * self.shift + np.clip(instants - self.openings[day], 0, self.shift)
        after = worked + (np.asarray(working_hours) * HOUR).astype(np.int64)
        return self.openings[after // self.shift] + after % self.shift

    def between(self, start: np.ndarray, end: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Random working instants between two instants."""
        somewhere = start + ((end - start) * rng.uniform(0.1, 0.9, len(start))).astype(np.int64)
        return self.later(somewhere, rng.exponential(0.5, len(start)))

    def by_day(self, instants: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A random daytime instant on the same day."""
        return self.at(self.day_of(instants), daytime(len(instants), rng))


def make_calendar(policy: Policy) -> Calendar:
    """The calendar of a policy whose working days are equally long."""
    days = [FIRST_ON + timedelta(days=offset) for offset in range(-7, (LAST_ON - FIRST_ON).days + 500)]
    hours = policy.working_hours
    opens, closes = next(times for times in hours.by_weekday() if times)
    working = [day for day in days if hours.by_weekday()[day.weekday()] and day not in hours.holidays]
    zone = policy.company.time_zone
    return Calendar(
        zone=zone,
        midnights=seconds([datetime.combine(day, datetime.min.time()) for day in days[7:]], zone),
        openings=seconds([datetime.combine(day, opens) for day in working], zone),
        shift=(closes.hour - opens.hour) * HOUR,
    )


def seconds(moments: list[datetime], zone: str) -> np.ndarray:
    return pl.Series(moments).dt.replace_time_zone(zone).dt.epoch("s").to_numpy()


def daytime(size: int, rng: np.random.Generator) -> np.ndarray:
    """Random seconds after midnight, from six in the morning to eleven at night, most of them around noon."""
    hours = rng.normal(13.5, 3.4, size)
    return (np.where(abs(hours - 14.5) < 8.5, hours, rng.uniform(8, 20, size)) * HOUR).astype(np.int64)


def instant(column: str) -> pl.Expr:
    """A column of seconds as instants."""
    return pl.from_epoch(column, "s").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
