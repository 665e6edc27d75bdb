"""The numbers that a report publishes: stored with the report, read and compared by a later one."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from leadreport import formats
from leadreport.errors import PageError
from leadreport.page.display import Display, element, safe, say
from leadreport.words import PUBLISHED_FILE, PUBLISHED_MIME, REPORTS_VARIABLE

SCHEMA = {
    "name": pl.String,
    "week": pl.String,
    "value": pl.Float64,
    "n": pl.Int64,
    "policy_version": pl.String,
    "merged_leads": pl.Int64,
}


@dataclass(frozen=True)
class Published(Display):
    """A line that says how many numbers are stored, with the numbers themselves for the run to store."""

    numbers: pl.DataFrame

    def __repr__(self) -> str:
        return self.plain

    def extra(self) -> dict[str, str]:
        columns = self.numbers.select(*SCHEMA).to_dict(as_series=False)
        return {PUBLISHED_MIME: json.dumps(columns, ensure_ascii=False)}


def publish(numbers: pl.DataFrame) -> Published:
    """Store numbers with the report of the week: name, week, value, n, policy_version, merged_leads.

    Examples
    --------
    >>> row = {"name": "sqls", "week": "2026-W46", "value": 9.0, "n": 9, "policy_version": "a1b2", "merged_leads": 0}
    >>> publish(pl.DataFrame([row]))
    1\xa0number stored for comparison with later reports.
    """
    line = f"{formats.plural(numbers.height, 'number')} stored for comparison with later reports."
    return Published(html=element("p", safe(line), class_="lr-table-note"), plain=line, numbers=numbers)


def published(week: str) -> pl.DataFrame:
    """The numbers that the report of an earlier week published; no rows when no week is named.

    The report is searched in the folder that LEADREPORT_REPORTS names, else in `reports` here and in every folder
    above.

    Raises
    ------
    PageError
        When there is no such report, or it stored no numbers.
    """
    if not week:
        return pl.DataFrame(schema=SCHEMA)
    named = os.environ.get(REPORTS_VARIABLE)
    folders = [Path(named)] if named else [place / "reports" for place in (Path.cwd(), *Path.cwd().parents)]
    files = [file for folder in folders if (file := folder / week / PUBLISHED_FILE).is_file()]
    if not files:
        raise PageError(f"there are no published numbers of {week}", hint="name a week that has a report, or none")
    return pl.DataFrame(json.loads(files[0].read_text(encoding="utf-8")), schema=SCHEMA)


def compared(restated: pl.DataFrame, *, earlier: pl.DataFrame, week: str) -> Display:
    """One sentence: how many numbers of an earlier report differ today, and why.

    `restated` has one row per number that differs, with `why`; `earlier` is what the report of `week` published.

    Examples
    --------
    >>> earlier = pl.DataFrame({"name": ["leads", "mqls", "sqls"]})
    >>> compared(pl.DataFrame({"why": ["merged leads"]}), earlier=earlier, week="2026-W45")
    Of 3\xa0numbers published with 2026-W45, 1 differs today: 1 by merged leads.
    >>> compared(pl.DataFrame({"why": []}), earlier=earlier, week="2026-W45")
    Of 3\xa0numbers published with 2026-W45, none has changed since.
    """
    if earlier.is_empty():
        return say("No earlier report has published numbers to compare with.")
    begins = f"Of {formats.plural(earlier.height, 'number')} published with {week}, "
    if restated.is_empty():
        return say(f"{begins}none has changed since.")
    causes = restated["why"].value_counts().sort("why").select("count", "why").iter_rows()
    listed = formats.listed(f"{formats.count(count)} by {why}" for count, why in causes)
    differs = "1 differs" if restated.height == 1 else f"{formats.count(restated.height)} differ"
    return say(f"{begins}{differs} today: {listed}.")
