"""Rows that are left out, or counted apart, without being rejected (definition 34a)."""

import re
from collections.abc import Mapping

import polars as pl

from leadreport.errors import InputError, listed, nearest
from leadreport.tables import NOTES, RawTable, note

EFFECTS = {
    "exact duplicates": "left out; an equal row counts as often as in the file that has it most",
    "total lines": "left out",
    "probably total lines": "counted; leave them out with 'drop' in sources.toml",
    "days in several files": "counted; the same day and campaign stand in several files with different amounts",
    "costs of a span of days": "spread over their days",
    "probably costs of a week": 'counted on one day; write each = "week" in sources.toml',
    "probably costs of a month": 'counted on one day; write each = "month" in sources.toml',
    "rows without an id": "numbered by file and line; nothing can be joined to them",
    "rows with several leads": "linked to the first",
    "columns that read two ways": "kept as text; write decimal in sources.toml",
    "ids that the link does not find": "no lead",
    "rows of leads outside the export": "left out",
    "deals of leads outside the export": "counted in won totals and win rates as unknown, in no close rate",
    "deals without a lead": "counted in won totals and win rates as unknown, in no close rate",
    "merges into a lead that is not there": "stay leads of their own",
    "channels with spend and no leads": "no cost per lead",
    "channels with leads and no spend": "no cost per lead",
    "probably one channel": "counted as two; name one in values of sources.toml, or in [channels.names] of policy.toml",
}
"""What is found beside the rejected rows, and what is done about it."""

LEFT_OUT = {"table": pl.String, **NOTES, "treatment": pl.String}

SURE = r"(?i)^\s*(?:grand|sub-?)?[ -]*\w+(?:\s+g[eé]n[eé]ral)?\s*(?::.*|\(.*\)\s*)$|^\s*grand[ -]total"
"""A total by its form alone: "Total: Account", "Gesamt: Konto", "Grand Totals (5700 records)"."""

FEWEST_IDS, LEAST_SHARE = 5, 0.5
"""A link is judged from this many ids on, and only where less than this share of them is found."""


def without_total_lines(raw: RawTable) -> RawTable:
    """Spend without the lines that sum others; those that only look like it stay, and are noted.

    A line is one by its form ("Total: Account"), or by a first word such as "Total" or no name at all where its amount
    is the sum of the other lines of the file, of its day, or of the lines since the last total.
    """
    if not raw.marks.height:
        return raw
    name = "campaign" if raw.rows["campaign"].count() else "channel"
    rows = raw.rows.select("spent_on", pl.col("amount").fill_null(0.0), file=raw.places["file"]).with_columns(
        total=raw.marks["total"],
        is_named=raw.rows[name].is_not_null(),
    )
    rows = rows.with_columns(
        is_word=pl.col("total").is_not_null(),
        is_blank=pl.col("total").is_null() & ~pl.col("is_named") & pl.col("is_named").any().over("file"),
    )
    rows = rows.with_columns(
        is_line=~pl.col("is_word") & ~pl.col("is_blank"),
        block=(pl.col("is_word").cum_sum() - pl.col("is_word")).over("file"),
    )
    is_sum = pl.any_horizontal(is_sum_of_lines(keys) for keys in (["file"], ["file", "spent_on"], ["file", "block"]))
    is_sure = pl.col("total").str.contains(SURE) | pl.col("spent_on").is_null() | is_sum
    lines = pl.col("is_line").sum().over("file")
    is_once = pl.len().over("file", "total") == 1
    judged = rows.select(
        is_out=(pl.col("is_word") & is_sure & (lines > 0)) | (pl.col("is_blank") & is_sum & (lines > 1)),
        is_likely=(pl.col("is_word") & (is_once | (lines == 0)))
        | (pl.col("is_line") & (lines > 3) & is_rest_of_file()),
    )
    is_out, is_likely = judged["is_out"], judged["is_likely"] & ~judged["is_out"]
    return raw.noted(
        note("total lines", raw.lines(is_out), amount=rows.filter(is_out)["amount"].sum()),
        note("probably total lines", raw.lines(is_likely), amount=rows.filter(is_likely)["amount"].sum()),
    ).without(is_out)


