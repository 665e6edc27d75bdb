"""The sample is what its codebook says: columns, numbers, flaws; and the same seed makes the same files."""

import re
import time
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from leadreport.clock import as_instant
from leadreport.facts import lead_facts
from leadreport.policy import CRITERIA, load_policy, parse_policy
from leadreport.sample import CSV, POLICY, crm, flaws, make_sample, people, truths, write_sample
from leadreport.tables import TABLES, column_types
from leadreport.words import STAGES

ROOT = Path(__file__).parent.parent
COMMITTED = ROOT / "data" / "sample"
CODEBOOK = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
AS_OF = as_instant(truths.LAST_ON + timedelta(days=1), zone="Europe/Berlin")
INSTANTS = {"leads": "created_at", "activities": "happened_at", "stages": "reached_at", "answers": "answered_at"}


@pytest.fixture(scope="module")
def sample() -> dict[str, pl.DataFrame]:
    return make_sample()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


def file_of(folder: Path, table: str) -> Path:
    return folder / f"{table}.{'csv' if table in CSV else 'parquet'}"


def as_text(folder: Path, table: str) -> pl.DataFrame:
    """A table as it stands in its file; CSV cells stay text."""
    path = file_of(folder, table)
    return pl.read_csv(path, infer_schema=False) if table in CSV else pl.read_parquet(path)


# the company


def test_the_sample_has_our_seven_tables_with_our_columns_and_types(sample: dict[str, pl.DataFrame]) -> None:
    assert list(sample) == list(TABLES)
    for name, table in sample.items():
        ours = column_types(name)
        assert {column: table.schema[column] for column in ours} == ours, name
        assert name == "leads" or table.columns == list(ours)


def test_about_six_thousand_leads_came_in_78_whole_weeks(sample: dict[str, pl.DataFrame]) -> None:
    created = sample["leads"]["created_at"].drop_nulls().dt.convert_time_zone("Europe/Berlin").dt.date()
    assert 5800 < len(created) < 6500
    assert (created.min(), created.max()) == (truths.FIRST_ON, truths.LAST_ON)
    assert (truths.LAST_ON - truths.FIRST_ON).days + 1 == 78 * 7
    assert 60_000 < sample["activities"].height < 90_000


def test_nothing_happens_after_the_last_day(sample: dict[str, pl.DataFrame]) -> None:
    for name, at in INSTANTS.items():
        assert sample[name][at].max() < AS_OF, name
    assert sample["deals"]["closed_at"].drop_nulls().max() < AS_OF
    assert sample["spend"]["spent_on"].drop_nulls().max() <= truths.LAST_ON


def test_a_dozen_reps_work_in_three_teams(sample: dict[str, pl.DataFrame]) -> None:
    teams = sample["leads"].select("owner", "team").drop_nulls().unique()
    assert dict(teams.iter_rows()) == {name: rep[0] for name, rep in truths.REPS.items()}
    assert (teams.height, teams["team"].n_unique()) == (12, 3)


def test_the_policy_speaks_of_columns_and_activities_that_are_there(sample: dict[str, pl.DataFrame]) -> None:
    policy = load_policy(POLICY)
    kinds = set(sample["activities"]["kind"])
    assert set(policy.scoring.attributes) <= set(sample["leads"].columns)
    assert {kind for each in policy.behaviours() for kind in each.kinds} <= kinds
    assert set(policy.scoring.engagement_weights) | set(policy.handoff.human_touches) <= kinds


# the files


def test_the_committed_files_are_what_the_seed_makes(written: Path) -> None:
    names = {path.name for path in written.iterdir()}
    assert names == {file_of(written, table).name for table in TABLES} | {"policy.toml"}
    assert names <= {path.name for path in COMMITTED.iterdir()}
    for table in TABLES:
        assert as_text(COMMITTED, table).equals(as_text(written, table)), table
    assert (COMMITTED / "policy.toml").read_bytes() == POLICY.read_bytes()


