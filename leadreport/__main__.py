"""The command line: it reads the words, asks what day it is, and calls."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import click
import polars as pl

from leadreport.check import check_report, defuse_formulas, stop_if_too_many
from leadreport.clock import as_instant, week_before
from leadreport.errors import InputError, LeadreportError, PageError, listed
from leadreport.lists import as_csv, classified_leads, work_lists
from leadreport.policy import PRESETS, load_policy, preset_text
from leadreport.qualify import explain_lead
from leadreport.sample import SEED, write_sample
from leadreport.scoring import open_leads_by_score, parse_scorecard, score_leads, scorecard, scorecard_text
from leadreport.shipped import notebooks_folder, sample_folder
from leadreport.sources import own_name, template_text
from leadreport.workspace import Workspace, check_workspace, found_folder, open_workspace, remark_on_end_of_data

if TYPE_CHECKING:
    from leadreport import report


class Problems(click.Group):
    """A problem that a person can mend is a message and an exit code, never a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except LeadreportError as problem:
            click.echo(f"leadreport: {problem}", err=True)
            sys.exit(1)


PATH = click.Path(path_type=Path)
FOLDER = click.argument("folder", type=PATH)
MAYBE_FOLDER = click.argument("folder", required=False, type=PATH)


@click.group(cls=Problems, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="leadreport")
def main() -> None:
    """Marketing's leads and sales' leads, on one page."""


