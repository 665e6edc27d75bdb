"""What the good rows can carry: attributes the policy asks for, empty values, odd leads."""

from collections.abc import Iterator, Sequence

import polars as pl

from leadreport.errors import PolicyError, listed, nearest
from leadreport.policy import AttributeCriterion, Policy
from leadreport.tables import computed_names
from leadreport.words import STEPS

NOT_ATTRIBUTES = {"lead_id", "merged_into"}
"""Columns of leads that say which lead it is, and nothing about it."""


def refuse_unknown_attributes(leads: pl.DataFrame, *, policy: Policy) -> None:
    """Stop when the policy names an attribute that is neither a column of the leads nor computed from their history.

    Raises
    ------
    PolicyError
        One error for all of them, with where each is named, the columns of the leads, and the nearest names.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> policy = parse_policy(preset_text("startup").replace('["channel", "source"]', '["channel", "industri"]'))
    >>> refuse_unknown_attributes(pl.DataFrame(schema=["lead_id", "channel", "industry"]), policy=policy)
    Traceback (most recent call last):
    leadreport.errors.PolicyError: policy.toml names an attribute that the leads do not have: 'industri' \
(scoring.attributes)
    <BLANKLINE>
    Found: channel, industry
    <BLANKLINE>
    Hint: is 'industri' meant to be 'industry'? Correct policy.toml, or add the column to the leads in sources.toml
    """
    own = {*leads.columns} - NOT_ATTRIBUTES
    known = own | computed_names(policy)
    unknown: dict[str, list[str]] = {}
    for place, name in attributes_of(policy):
        if name not in known and place not in unknown.get(name, []):
            unknown.setdefault(name, []).append(place)
    if not unknown:
        return
    places = ", ".join(f"'{name}' ({', '.join(where)})" for name, where in sorted(unknown.items()))
    near = {name: nearest(name, sorted(known)) for name in sorted(unknown)}
    meant = [f"is '{name}' meant to be {' or '.join(map(repr, names))}? " for name, names in near.items() if names]
    what = "an attribute" if len(unknown) == 1 else f"{len(unknown)} attributes"
    raise PolicyError(
        f"policy.toml names {what} that the leads do not have: {places}",
        found=listed(own, most=30),
        hint=f"{''.join(meant)}Correct policy.toml, or add the column to the leads in sources.toml",
    )


def attributes_of(policy: Policy) -> Iterator[tuple[str, str]]:
    """Every attribute that a policy names, with the key under which it does."""
    for name in policy.scoring.attributes:
        yield "scoring.attributes", name
    for kind in ("hot", "mql", "sal", "sql"):
        for leaf in getattr(policy.criteria, kind).leaves():
            if isinstance(leaf, AttributeCriterion):
                yield f"criteria.{kind}", leaf.attribute


def empty_rates(facts: pl.DataFrame, *, attributes: Sequence[str]) -> pl.DataFrame:
    """[attribute, empty_rate]: the share of leads whose attribute is empty, the emptiest first.

    Examples
    --------
    >>> facts = pl.DataFrame({"size": [10, None], "channel": ["web", "ads"]})
    >>> empty_rates(facts, attributes=["channel", "size"]).rows()
    [('size', 0.5), ('channel', 0.0)]
    """
    rates = facts.select(pl.col(attributes).is_null().mean().round(6))
    empty = rates.unpivot(variable_name="attribute", value_name="empty_rate")
    return empty.sort("empty_rate", "attribute", descending=[True, False])


def odd_leads(facts: pl.DataFrame) -> pl.DataFrame:
    """[what, leads]: how many good leads have something that shifts a number a little, one row per oddity.

    Merged records, stages that only a later one implies, stages dated before an earlier one, sales touches before the
    MQL, MQLs without an owner, leads without a channel.
    """
    oddities = {
        "records merged into another lead": pl.col("merged_leads"),
        "leads with a stage that only a later one implies": pl.any_horizontal("^is_.*_imputed$"),
        "leads with a later stage dated earlier": pl.any_horizontal(
            pl.col(f"{after}_at") < pl.col(f"{before}_at") for before, after in STEPS
        ),
        "leads that sales touched before they were MQL": pl.col("first_sales_touch_at") < pl.col("mql_at"),
        "MQLs without an owner": pl.col("is_mql") & pl.col("owner").is_null(),
        "leads without a channel": pl.col("channel").is_null(),
    }
    counts = facts.select(each.sum().cast(pl.Int64).alias(what) for what, each in oddities.items())
    return counts.unpivot(variable_name="what", value_name="leads")