def test_two_runs_write_the_same_bytes(written: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "again")
    for path in written.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_another_seed_makes_other_leads_of_the_same_kind(sample: dict[str, pl.DataFrame]) -> None:
    other = make_sample(seed=truths.SEED + 1)
    assert not other["leads"].equals(sample["leads"])
    assert other["leads"].schema == sample["leads"].schema


def test_the_files_are_small_and_quickly_made(tmp_path: Path) -> None:
    started = time.process_time()
    write_sample(tmp_path)
    assert time.process_time() - started < 5
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 3_000_000


# the flaws

WRONG = {
    "the row stands there twice": lambda table: table.filter(~pl.nth(0).is_first_distinct()),
    "no `created_at`": lambda table: table.filter(pl.col("created_at").is_null()),
    "no `happened_at`": lambda table: table.filter(pl.col("happened_at").is_null()),
    "no `reached_at`": lambda table: table.filter(pl.col("reached_at").is_null()),
    "no `spent_on`": lambda table: table.filter(pl.col("spent_on").is_null()),
    'the stage is "Marketing Engaged"': lambda table: table.filter(pl.col("stage") == "Marketing Engaged"),
    "a negative `amount`": lambda table: table.filter(pl.col("amount").cast(pl.Float64, strict=False) < 0),
    "won, without `closed_at`": lambda table: table.filter(pl.col("closed_at").is_null(), pl.col("status") == "won"),
    "on 2026-06-31, a day that does not exist": lambda table: table.filter(pl.col("spent_on") == "2026-06-31"),
    'an `amount` of "n/a"': lambda table: table.filter(pl.col("amount") == "n/a"),
    'the answer is "maybe"': lambda table: table.filter(pl.col("answer") == "maybe"),
    "a `score` of 11": lambda table: table.filter(pl.col("score") == "11"),
    "of a lead that does not exist": lambda table: table.filter(pl.col("lead_id").str.starts_with("X")),
}


def listed_flaws() -> list[tuple[str, int, str]]:
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (.+?) \|$", CODEBOOK, flags=re.MULTILINE)
    return [(table, int(count), wrong) for table, count, wrong in rows if table in TABLES]


def test_the_codebook_counts_every_bad_row() -> None:
    for table, count, wrong in listed_flaws():
        assert WRONG[wrong](as_text(COMMITTED, table)).height == count, (table, wrong)
    planted = sum(count for rows in flaws.BAD.values() for count, _ in rows)
    assert sum(count for _, count, _ in listed_flaws()) == planted + 2  # and two lines that cannot be read


def test_bad_rows_are_few_in_every_table(sample: dict[str, pl.DataFrame]) -> None:
    for name, table in sample.items():
        bad = sum(count for each, count, _ in listed_flaws() if each == name)
        assert 0.004 < bad / table.height < 0.01, name


def test_merged_ids_lead_to_a_lead_that_is_there(sample: dict[str, pl.DataFrame]) -> None:
    merged = sample["leads"].filter(pl.col("merged_into").is_not_null()).unique("lead_id")
    chained = merged.filter(pl.col("merged_into").is_in(merged["lead_id"].to_list()))
    assert (merged.height, chained.height) == (flaws.MERGED + flaws.CHAINED, flaws.CHAINED)
    assert merged["merged_into"].is_in(sample["leads"]["lead_id"].to_list()).all()
    assert sample["activities"]["lead_id"].is_in(merged["lead_id"].to_list()).sum() > 100


def test_some_durations_are_negative(sample: dict[str, pl.DataFrame]) -> None:
    created = sample["leads"].drop_nulls("created_at").unique("lead_id").select("lead_id", "created_at")
    first = sample["stages"].group_by("lead_id", "stage").agg(pl.col("reached_at").min())
    wide = first.pivot("stage", index="lead_id", values="reached_at").join(created, on="lead_id")
    assert wide.filter(pl.col("mql") < pl.col("created_at")).height >= flaws.EARLY_MQLS
    assert wide.filter(pl.col("sql") < pl.col("mql")).height >= flaws.EARLY_SQLS