@main.command()
@MAYBE_FOLDER
@click.option(
    "--as-of",
    default="latest",
    show_default=True,
    help="A date; 'latest', the end of the last complete ISO week that the data cover; or 'today', the end of the last "
    "complete week before today.",
)
@click.option("--reports", type=PATH, default=Path("reports"), show_default=True, help="Where reports are kept.")
@click.option("--notebooks", type=PATH, help="A folder of your own pages instead of the ones that come along.")
@click.option("--page", "pages", multiple=True, help="Only this page, such as 02_funnel; may be repeated.")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="A parameter of a page; may be repeated.")
def run(
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
    from leadreport import report  # brings papermill and nbconvert, which other commands need not wait for

    watch = report.Stopwatch.since_start()
    source = notebooks or notebooks_folder()
    defaults = report.defaults_of(source, pages or None)
    settable = {name: default for name, default in defaults.items() if name not in report.SET_BY_THE_RUN}
    with chosen_workspace(folder) as place, failure_kept(reports, as_of):
        with watch.timing("facts"):
            ws = open_workspace(place, as_of=boundary(place, as_of))
            remark = remark_on_end_of_data(ws)
        if pages:
            report.refuse_to_thin_out(reports, week=ws.week.name, pages=pages)
        if remark:
            click.echo(remark, err=True)
        with watch.timing("lists"):
            lists = {f"{name}.csv": as_csv(each, policy=ws.policy) for name, each in work_lists(ws).items()}
        result = report.run_report(
            ws.folder,
            summary=summary_of(ws, remark=remark),
            reports_folder=reports,
            notebooks_folder=source,
            pages=pages or None,
            parameters=report.read_values(values, defaults=settable),
            beside={"rejected.csv": defuse_formulas(ws.rejected).write_csv().encode(), **lists},
            watch=watch,
        )
    for page, said in result.record["warnings"].items():
        click.echo(f"{page} warned: {' '.join(said)}", err=True)
    for page in result.record["pages"]:
        click.echo(f"{result.folder / page['name']}  {page['size'] / 1e6:.2f} MB")
    click.echo(f"timings: {watch.line}")
    click.echo(f"The report of {ws.week.name} is in {result.index}")


@main.command()
@FOLDER
@click.option("--preset", default="startup", show_default=True, help=f"One of {', '.join(PRESETS)}.")
def init(folder: Path, preset: str) -> None:
    """Make a new workspace FOLDER with a commented policy and a commented mapping of sources."""
    texts = {"policy.toml": preset_text(preset), "sources.toml": template_text()}
    present = [name for name in texts if (folder / name).exists()]
    if present:
        raise InputError(f"{folder} already has {listed(present)}", hint="name a new folder, or move the files away")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(f"wrote {folder / name}")
    click.echo(f"Edit both, put your files beside them, then run 'leadreport check {folder}'.")


@main.command()
@FOLDER
def check(folder: Path) -> None:
    """Show what of FOLDER would be rejected, and why; make no report."""
    checked, policy = check_workspace(folder)
    click.echo(check_report(checked))
    stop_if_too_many(checked, policy=policy)


@main.command()
@FOLDER
@click.option("--as-of", default="latest", show_default=True, help="As in 'run'.")
@click.option("--out", type=PATH, required=True, help="The CSV to write.")
@click.option("--card", "card_path", type=PATH, help="A signed scorecard to score with, instead of a fresh one.")
@click.option("--save-card", type=PATH, help="Write the scorecard that was used, to be read, signed and kept.")
@click.option("--score-name", default="score", show_default=True, help="What the CRM calls the score.")
@click.option("--reasons-name", default="score_reasons", show_default=True, help="What the CRM calls the reasons.")
def score(
    folder: Path,
    as_of: str,
    out: Path,
    card_path: Path | None,
    save_card: Path | None,
    score_name: str,
    reasons_name: str,
) -> None:
    """Score every open lead of FOLDER, with reasons, under the CRM's own id, ready to go back into the CRM."""
    ws = open_workspace(folder, as_of=boundary(folder, as_of))
    card = parse_scorecard(card_path.read_text(encoding="utf-8")) if card_path else scorecard(ws)
    names = {"lead_id": own_name(ws.folder, "lead_id"), "score": score_name, "reasons": reasons_name}
    scores = open_leads_by_score(score_leads(ws.facts, card))
    kept = scores.select("lead_id", "score", pl.col("expected_close_rate").round(4), "reasons").rename(names)
    out.write_bytes(defuse_formulas(kept).write_csv().encode())
    if save_card:
        save_card.write_text(scorecard_text(card), encoding="utf-8")
    click.echo(card.verdict)
    click.echo(f"wrote the scores of {kept.height:,} open leads to {out}")


@main.command()
@FOLDER
@click.option("--lead", required=True, help="The lead's id in the CRM.")
@click.option("--as-of", default="latest", show_default=True, help="As in 'run'.")
def explain(folder: Path, lead: str, as_of: str) -> None:
    """Tell the story of one lead of FOLDER: journey, score with reasons, criteria, framework, next question."""
    ws = open_workspace(folder, as_of=boundary(folder, as_of))
    click.echo(explain_lead(classified_leads(ws), lead_id=lead, policy=ws.policy))


@main.command()
@FOLDER
@click.option("--seed", default=SEED, show_default=True, help="Another seed, another company.")
def sample(folder: Path, seed: int) -> None:
    """Write the made-up company into FOLDER: policy and tables whose truths are known."""
    write_sample(folder, seed=seed)
    click.echo(f"wrote the sample into {folder}; run it with 'leadreport run {folder}'")


@contextmanager
def chosen_workspace(folder: Path | None) -> Iterator[Path]:
    """The folder named, or this one, or the sample; a sample inside an installed package is copied before use."""
    if folder is not None or Path("policy.toml").exists():
        yield folder or Path()
        return
    shipped = sample_folder()
    if "shipped" not in shipped.parts:
        yield shipped
        return
    with tempfile.TemporaryDirectory(prefix="leadreport-") as room:
        yield Path(copytree(shipped, Path(room) / "sample"))


@contextmanager
def failure_kept(reports: Path, as_of: str) -> Iterator[None]:
    """A run that fails before its pages begin is told in the index of all reports, when its week is known."""
    from leadreport import report

    try:
        yield
    except LeadreportError as problem:
        if as_of != "latest" and not isinstance(problem, PageError | report.Busy):
            moment = datetime.now(UTC) if as_of == "today" else as_instant(as_of, zone="UTC")
            report.keep_failure(reports, week=week_before(moment, zone="UTC").name, error=problem)
        raise


def boundary(folder: Path, as_of: str) -> datetime | str:
    """The instant that `--as-of` means; what lies after now is a mistake in the data, never a later week."""
    zone = load_policy(found_folder(folder) / "policy.toml").company.time_zone
    now = datetime.now(UTC)
    if as_of == "today":
        return week_before(now, zone=zone).end_at
    if as_of == "latest":
        return min(open_workspace(folder, as_of="latest").as_of, week_before(now, zone=zone).end_at)
    return as_instant(as_of, zone=zone)


def summary_of(ws: Workspace, *, remark: str | None) -> "report.WorkspaceSummary":
    """What the report's frame says of the workspace."""
    from leadreport import report

    company = ws.policy.company
    by_table = ws.counts.group_by("table", maintain_order=True).agg(pl.col("read", "rejected").sum())
    return report.WorkspaceSummary(
        company=company.name,
        language=company.language,
        zone=company.time_zone,
        as_of=ws.as_of,
        week=ws.week.name,
        policy_version=ws.policy.version,
        data_through_on=ws.data_through_on,
        inputs=[report.InputFile(*row) for row in ws.inputs.select("file", "tables", "bytes", "rows", "sha256").rows()],
        tables=[report.TableRows(*row) for row in by_table.select("table", "read", "rejected").rows()],
        remark=remark,
    )


if __name__ == "__main__":
    main()
