"""The front page of a run, and the one over all runs."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from leadreport import formats
from leadreport.report.export import TEMPLATES, PageLink, prepare_environment
from leadreport.report.record import Record, read_failures, read_records
from leadreport.report.shelf import write_whole
from leadreport.report.summary import WorkspaceSummary
from leadreport.report.words import words

CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def run_index(record: Record, *, links: Sequence[PageLink], summary: WorkspaceSummary) -> bytes:
    """The front page of a run: headlines, pages, where the numbers come from, details."""
    formats.use(language=summary.language, zone=summary.zone)
    template = _environment().get_template("run.html.j2")
    html = template.render(
        record=record, links=links, summary=summary, words=words(summary.language), content_policy=CONTENT_POLICY
    )
    return html.encode()


def write_runs_index(reports: Path) -> None:
    """Write the page over all runs anew, from what stands in the folder."""
    write_whole(reports / "index.html", runs_index(read_records(reports), read_failures(reports)))


def runs_index(records: Sequence[Record], failures: Sequence[Record]) -> bytes:
    """The page over all runs: newest first, their headline numbers, and the attempts that failed."""
    newest = records[0] if records else {}
    language = newest.get("language", "en")
    formats.use(language=language, zone=newest.get("zone"))
    html = (
        _environment()
        .get_template("runs.html.j2")
        .render(
            records=records,
            failures=failures,
            newest=newest,
            weeks={record["week"] for record in records},
            columns={headline["name"]: headline["label"] for headline in newest.get("headlines", [])},
            language=language,
            words=words(language),
            content_policy=CONTENT_POLICY,
        )
    )
    return html.encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "leadreport"), undefined=StrictUndefined, trim_blocks=True
    )
    prepare_environment(environment)
    return environment