def test_an_import_gives_many_leads_one_timestamp(sample: dict[str, pl.DataFrame]) -> None:
    at = as_instant(truths.IMPORT_AT, zone="Europe/Berlin")
    same = sample["leads"].filter(pl.col("created_at") == at).unique("lead_id")
    assert same.height == truths.IMPORTED_LEADS
    assert set(same["source"]) == {"bought_list"}
    mqls = sample["stages"].filter(pl.col("stage") == "mql", pl.col("reached_at") == at)
    assert mqls.height > 0.5 * truths.IMPORTED_LEADS


def test_some_leads_have_no_owner_and_some_no_channel(sample: dict[str, pl.DataFrame]) -> None:
    leads = sample["leads"]
    assert 0.02 < leads["owner"].null_count() / leads.height < 0.06
    assert 0.02 < leads["channel"].null_count() / leads.height < 0.06


def test_sales_touches_some_leads_before_they_are_mqls(sample: dict[str, pl.DataFrame]) -> None:
    mqls = sample["stages"].filter(pl.col("stage") == "mql").group_by("lead_id").agg(pl.col("reached_at").min())
    calls = sample["activities"].filter(pl.col("kind").is_in(["call", "email"]), pl.col("by") == "sales")
    early = calls.join(mqls, on="lead_id").filter(pl.col("happened_at") < pl.col("reached_at"))
    assert 30 < early["lead_id"].n_unique() < 150


# the codebook


def columns_in(section: str) -> dict[str, str]:
    """The columns of a section's table and their examples."""
    text = CODEBOOK.split(f"\n### {section}\n")[1].split("\n#")[0]
    return dict(re.findall(r"^\| `(\w+)`(?: \*)? \| .* \| `(.+?)` \|$", text, flags=re.MULTILINE))


@pytest.mark.parametrize("table", TABLES)
def test_the_codebook_lists_exactly_the_columns_of_the_file(table: str) -> None:
    assert list(columns_in(table)) == as_text(COMMITTED, table).columns


@pytest.mark.parametrize("table", TABLES)
def test_every_example_of_the_codebook_stands_in_the_file(table: str) -> None:
    cells = as_text(COMMITTED, table).with_columns(
        pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%SZ"), pl.col(pl.Float64).cast(pl.String)
    )
    missing = {
        name: value for name, value in columns_in(table).items() if value not in set(cells[name].cast(pl.String))
    }
    assert missing == {}


@pytest.mark.parametrize("table", TABLES)
def test_the_codebook_marks_the_columns_that_a_good_row_fills(table: str) -> None:
    text = CODEBOOK.split(f"\n### {table}\n")[1].split("\n#")[0]
    starred = re.findall(r"^\| `(\w+)` \* ", text, flags=re.MULTILINE)
    assert starred == [name for name, column in TABLES[table].columns().items() if not column.nullable]


def test_the_codebook_lists_every_column_of_the_facts(sample: dict[str, pl.DataFrame]) -> None:
    sound = {name: table.head(0) for name, table in sample.items()}
    columns = lead_facts(sound, policy=load_policy(POLICY), as_of=AS_OF).collect().columns
    section = CODEBOOK.split("\n## Facts\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", section)) | set(sample["leads"].columns) - {"merged_into"}
    named |= {f"answer_{criterion}{part}" for criterion in CRITERIA for part in ("", "_at", "_by")}
    assert {name for name in columns if name not in named and "_count" not in name} == set()
    patterns = {"KIND_count", "KIND_count_DAYSd", "answer_CRITERION", "answer_CRITERION_at", "answer_CRITERION_by"}
    assert named - set(columns) - patterns - {"leads", "merged_into"} == set()


