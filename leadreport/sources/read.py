"""From a workspace's files to raw tables, whose rows name their lead by its id among the leads."""

from dataclasses import replace
from functools import partial, reduce
from operator import or_
from pathlib import Path

import polars as pl

from leadreport.policy import Policy
from leadreport.sources.columns import columns_missing, plain_mappings, position_of
from leadreport.sources.convert import present
from leadreport.sources.files import load_sources, name_of, open_file, paths_of, root_of
from leadreport.sources.mapping import Link, Sources
from leadreport.sources.multiples import repeat_rows
from leadreport.sources.rows import MappedRows, rows_of
from leadreport.tables import HEADERS, NOTES, PLACES, TABLES, RawTable, note

LONGEST_CHAIN = 8
"""Each round doubles how far a chain of merges is followed."""

CHECK_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def read_tables(folder: str | Path, *, policy: Policy, data: str | Path | None = None) -> dict[str, RawTable]:
    """The raw tables of a workspace, those that its files give, in the order of the seven.

    With `sources.toml` the files are mapped by it; without one they have our names and columns. `data` is the folder
    of the files, when it is not the one in `sources.toml`. No row is checked yet: see `check_tables`.

    Raises
    ------
    PolicyError
        When `sources.toml` is not valid.
    InputError
        When a file is missing, empty or unreadable, or a column is missing.
    """
    sources = load_sources(Path(folder))
    root = root_of(Path(folder), sources=sources, data=data)
    parts = [part for key in sources.files for part in rows_of_files(key, sources=sources, root=root, policy=policy)]
    pairs = partial(id_pairs, sources=sources, root=root)
    parts = [followed(part, [pairs(link) for link in part.mapping.link]) for part in parts]
    by_table = {name: [part for part in parts if part.table == name] for name in TABLES}
    tables = {name: raw_table_of(name, parts=own) for name, own in by_table.items() if own}
    return linked(tables, merges=[pairs(link) for link in sources.merges]) if "leads" in tables else tables


def rows_of_files(key: str, *, sources: Sources, root: Path, policy: Policy) -> list[MappedRows]:
    """The rows of the files under one key; none when no table reads them."""
    file, plain = sources.files[key], [each for name, each in plain_mappings(sources) if name == key]
    paths = paths_of(file, root=root) if plain else []
    opened = [open_file(path, file=file, name=name_of(path, root=root)) for path in paths]
    return rows_of([repeat_rows(content, file=file) for content in opened], file=file, plain=plain, policy=policy)


def raw_table_of(name: str, *, parts: list[MappedRows]) -> RawTable:
    """One raw table from the rows of its files and mappings, in their order."""
    places = [part.lines.to_frame().select(file=pl.lit(part.file), line="line") for part in parts]
    return RawTable(
        name=name,
        rows=pl.concat(in_one_type([part.rows for part in parts]), how="diagonal"),
        cells=pl.concat(in_one_type([part.cells for part in parts]), how="diagonal"),
        places=pl.concat(numbered(places)).select(*PLACES).cast(PLACES),
        problems=all_problems(parts),
        files=left_out_by_file(parts),
        headers=pl.concat(numbered([part.headers for part in parts])).select(*HEADERS).cast(HEADERS),
        unused=pl.concat([part.unused for part in parts]).unique().sort("file", "column"),
        marks=pl.concat([part.marks for part in parts]),
        may_miss_leads=any(part.mapping.older_leads for part in parts),
        notes=pl.concat([pl.DataFrame(schema=NOTES), *(note for part in parts for note in part.notes)]),
    )


