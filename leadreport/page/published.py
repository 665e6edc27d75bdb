"""The numbers that a report publishes: stored with the report, read and compared by a later one."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from leadreport import formats
from leadreport.errors import PageError
from leadreport.page.display import Display, element, safe
from leadreport.words import PUBLISHED_FILE, PUBLISHED_MIME, RECORD, REPORT_FORMAT, REPORTS_VARIABLE

SCHEMA = {
    "name": pl.String,
    "week": pl.String,
    "value": pl.Float64,
    "n": pl.Int64,
    "policy_version": pl.String,
    "definition_version": pl.String,
    "merged_leads": pl.Int64,
}


@dataclass(frozen=True)
class Published(Display):
    """A line that says how many numbers are stored, with the numbers themselves for the run to store."""

    numbers: pl.DataFrame

    def __repr__(self) -> str:
        return self.plain

    def extra(self) -> dict[str, str]:
        columns = completed(self.numbers).to_dict(as_series=False)
        return {PUBLISHED_MIME: json.dumps({"format": REPORT_FORMAT, "numbers": columns}, ensure_ascii=False)}


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
        When there is no such report, it stored no numbers, or it was written by a newer version.
    """
    if not week:
        return pl.DataFrame(schema=SCHEMA)
    content = of_report(week, PUBLISHED_FILE)
    columns = content.get("numbers", content)  # without a format: the columns alone
    return completed(pl.DataFrame(columns, schema={name: SCHEMA[name] for name in columns}))


def profiled(week: str) -> pl.DataFrame:
    """What the tables looked like in the report of an earlier week: [table, measure, number, text]; see `published`."""
    kinds = {"table": pl.String, "measure": pl.String, "number": pl.Float64, "text": pl.String}
    return pl.DataFrame(of_report(week, RECORD).get("profile", []) if week else [], schema=kinds)


def of_report(week: str, name: str) -> dict[str, Any]:
    """The content of a file of an earlier report."""
    named = os.environ.get(REPORTS_VARIABLE)
    folders = [Path(named)] if named else [place / "reports" for place in (Path.cwd(), *Path.cwd().parents)]
    files = [file for folder in folders if (file := folder / week / name).is_file()]
    if not files:
        raise PageError(f"there are no published numbers of {week}", hint="name a week that has a report, or none")
    content = json.loads(files[0].read_text(encoding="utf-8"))
    if content.get("format", 0) > REPORT_FORMAT:
        raise PageError(
            f"the published numbers of {week} were written by a newer version of leadreport",
            hint="upgrade leadreport, or name another week",
        )
    return content


def completed(numbers: pl.DataFrame) -> pl.DataFrame:
    """The numbers with every stored column; one that an earlier version did not store is null."""
    missing = {name: pl.lit(None, dtype=kind) for name, kind in SCHEMA.items() if name not in numbers.columns}
    return numbers.with_columns(**missing).select(*SCHEMA)
