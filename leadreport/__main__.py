"""Parse the command line and call the rooms; the only place that reads the clock."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from leadreport.check import check_json, check_report, defuse_formulas, stop_if_rejected_lately, stop_if_too_many
from leadreport.clock import as_instant, week_before
from leadreport.errors import LeadreportError
from leadreport.lists import as_csv, classified_leads, crm_scores, work_lists
from leadreport.policy import PRESETS
from leadreport.qualify import explain_lead
from leadreport.sample import SEED, write_sample
from leadreport.scoring import parse_scorecard, scorecard, scorecard_text
from leadreport.shipped import notebooks_folder, sample_workspace
from leadreport.workspace import (
    Workspace,
    as_of_instant,
    check_workspace,
    latest_week,
    new_workspace,
    open_workspace,
    remark_on_end_of_data,
)


class Problems(click.Group):
    """Show an error that a person can fix as a message and an exit code, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except LeadreportError as problem:
            click.echo(f"leadreport: {problem}", err=True)
            sys.exit(1)


PATH = click.Path(path_type=Path)
FOLDER = click.argument("folder", type=PATH)
AS_OF = click.option("--as-of", default="latest", show_default=True, help="As in 'run'.")


@click.group(cls=Problems, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="leadreport")
def main() -> None:
    """Marketing's leads and sales' leads, on one page."""


@main.command("run")
@click.argument("folder", required=False, type=PATH)
@click.option(
    "--as-of",
    default="latest",
    show_default=True,
    help="A date; 'latest', the end of the last complete ISO week that the data cover; or 'today', the end of the last "
    "complete week before today.",
)
@click.option("--reports", type=PATH, default=Path("reports"), show_default=True, help="The folder of reports.")
@click.option("--notebooks", type=PATH, help="A folder with your own pages, instead of the pages of the package.")
@click.option("--page", "pages", multiple=True, help="Only this page, such as 02_funnel; may be repeated.")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="A parameter of a page; may be repeated.")
def run_pages(
    folder: Path | None,
    as_of: str,
    reports: Path,
    notebooks: Path | None,
    pages: tuple[str, ...],
    values: tuple[str, ...],
) -> None:
    """Run the pages on the workspace FOLDER and keep the report of its week.

    Without FOLDER: this folder when it is a workspace, else the sample.
    """
    from leadreport import publish, run  # they import papermill and nbconvert, which the other commands do not need

    watch = run.Stopwatch.since_start()
    source = notebooks or notebooks_folder()
    defaults = run.defaults_of(source, pages or None)
    with chosen_workspace(folder) as place:
        with run.failure_kept(reports, week=week_named(as_of)):
            with watch.timing("facts"):
                ws = opened(place, as_of)
                remark = remark_on_end_of_data(ws)
            if pages:
                run.refuse_to_drop_pages(reports, week=ws.week.name, pages=pages)
            parameters = run.read_values(values, defaults=defaults)
            if remark:
                click.echo(remark, err=True)
            with watch.timing("lists"):
                lists = {f"{name}.csv": as_csv(each, policy=ws.policy) for name, each in work_lists(ws).items()}
        result = run.run_report(
            ws.folder,
            summary=publish.summary_of(ws, remark=remark),
            reports_folder=reports,
            notebooks_folder=source,
            pages=pages or None,
            parameters=parameters,
            beside={"rejected.csv": defuse_formulas(ws.rejected).write_csv().encode(), **lists},
            watch=watch,
        )
    for page, lines in result.record["warnings"].items():
        click.echo(f"{page} warned: {' '.join(lines)}", err=True)
    for page in result.record["pages"]:
        click.echo(f"{result.folder / page['name']}  {page['size'] / 1e6:.2f} MB")
    click.echo(f"timings: {watch.line}")
    click.echo(f"The report of {ws.week.name} is in {result.index}")