def numbered(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """The frames with the number of their part."""
    return [frame.with_columns(part=pl.lit(number)) for number, frame in enumerate(frames)]


def in_one_type(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Frames whose columns of the same name have the same type: numbers stay numbers, anything mixed becomes text.

    Examples
    --------
    >>> frames = [pl.DataFrame({"size": [10]}), pl.DataFrame({"size": [2.5]}), pl.DataFrame({"size": ["many"]})]
    >>> [frame["size"].item() for frame in in_one_type(frames)]
    ['10', '2.5', 'many']
    >>> [frame["size"].item() for frame in in_one_type(frames[:2])]
    [10.0, 2.5]
    """
    types: dict[str, set[pl.DataType]] = {}
    for frame in frames:
        for column in frame:
            known = types.setdefault(column.name, set())
            if column.null_count() < len(column):
                known.add(column.dtype)
    common = {name: common_type(known) for name, known in types.items()}
    return [frame.cast({name: dtype for name in frame.columns if (dtype := common[name])}) for frame in frames]


def common_type(known: set[pl.DataType]) -> pl.DataType | None:
    """The type that holds all of some types; None when there is none to hold."""
    if len(known) == 1:
        return next(iter(known))
    if known and all(dtype.is_numeric() for dtype in known):
        return pl.Float64()
    return pl.String() if known else None


def all_problems(parts: list[MappedRows]) -> pl.DataFrame:
    """[row, column, value, reason] with rows counted through all parts."""
    start, frames = 0, []
    for part in parts:
        frames.append(part.problems.with_columns(pl.col("row") + pl.lit(start, dtype=pl.UInt32)))
        start += part.rows.height
    return pl.concat(frames)


def left_out_by_file(parts: list[MappedRows]) -> pl.DataFrame:
    """[file, left_out]: how many rows of each file no mapping selects."""
    used: dict[str, list[pl.Series]] = {}
    for part in parts:
        used.setdefault(part.file, []).append(part.is_used)
    rows = [(file, int((~reduce(or_, masks)).sum())) for file, masks in used.items()]
    return pl.DataFrame(rows, schema={"file": pl.String, "left_out": pl.Int64}, orient="row").sort("file")


def id_pairs(link: Link, *, sources: Sources, root: Path) -> pl.DataFrame:
    """[id, other_id]: what each id leads to in the files of a link, with semicolons where there are several."""
    file, frames = sources.files[link.from_], []
    for path in paths_of(file, root=root):
        content = open_file(path, file=file, name=name_of(path, root=root))
        found = {names: position_of(content, names=getattr(link, names)) for names in ("key", "gives")}
        missing = [(getattr(link, names), f"for {names} of a link") for names, at in found.items() if at is None]
        if missing:
            raise columns_missing(content, wanted=missing, file=file)
        cells = content.cells(sorted({*found.values()}))
        both = zip(("id", "other_id"), found.values(), strict=True)
        frames.append(
            pl.DataFrame({name: present(cells[str(at)], missing=file.missing, mapped={}) for name, at in both})
        )
    pairs = pl.concat(frames).drop_nulls()
    for name in pairs.columns:
        pairs = (
            pairs.with_columns(pl.col(name).str.split(";")).explode(name).with_columns(pl.col(name).str.strip_chars())
        )
    pairs = pairs.filter(pl.col("id") != "", pl.col("other_id") != "").unique(maintain_order=True)
    return pairs.group_by("id", maintain_order=True).agg(pl.col("other_id").str.join(";"))


def followed(part: MappedRows, links: list[pl.DataFrame]) -> MappedRows:
    """Rows whose `lead_id` is looked up through links, from `lead_id`, where it is mapped, else from `deal_id`."""
    if not links:
        return part
    has_own = "lead_id" in part.cells.columns
    ids = part.rows["lead_id" if has_own else "deal_id"]
    for pairs in links:
        ids = lookup(first_id(same_ids(ids, pairs["id"]), known=pairs["id"]), pairs)
    lost = part.rows.filter(ids.is_null()).to_series(0)
    if has_own:
        ids = ids.zip_with(ids.is_not_null(), part.rows["lead_id"])
    unfound = note("ids that the link does not find", lost)
    return replace(part, rows=part.rows.with_columns(lead_id=ids), notes=[*part.notes, *([] if has_own else [unfound])])


def lookup(ids: pl.Series, pairs: pl.DataFrame) -> pl.Series:
    """What each id leads to, null where it leads nowhere."""
    return ids.to_frame("id").join(pairs, on="id", how="left", maintain_order="left")["other_id"]


def linked(tables: dict[str, RawTable], *, merges: list[pl.DataFrame]) -> dict[str, RawTable]:
    """The tables with every lead_id as the leads have it: one id where there are several, merged ids re-pointed."""
    leads = tables["leads"]
    ids = same_ids(leads.rows["lead_id"], leads.rows["lead_id"])
    into = same_ids(leads.rows["merged_into"], ids)
    survivors = survivors_of(merges, known=ids)
    merged = lookup(ids, survivors)
    rows = leads.rows.with_columns(lead_id=ids, merged_into=into.zip_with(into.is_not_null(), merged))
    known = pl.concat([ids, survivors["id"]])
    return {
        name: replace(raw, rows=rows) if name == "leads" else one_lead(raw, leads=ids, known=known, survivors=survivors)
        for name, raw in tables.items()
    }


def survivors_of(merges: list[pl.DataFrame], *, known: pl.Series) -> pl.DataFrame:
    """[id, other_id] of merged leads, chains of merges followed; a lead merged into itself is not merged."""
    pairs = pl.concat([pl.DataFrame(schema={"id": pl.String, "other_id": pl.String}), *merges])
    pairs = pairs.with_columns(other_id=first_id(pairs["other_id"], known=known))
    pairs = pairs.with_columns(same_ids(pairs[name], known).alias(name) for name in pairs.columns)
    pairs = pairs.filter(pl.col("id") != pl.col("other_id")).unique("id", keep="first", maintain_order=True)
    for _ in range(LONGEST_CHAIN):
        further = lookup(pairs["other_id"], pairs)
        pairs = pairs.with_columns(other_id=further.zip_with(further.is_not_null(), pairs["other_id"]))
    return pairs


def one_lead(raw: RawTable, *, leads: pl.Series, known: pl.Series, survivors: pl.DataFrame) -> RawTable:
    """A table whose rows name one lead; of a merged lead that is not among the leads, its survivor."""
    if "lead_id" not in raw.rows.columns:
        return raw
    ids, several = raw.rows["lead_id"], raw.rows["lead_id"].str.contains(";").fill_null(False)
    one = same_ids(first_id(ids, known=known), known)
    target = lookup(one, survivors)
    is_gone = target.is_not_null() & ~one.is_in(leads.implode()).fill_null(False)
    rows = raw.rows.with_columns(lead_id=target.zip_with(is_gone, one))
    return replace(raw, rows=rows).noted(note("rows with several leads", ids.filter(several)))


def first_id(ids: pl.Series, *, known: pl.Series) -> pl.Series:
    """Of several ids in a cell the first that is known, else the first.

    Examples
    --------
    >>> first_id(pl.Series(["7;8", "8", "9; 7", None]), known=pl.Series(["8"])).to_list()
    ['8', '8', '9', None]
    """
    if not ids.str.contains(";").any():
        return ids
    parts = ids.to_frame("id").with_row_index("row").with_columns(pl.col("id").str.split(";")).explode("id")
    parts = parts.with_columns(pl.col("id").str.strip_chars()).filter(pl.col("id") != "")
    best = parts.sort(~pl.col("id").is_in(known.implode()), maintain_order=True).unique("row", keep="first")
    return pl.DataFrame({"row": range(len(ids))}, schema={"row": pl.UInt32}).join(best, on="row", how="left")["id"]


def same_ids(ids: pl.Series, known: pl.Series) -> pl.Series:
    """Salesforce ids of 15 characters as the 18 that are known, and the other way round; other ids unchanged.

    The last three characters say which of the 15 are capitals: of each five, from the right, one bit per letter.

    Examples
    --------
    >>> same_ids(pl.Series(["00Q2w00000ABcDe", "7"]), pl.Series(["00Q2w00000ABcDeEAL"])).to_list()
    ['00Q2w00000ABcDeEAL', '7']
    """
    form = r"^[a-zA-Z0-9]{15}(?:[A-Z0-5]{3})?$"
    forms = known.filter(known.str.contains(form).fill_null(False)).unique()
    if forms.is_empty() or not ids.str.contains(form).any():
        return ids
    short = pl.col("id").str.head(15)
    bits = [
        sum(short.str.slice(5 * block + place, 1).str.contains("[A-Z]").cast(pl.Int64) * 2**place for place in range(5))
        for block in range(3)
    ]
    signs = [bit.replace_strict(list(range(32)), [*CHECK_SIGNS], return_dtype=pl.String) for bit in bits]
    long = pl.concat_str(short, *signs)
    is_short = pl.col("id").str.len_chars() == 15
    known_long = is_short & long.is_in(forms.implode())
    known_short = (long == pl.col("id")) & ~long.is_in(forms.implode()) & short.is_in(forms.implode())
    same = pl.when(known_long).then(long).when(known_short).then(short)
    is_one = pl.col("id").str.contains(form)
    return ids.to_frame("id").select(pl.when(is_one).then(pl.coalesce(same, "id")).otherwise("id").alias("id"))["id"]