def test_the_codebook_lists_the_planted_effects() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\w+-]+) \| ([\d.]+) \| ([-+\d.]+) \|$", CODEBOOK, flags=re.MULTILINE)
    stated = {(name, value): (float(share), float(effect)) for name, value, share, effect in rows}
    attributes = {"industry": truths.INDUSTRIES, "company_size": truths.COMPANY_SIZES, "job_level": truths.JOB_LEVELS}
    planted = {(name, value): pair for name, values in attributes.items() for value, pair in values.items()}
    assert stated == planted | {("trial_requested", "true"): (truths.TRIAL_SHARE, truths.TRIAL_EFFECT)}


def test_the_codebook_lists_the_planted_channels() -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) \| ([-+\d.]+) \| (\d+) \| (\d+) \|$", CODEBOOK, flags=re.MULTILINE)
    stated = {name: tuple(map(float, numbers)) for name, *numbers in rows}
    assert stated == {name or "unknown": tuple(map(float, each[:4])) for name, each in truths.CHANNELS.items()}


def test_the_codebook_says_the_numbers_that_are_planted() -> None:
    slow, skipped = truths.REPS[truths.SLOW_REP][2], crm.SKIPPED
    sentences = [
        f"| Seed | {truths.SEED},",
        f"{truths.BOUGHT_SHARE:.0%} of the outbound leads",
        f"**{truths.SLOW_REP} is slow**: his median is {slow:.0f} working hours",
        f"**{truths.LENIENT_REP} is lenient**: he accepts {truths.LENIENT_ACCEPTS:.0%} of his MQLs",
        f"passes {truths.LENIENT_PASSES:.0%} of those as SQLs",
        f"**{truths.UNLUCKY_REP} is unlucky**: she has a fifth of a colleague's leads",
        f"From {truths.OUTAGE_FIRST_ON} to {truths.OUTAGE_LAST_ON} the web site's script records nothing",
        f"On {truths.CHANGE_ON} MQL became stricter by {truths.LOOSE_MQL} in log-odds",
        f"2026-W29 has {truths.NOISE_WEEK_LEADS} leads where {people.weekly_rates()[0].sum():.0f} are expected",
        f"From {truths.MIX_FROM_ON} (2026-W38) on paid_social brings {truths.MIX_FACTOR:.0f} times its leads",
        f"leads and budgets are at {truths.QUIET_FACTOR:.0%}",
        f"on {truths.IMPORT_AT:%Y-%m-%d at %H:%M} a bought list of {truths.IMPORTED_LEADS} leads",
        f"{truths.PRICING_SHARE:.0%} of the leads look at the pricing page; that goes with +{truths.PRICING_EFFECT}",
        f"downloaded by {truths.ROI_SHARES['won']:.0%} of the won and {truths.ROI_SHARES['lost']:.0%} of the lost",
        f"for {truths.ONBOARDING_SHARES['won']:.0%} of the customers and {truths.ONBOARDING_SHARES['other']:.1%} of",
        f"{flaws.MERGED + flaws.CHAINED} leads were created twice and merged: {flaws.MERGED} duplicates",
        f"{flaws.EARLY_MQLS} MQLs stand before their lead was created, {flaws.EARLY_SQLS} SQLs before their MQL",
        f"{skipped['mql']:.0%} of the MQLs, {skipped['sal']:.0%} of the SALs, {skipped['sql']:.0%} of the SQLs",
        f"{crm.LIST_MALUS} points lower for bought lists",
    ]
    stated = " ".join(CODEBOOK.split()).replace(" %", "%")
    assert [sentence for sentence in sentences if sentence not in stated] == []


def test_the_agreement_of_the_sample_reads_as_a_policy_with_targets() -> None:
    policy = parse_policy((COMMITTED / "policy.toml").read_text(encoding="utf-8"))
    assert policy.targets.sqls_per_week
    assert policy.company.time_zone == "Europe/Berlin"
    assert [change.on for change in policy.changes] == [truths.CHANGE_ON]
    assert set(policy.stages.names.values()) >= set(STAGES)