@main.command()
@FOLDER
@click.option("--preset", default="startup", show_default=True, help=f"One of {', '.join(PRESETS)}.")
def init(folder: Path, preset: str) -> None:
    """Make a new workspace FOLDER with a commented policy and a commented mapping of sources."""
    for file in new_workspace(folder, preset=preset):
        click.echo(f"wrote {file}")
    click.echo(f"Edit both, put your files beside them, then run 'leadreport check {folder}'.")


@main.command()
@FOLDER
@click.option("--json", "is_json", is_flag=True, help="Write it for machines.")
def check(folder: Path, is_json: bool) -> None:
    """Show what of FOLDER is rejected, left out or counted apart, and whether a run would stop; make no report."""
    checked, policy = check_workspace(folder)
    shown = check_json if is_json else check_report
    click.echo(shown(checked, zone=policy.company.time_zone))
    stop_if_too_many(checked, policy=policy)
    stop_if_rejected_lately(checked.weeks, policy=policy, week=latest_week(checked.tables, policy=policy))
    if remark := remark_on_end_of_data(opened(folder, "latest")):
        click.echo(remark, err=True)


@main.command()
@FOLDER
@AS_OF
@click.option("--out", type=PATH, required=True, help="The CSV to write.")
@click.option("--card", "card_path", type=PATH, help="A signed scorecard to score with, instead of a new one.")
@click.option("--save-card", type=PATH, help="Write the scorecard that was used to this file.")
@click.option("--score-name", default="score", show_default=True, help="The CRM's name for the score.")
@click.option("--reasons-name", default="score_reasons", show_default=True, help="The CRM's name for the reasons.")
def score(
    folder: Path,
    as_of: str,
    out: Path,
    card_path: Path | None,
    save_card: Path | None,
    score_name: str,
    reasons_name: str,
) -> None:
    """Score every open lead of FOLDER, with reasons, under the CRM's own ids, as a CSV for the CRM."""
    ws = opened(folder, as_of)
    card = parse_scorecard(card_path.read_text(encoding="utf-8")) if card_path else scorecard(ws)
    scores = crm_scores(ws, card, score_name=score_name, reasons_name=reasons_name)
    out.write_bytes(as_csv(scores, policy=ws.policy))
    if save_card:
        save_card.write_text(scorecard_text(card), encoding="utf-8")
    click.echo(card.verdict)
    click.echo(f"wrote the scores of {scores.height:,} open leads to {out}")


@main.command()
@FOLDER
@click.option("--lead", required=True, help="The lead's id in the CRM.")
@AS_OF
def explain(folder: Path, lead: str, as_of: str) -> None:
    """Show one lead of FOLDER: journey, score with reasons, criteria, framework, next question."""
    ws = opened(folder, as_of)
    click.echo(explain_lead(classified_leads(ws), lead_id=lead, policy=ws.policy))


@main.command()
@FOLDER
@click.option("--seed", default=SEED, show_default=True, help="Another seed makes another company.")
def sample(folder: Path, seed: int) -> None:
    """Write the sample company into FOLDER: a policy, and tables with known properties."""
    write_sample(folder, seed=seed)
    click.echo(f"wrote the sample into {folder}; run it with 'leadreport run {folder}'")


@contextmanager
def chosen_workspace(folder: Path | None) -> Iterator[Path]:
    """The folder given, or this folder when it is a workspace, or the sample."""
    if folder is not None or Path("policy.toml").exists():
        yield folder or Path()
        return
    with sample_workspace() as place:
        yield place


def opened(folder: Path, as_of: str) -> Workspace:
    """The workspace as of what `--as-of` means today."""
    return open_workspace(folder, as_of=as_of_instant(folder, as_of, now=datetime.now(UTC)))


def week_named(as_of: str) -> str | None:
    """The week that `--as-of` names before any file is read; None for 'latest', which depends on the data."""
    if as_of == "latest":
        return None
    moment = datetime.now(UTC) if as_of == "today" else as_instant(as_of, zone="UTC")
    return week_before(moment, zone="UTC").name


if __name__ == "__main__":
    main()