def is_sum_of_lines(keys: list[str]) -> pl.Expr:
    """Whether an amount is the sum of the lines of its group, half a cent per line aside."""
    lines, line_sum = pl.col("is_line").sum().over(keys), (pl.col("amount") * pl.col("is_line")).sum().over(keys)
    return (lines > 0) & ((pl.col("amount") - line_sum).abs() <= 0.005 + 0.005 * lines)


def is_rest_of_file() -> pl.Expr:
    """Whether the amount of a line is what all other lines of its file sum to."""
    rest = (pl.col("amount") * pl.col("is_line")).sum().over("file") - pl.col("amount")
    return (pl.col("amount") > 0) & ((pl.col("amount") - rest).abs() <= 0.005)


def without_duplicates(raw: RawTable) -> RawTable:
    """The table without rows that an overlapping file repeats.

    Rows are equal when their whole lines are. An equal row counts as often as in the file that has it most. Only two
    hashes per row are compared, so that a folder of many files fits in memory.
    """
    if not raw.marks.height or raw.places["file"].n_unique() == 1:
        return raw
    own = raw.rows.drop("lead_id" if raw.name == "leads" else "deal_id", strict=False) if numbered(raw) else raw.rows
    keys = raw.places.select("file", row=own.hash_rows(), signature=raw.marks["signature"])
    keys = keys.with_columns(copy=pl.int_range(pl.len()).over("file", "row", "signature"))
    is_out = ~keys.select(pl.struct("row", "signature", "copy").is_first_distinct()).to_series()
    amount = raw.rows.filter(is_out)["amount"].sum() if "amount" in raw.rows.columns else None
    return raw.noted(note("exact duplicates", raw.lines(is_out), amount=amount)).without(is_out)


def numbered(raw: RawTable) -> bool:
    return "rows without an id" in raw.notes["kind"]


def spend_notes(raw: RawTable) -> list[pl.DataFrame]:
    """Days that several files have with different amounts, and costs that look like those of a week or a month."""
    rows = raw.rows.select("spent_on", "campaign", "channel", "department", "amount", file=raw.places["file"])
    files = pl.col("file").n_unique().over("spent_on", "channel", "campaign", "department")
    is_twice = rows.select((files > 1) & pl.col("campaign").is_not_null()).to_series()
    days = rows["spent_on"].drop_nulls().unique()
    spread = raw.notes["kind"].is_in(["costs of a span of days"]).any()
    is_week = len(days) > 3 and days.dt.weekday().n_unique() == 1
    is_month = len(days) > 2 and (days.dt.day() == 1).all()
    length = "month" if is_month else "week" if is_week else None
    return [
        note("days in several files", raw.lines(is_twice), amount=rows.filter(is_twice)["amount"].sum()),
        note(f"probably costs of a {length}", days.sort().to_list() if length and not spread else []),
    ]


def refuse_chance_link(raw: RawTable, *, leads: pl.Series) -> None:
    """Stop when the ids of a table are found among the leads no more often than chance finds them.

    Two ranges of whole numbers share ids by chance: of the ids inside the range of the leads' ids, the share that
    this range is filled. Three standard deviations above are still chance. Other ids never meet by chance.

    Raises
    ------
    InputError
        With the share that was found.
    """
    ids = raw.rows["lead_id"].drop_nulls().unique()
    found = ids.is_in(leads.implode()).sum()
    if (
        raw.may_miss_leads
        or len(ids) < FEWEST_IDS
        or found >= LEAST_SHARE * len(ids)
        or found > most_by_chance(ids, leads)
    ):
        return
    raise InputError(
        f"{raw.name}: {found:,} of {len(ids):,} different lead_ids ({found / len(ids):.1%}) are ids of leads, "
        "no more than chance gives",
        found=f"{raw.name} {listed(ids.sort().head(3))}; leads {listed(leads.drop_nulls().sort().head(3))}",
        hint="map lead_id to the column with the lead's id, or follow a 'link' to it in sources.toml; "
        "when these are leads that the export does not hold, set older_leads = true for this table",
    )


