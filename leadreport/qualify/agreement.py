"""The policy against the CRM: where both say the same of a lead, and where they do not."""

from collections.abc import Callable
from statistics import NormalDist

import polars as pl

from leadreport.qualify.classes import CLASSES
from leadreport.rates import rate, wilson_high, wilson_low
from leadreport.words import STAGE_NAMES, STAGES

JUDGED = ("lead", "mql", "sal", "sql")
"""The rungs on which criteria and CRM can differ; deals and exits are taken from the CRM."""


def policy_against_crm(named: pl.DataFrame) -> pl.DataFrame:
    """How many leads the CRM has in a stage and the policy in a class.

    One row per pair that occurs, in the order of the ladder: stage, class, leads, is_same.

    Examples
    --------
    >>> named = pl.DataFrame({"stage": ["sql", "sql", "mql"], "class": ["sql", "mql", "mql"]})
    >>> policy_against_crm(named).rows()
    [('mql', 'mql', 1, True), ('sql', 'mql', 1, False), ('sql', 'sql', 1, True)]
    """
    place = {name: number for number, name in enumerate(CLASSES)}
    pairs = named.group_by("stage", "class").agg(leads=pl.len().cast(pl.Int64))
    return pairs.with_columns(is_same=pl.col("stage") == pl.col("class")).sort(
        pl.col("stage").replace_strict(place), pl.col("class").replace_strict(place)
    )


def disagreements(named: pl.DataFrame) -> pl.DataFrame:
    """The leads that the CRM and the policy see on different rungs, the furthest apart first.

    Columns: lead_id, owner, source, channel, stage, class, ahead ("crm" or "policy"), rungs (how many lie between),
    reason (what the policy sees, in a sentence). Leads that left, bought or have a deal are not compared.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> named = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> disagreements(named)["ahead"].unique().sort().to_list()
    ['crm', 'policy']
    """
    rungs = rung("stage") - rung("class")
    reason = (
        pl.when(rungs > 0)
        .then(pl.format("The CRM has it as {}. By the policy: {}", stage_name(), "why"))
        .otherwise(pl.format("Nobody has moved it on from {}. By the policy: {}", stage_name(), "why"))
    )
    return (
        compared(named)
        .filter(rungs != 0)
        .select(
            "lead_id", "owner", "source", "channel", "stage", "class",
            ahead=pl.when(rungs > 0).then(pl.lit("crm")).otherwise(pl.lit("policy")),
            rungs=rungs.abs(),
            reason=reason,
        )
        .sort("rungs", "lead_id", descending=[True, False])
    )  # fmt: skip


def agreement(named: pl.DataFrame) -> pl.DataFrame:
    """How far CRM and policy agree beyond what chance would give: Cohen's kappa with its interval.

    Three rows: whether a lead is "mql" or beyond, whether it is "sql" or beyond, and its exact "rung". Columns:
    judging, leads, agreed, agreed_rate with agreed_low and agreed_high (Wilson), kappa with kappa_low and kappa_high
    (large sample, Fleiss, Cohen and Everitt 1969, Psychological Bulletin 72, 323-327). Kappa is null when all leads are
    on one side for both, for then nothing was judged.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> named = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> agreement(named)["judging"].to_list()
    ['mql', 'sql', 'rung']
    """
    leads = compared(named)
    questions = {"mql": rung_from("mql"), "sql": rung_from("sql"), "rung": rung}
    return pl.concat(
        kappa(leads.select(crm=at("stage"), policy=at("class"))).insert_column(0, pl.lit(name).alias("judging"))
        for name, at in questions.items()
    )


def compared(named: pl.DataFrame) -> pl.DataFrame:
    """The leads whose class rests on criteria: open ones without a deal."""
    return named.filter(pl.col("class").is_in(JUDGED), pl.col("stage").is_in(JUDGED))


def rung(column: str) -> pl.Expr:
    """The place on the ladder, 0 for a lead."""
    return pl.col(column).replace_strict({name: place for place, name in enumerate(STAGES)}, default=None)


def rung_from(stage: str) -> Callable[[str], pl.Expr]:
    """Whether a column's stage is this one or beyond, as 0 or 1."""
    return lambda column: (rung(column) >= STAGES.index(stage)).cast(pl.Int64)


def stage_name() -> pl.Expr:
    return pl.col("stage").replace_strict(STAGE_NAMES)


def kappa(pairs: pl.DataFrame) -> pl.DataFrame:
    """One row of agreement of the columns crm and policy."""
    cells = pairs.group_by("crm", "policy").agg(leads=pl.len())
    n = pairs.height
    agreed = cells.filter(pl.col("crm") == pl.col("policy"))["leads"].sum()
    value, error = kappa_of(cells.with_columns(share=pl.col("leads") / max(n, 1)), n=n)
    bounds: dict[str, float | None] = dict.fromkeys(("kappa", "kappa_low", "kappa_high"))
    if value is not None and error is not None:
        half = NormalDist().inv_cdf(0.975) * error
        bounds = {"kappa": value, "kappa_low": value - half, "kappa_high": min(value + half, 1.0)}
    counts = pl.DataFrame({"leads": [n], "agreed": [agreed]}, schema={"leads": pl.Int64, "agreed": pl.Int64})
    ends = (rate("agreed", "leads"), wilson_low("agreed", "leads"), wilson_high("agreed", "leads"))
    names = ("agreed_rate", "agreed_low", "agreed_high")
    return counts.with_columns(
        **{name: end.round(10) for name, end in zip(names, ends, strict=True)},
        **{name: pl.lit(bound, dtype=pl.Float64).round(10) for name, bound in bounds.items()},
    )


def kappa_of(cells: pl.DataFrame, *, n: int) -> tuple[float | None, float | None]:
    """Kappa and its large-sample standard error from the shares of the table's cells."""
    rows = dict(cells.group_by("crm").agg(pl.col("share").sum()).rows())
    columns = dict(cells.group_by("policy").agg(pl.col("share").sum()).rows())
    by_chance = sum(share * columns.get(name, 0.0) for name, share in rows.items())
    if n == 0 or by_chance > 1 - 1e-12:
        return None, None
    shares = [(crm, policy, share) for crm, policy, share in cells.select("crm", "policy", "share").rows()]
    observed = sum(share for crm, policy, share in shares if crm == policy)
    value = (observed - by_chance) / (1 - by_chance)
    same = sum(
        share * (1 - (rows[crm] + columns[policy]) * (1 - value)) ** 2 for crm, policy, share in shares if crm == policy
    )
    other = (1 - value) ** 2 * sum(
        share * (columns.get(crm, 0.0) + rows.get(policy, 0.0)) ** 2 for crm, policy, share in shares if crm != policy
    )
    spread = same + other - (value - by_chance * (1 - value)) ** 2
    return value, max(spread, 0.0) ** 0.5 / (n**0.5 * (1 - by_chance))
