"""Every row is good, or rejected with its reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from leadreport.check.currency import one_currency, with_currency
from leadreport.check.rejected import counted, rejected_rows
from leadreport.check.relations import orphans
from leadreport.check.rules import rule_failures
from leadreport.errors import InputError
from leadreport.policy import Policy
from leadreport.tables import TABLES, RawTable, empty_table


@dataclass(frozen=True)
class Checked:
    """What became of the rows that were read.

    `tables` has the good rows of all seven tables, with the schemas' columns and types; a table that no file gives is
    empty. `rejected` is [table, file, line, column, value, reason], one row per rejected row and reason. `counts` is
    [table, file, read, good, rejected, rejected_rate, left_out]: good + rejected = read; `left_out` are the rows that
    sources.toml leaves out, which are not in `read`. `unused` is [table, file, column, hint]: columns of files in our
    own columns that are not ours.
    """

    tables: dict[str, pl.DataFrame]
    rejected: pl.DataFrame
    counts: pl.DataFrame
    unused: pl.DataFrame


def check_tables(raw: Mapping[str, RawTable], *, policy: Policy) -> Checked:
    """Tells good rows from rejected ones, table by table; a row that speaks of a lead that is not good is rejected too.

    Raises
    ------
    InputError
        When there are no leads, or amounts in another currency than the policy's.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.tables import raw_table
    >>> rows = pl.DataFrame({"lead_id": ["a", "b"], "given_at": [None, None], "score": [7, 11]})
    >>> checked = check_tables({"leads": raw_table("leads", rows)}, policy=parse_policy(preset_text("startup")))
    >>> checked.counts.select("table", "read", "good", "rejected").rows()
    [('leads', 2, 0, 2)]
    """
    if "leads" not in raw:
        raise InputError(
            "there is no table of leads", found=", ".join(raw) or "no table", hint="add [[leads]] to sources.toml"
        )
    tables = {name: empty_table(name) for name in TABLES}
    found = []
    for name in (name for name in TABLES if name in raw):
        rows = with_currency(raw[name].rows, currency=policy.company.currency)
        failures = rule_failures(replace(raw[name], rows=rows))
        if name != "leads":
            failures = pl.concat([failures, orphans(rows, leads=tables["leads"]["lead_id"])])
        tables[name] = rows.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(failures["row"].unique().implode()))
        found.append((raw[name], failures))
    one_currency(tables, currency=policy.company.currency)
    return Checked(
        tables,
        rejected=pl.concat([rejected_rows(table, failures) for table, failures in found]),
        counts=pl.concat([counted(table, failures) for table, failures in found]),
        unused=pl.concat([table.unused.select(pl.lit(table.name).alias("table"), pl.all()) for table, _ in found]),
    )