def most_by_chance(ids: pl.Series, leads: pl.Series) -> float:
    """How many ids chance finds among the leads, at most: mean and three standard deviations."""
    known = leads.drop_nulls().unique().str.to_integer(strict=False)
    numbers = ids.str.to_integer(strict=False)
    if known.null_count() or numbers.null_count() or not len(known):
        return 0.0
    first, last = known.min(), known.max()
    inside = numbers.is_between(first, last).sum()
    filled = len(known) / (last - first + 1)
    return inside * filled + 3 * (inside * filled * (1 - filled)) ** 0.5


def without_other_leads(raw: RawTable, *, leads: pl.Series) -> RawTable:
    """The table without the rows of leads that the export does not hold; deals stay, and are noted."""
    if "lead_id" not in raw.rows.columns:
        return raw
    refuse_chance_link(raw, leads=leads)
    has_none = raw.rows["lead_id"].is_null()
    is_other = ~has_none & ~raw.rows["lead_id"].is_in(leads.implode())
    ids = raw.rows["lead_id"].filter(is_other)
    if raw.name != "deals":
        return raw.noted(note("rows of leads outside the export", ids, rows=len(ids))).without(is_other)
    return raw.noted(
        note("deals of leads outside the export", ids, rows=len(ids), amount=won(raw.rows.filter(is_other))),
        note("deals without a lead", raw.rows["deal_id"].filter(has_none), amount=won(raw.rows.filter(has_none))),
    )


def won(deals: pl.DataFrame) -> float:
    """The won amount of deals."""
    return deals.filter(pl.col("status") == "won")["amount"].sum()


def merge_notes(leads: pl.DataFrame) -> pl.DataFrame:
    """Merges into a lead that is not there."""
    merged = leads.filter(pl.col("merged_into").is_not_null(), ~pl.col("merged_into").is_in(leads["lead_id"].implode()))
    ids = [f"{lead_id} into {target}" for lead_id, target in merged.select("lead_id", "merged_into").iter_rows()]
    return note("merges into a lead that is not there", ids)


def channel_notes(leads: pl.DataFrame, spend: pl.DataFrame) -> list[pl.DataFrame]:
    """Channels that have only spend or only leads, and pairs of them that are probably one.

    Examples
    --------
    >>> leads = pl.DataFrame({"channel": ["Paid Search", "direct"]})
    >>> spend = pl.DataFrame({"channel": ["paid_search"], "amount": [70.0]})
    >>> pl.concat(channel_notes(leads, spend)).filter(kind="probably one channel")["examples"].item()
    "'paid_search' of spend and 'Paid Search' of leads"
    """
    if spend.is_empty():
        return []
    paid, led = ({*frame["channel"].drop_nulls()} for frame in (spend, leads))
    only_paid, only_led = sorted(paid - led), sorted(led - paid)
    plain = {name: re.sub(r"[\W_]+", "", name).casefold() for name in (*only_paid, *only_led)}
    near = {name: nearest(plain[name], [plain[other] for other in only_led], most=1, cutoff=0.85) for name in only_paid}
    pairs = [(one, other) for one in only_paid for other in only_led if plain[other] in near[one]]
    costs = spend.filter(pl.col("channel").is_in(only_paid))
    brought = leads.filter(pl.col("channel").is_in(only_led))
    return [
        note("channels with spend and no leads", only_paid, rows=costs.height, amount=costs["amount"].sum()),
        note("channels with leads and no spend", only_led, rows=brought.height),
        note("probably one channel", [f"'{one}' of spend and '{other}' of leads" for one, other in pairs]),
    ]


def noted_rows(notes: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """[table, kind, rows, amount, examples, treatment] of the notes of each table, one row per table and kind."""
    frames = [frame.select(pl.lit(name).alias("table"), pl.all()) for name, frame in notes.items()]
    order = pl.col("kind").replace_strict({kind: place for place, kind in enumerate(EFFECTS)}, return_dtype=pl.Int64)
    has_amount = pl.col("amount").is_not_null().any()
    summed = (
        pl.concat(frames)
        .group_by("table", "kind", maintain_order=True)
        .agg(
            pl.col("rows").sum(),
            pl.when(has_amount).then(pl.col("amount").sum()),
            pl.col("examples").head(3).str.join("; "),
        )
    )
    known = summed.with_columns(treatment=pl.col("kind").replace_strict(EFFECTS, return_dtype=pl.String))
    return known.sort(order, maintain_order=True).select(*LEFT_OUT).cast(LEFT_OUT)
