"""Where the policy and the CRM agree on a lead, where they do not, and how far they agree beyond chance."""

from statistics import NormalDist

import numpy as np
import polars as pl

from leadreport.rates import rate_with_ends
from leadreport.words import CLASSES, JUDGED, STAGE_NAMES, STAGES


def policy_against_crm(classified: pl.DataFrame) -> pl.DataFrame:
    """How many leads have a stage in the CRM and a class by the policy.

    One row per pair that occurs, in the order of the stages: crm_stage, class, leads, is_same.

    Examples
    --------
    >>> classified = pl.DataFrame({"stage": ["sql", "sql", "mql"], "class": ["sql", "mql", "mql"]})
    >>> policy_against_crm(classified).rows()
    [('mql', 'mql', 1, True), ('sql', 'mql', 1, False), ('sql', 'sql', 1, True)]
    """
    pairs = classified.group_by("class", crm_stage="stage").agg(leads=pl.len().cast(pl.Int64))
    return pairs.sort(rank("crm_stage"), rank("class")).select(
        "crm_stage", "class", "leads", is_same=pl.col("crm_stage") == pl.col("class")
    )


def disagreements(classified: pl.DataFrame) -> pl.DataFrame:
    """The leads that the CRM and the policy rank differently, the furthest apart first (definition 23).

    Columns: lead_id, owner, source, channel, crm_stage, class, ahead ("CRM" or "policy"), stages_apart, reason (in a
    sentence). Leads that left, bought or have a deal are not compared.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> classified = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> disagreements(classified)["ahead"].unique().sort().to_list()
    ['CRM', 'policy']
    """
    ahead_by = rank("stage") - rank("class")
    is_crm = ahead_by > 0
    name = pl.col("stage").replace_strict(STAGE_NAMES)
    in_crm = pl.when(is_crm).then(pl.lit("Already")).otherwise(pl.lit("Still"))
    return (
        classified.filter(is_compared(), ahead_by != 0)
        .select(
            *("lead_id", "owner", "source", "channel"),
            pl.col("stage").alias("crm_stage"),
            "class",
            ahead=pl.when(is_crm).then(pl.lit("CRM")).otherwise(pl.lit("policy")),
            stages_apart=ahead_by.abs(),
            reason=pl.format("{} {} in the CRM. By the policy: {}", in_crm, name, "why"),
        )
        .sort("stages_apart", "lead_id", descending=[True, False])
    )


def qualification_summary(classified: pl.DataFrame) -> pl.DataFrame:
    """How many leads are hot or SQL by the policy, and for how many the CRM has another stage, in one row.

    Columns: leads, hot, sqls, differ, too_high, too_low (in the CRM; these two add up to differ).

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> qualification_summary(lr.classified_leads(ws)).row(0)
    (6066, 656, 81, 602, 150, 452)
    """
    ahead_by = pl.when(is_compared()).then(rank("stage") - rank("class"))
    counts = {
        "leads": pl.len(),
        "hot": pl.col("is_hot").sum(),
        "sqls": (pl.col("class") == "sql").sum(),
        "differ": (ahead_by != 0).sum(),
        "too_high": (ahead_by > 0).sum(),
        "too_low": (ahead_by < 0).sum(),
    }
    return classified.select(**{name: count.cast(pl.Int64) for name, count in counts.items()})


def agreement(classified: pl.DataFrame) -> pl.DataFrame:
    """How far CRM and policy agree beyond what chance would give: Cohen's kappa with its interval.

    Three rows, one per decision: whether a lead is an MQL or further, whether it is an SQL or further, and its exact
    stage. Columns: decision, leads, agreed, agreed_rate with agreed_low and agreed_high (Wilson), kappa with kappa_low
    and kappa_high. Kappa is null when both give all leads the same answer: nothing was decided then.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> classified = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> agreement(classified)["decision"].to_list()
    ['MQL or further', 'SQL or further', 'exact stage']
    """
    leads = classified.filter(is_compared())
    decisions = {
        "MQL or further": lambda stage: rank(stage) >= STAGES.index("mql"),
        "SQL or further": lambda stage: rank(stage) >= STAGES.index("sql"),
        "exact stage": rank,
    }
    rows = []
    for name, decide in decisions.items():
        pairs = leads.select(crm=decide("stage").cast(pl.Int64), policy=decide("class").cast(pl.Int64))
        agreed = (pairs["crm"] == pairs["policy"]).sum()
        rows.append((name, pairs.height, agreed, *kappa(pairs)))
    columns = {"decision": pl.String, "leads": pl.Int64, "agreed": pl.Int64}
    measures = dict.fromkeys(("kappa", "kappa_low", "kappa_high"), pl.Float64)
    ends = rate_with_ends("agreed", "leads", name="agreed_rate", low="agreed_low", high="agreed_high", decimals=10)
    table = pl.DataFrame(rows, schema=columns | measures, orient="row")
    return table.select(*columns, **ends, **{name: pl.col(name).round(10) for name in measures})


def is_compared() -> pl.Expr:
    """Whether the class of a lead rests on criteria: it is open, without a deal."""
    return pl.col("class").is_in(JUDGED) & pl.col("stage").is_in(JUDGED)


def rank(column: str) -> pl.Expr:
    """The place of a stage or class in their order, 0 for a lead."""
    return pl.col(column).cast(pl.Enum(CLASSES)).to_physical().cast(pl.Int64)


def kappa(pairs: pl.DataFrame) -> tuple[float | None, float | None, float | None]:
    """Cohen's kappa of the columns crm and policy (small whole numbers), with the ends of its 95 % interval.

    From the shares p_ij of leads that the CRM puts in i and the policy in j: kappa = (p_o - p_e) / (1 - p_e), where p_o
    is the sum of p_ii and p_e the sum of p_i. p_.i. Its large-sample variance (Fleiss, Cohen and Everitt 1969,
    Psychological Bulletin 72, 323-327, formula 13) is

        [sum_i p_ii (1 - (p_i. + p_.i)(1 - kappa))^2 + (1 - kappa)^2 sum_(i != j) p_ij (p_.i + p_j.)^2
         - (kappa - p_e (1 - kappa))^2] / (n (1 - p_e)^2)
    """
    shares = np.zeros((len(JUDGED), len(JUDGED)))
    np.add.at(shares, (pairs["crm"].to_numpy(), pairs["policy"].to_numpy()), 1 / max(pairs.height, 1))
    of_crm, of_policy, same = shares.sum(axis=1), shares.sum(axis=0), shares.diagonal()
    by_chance = of_crm @ of_policy
    if pairs.is_empty() or by_chance > 1 - 1e-12:
        return None, None, None
    value = (same.sum() - by_chance) / (1 - by_chance)
    weights = np.add.outer(of_policy, of_crm) ** 2
    spread = (same * (1 - (of_crm + of_policy) * (1 - value)) ** 2).sum()
    spread += (1 - value) ** 2 * ((shares * weights).sum() - (same * weights.diagonal()).sum())
    spread -= (value - by_chance * (1 - value)) ** 2
    half = NormalDist().inv_cdf(0.975) * max(spread, 0.0) ** 0.5 / (pairs.height**0.5 * (1 - by_chance))
    return value, value - half, min(value + half, 1.0)
