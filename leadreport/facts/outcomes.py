"""What became of a lead: its deals, the answers it gave, what sales thought of it."""

import narwhals.stable.v2 as nw

from leadreport.facts.activity import counted
from leadreport.facts.journey import latest_rows
from leadreport.policy import CRITERIA


def deal_outcomes(deals: nw.LazyFrame) -> nw.LazyFrame:
    """Deals per lead by outcome, with won and open amount.

    Columns: lead_id, deals, won_deals, lost_deals, open_deals, won_at (the first), won_amount, open_amount, currency.
    Amounts are null where no deal of that outcome carries one.
    """
    owned = deals.filter(~nw.col("lead_id").is_null())
    status = nw.col("status")
    return owned.group_by("lead_id").agg(
        deals=nw.len().cast(nw.Int64),
        won_deals=counted(status == "won"),
        lost_deals=counted(status == "lost"),
        open_deals=counted(status == "open"),
        won_at=nw.when(status == "won").then(nw.col("closed_at")).min(),
        won_amount=amount_of("won"),
        open_amount=amount_of("open"),
        currency=nw.col("currency").min(),
    )


def amount_of(status: str) -> nw.Expr:
    """The summed amount of the deals with a status, summed in whole cents; null when none has an amount."""
    cents = (nw.col("amount") * 100).round(0).cast(nw.Int64)
    has_amount = (nw.col("status") == status) & ~nw.col("amount").is_null()
    total = nw.when(has_amount).then(cents).otherwise(nw.lit(0)).sum() / 100
    return nw.when(counted(has_amount) > 0).then(total)


def latest_answers(answers: nw.LazyFrame) -> nw.LazyFrame:
    """The latest answer to each qualification criterion, when it was given and by whom.

    Columns: lead_id and for each criterion `answer_{criterion}`, `answer_{criterion}_at`, `answer_{criterion}_by`; null
    where it was never asked. Of two answers at one instant the less hopeful counts.
    """
    latest = latest_rows(answers, at="answered_at", keys=["lead_id", "criterion"], values=["answer", "by"])
    columns = []
    for criterion in CRITERIA:
        asked = nw.col("criterion") == criterion
        columns += [
            nw.when(asked).then(nw.col("answer")).min().alias(f"answer_{criterion}"),
            nw.when(asked).then(nw.col("answered_at")).min().alias(f"answer_{criterion}_at"),
            nw.when(asked).then(nw.col("by")).min().alias(f"answer_{criterion}_by"),
        ]
    return latest.group_by("lead_id").agg(*columns)


def latest_pulse(feedback: nw.LazyFrame) -> nw.LazyFrame:
    """The latest 0-10 that sales gave a lead: [lead_id, pulse]."""
    latest = latest_rows(feedback, at="given_at", keys=["lead_id"], values=["score"])
    return latest.select("lead_id", pulse=nw.col("score").cast(nw.Int64))
