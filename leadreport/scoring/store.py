"""The scorecard as a text that two departments can read, sign, change by hand and compare with the last one."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import polars as pl

from leadreport.scoring.card import Scorecard

HEAD = """\
# A scorecard. A lead starts with `start` points and gets those of its values; with the weighted method a tenth of the
# sum is the score, 50 is the average lead, and 5 more double the odds. Points may be changed by hand: what differs from
# leads, customers, weight and prior_leads is read as edited.
"""

PLAIN = (
    "method",
    "outcome",
    "leads",
    "customers",
    "start",
    "evidence",
    "trained_from",
    "trained_until",
    "policy_version",
)


def scorecard_text(card: Scorecard) -> str:
    """The card as TOML, one line per value, in a stable order: only what changed differs from one card to the next.

    Examples
    --------
    >>> from leadreport.scoring import fit_scorecard
    >>> leads = pl.DataFrame({"trial": [i % 2 == 0 for i in range(400)], "won": [i % 8 == 0 for i in range(400)]})
    >>> text = scorecard_text(fit_scorecard(leads, attributes=["trial"], outcome="won", method="close_rate"))
    >>> print([line for line in text.splitlines() if '"yes"' in line][0].strip())
    { value = "yes", leads = 200, customers = 50, points = 25.0 },
    """
    plain = {name: getattr(card, name) for name in PLAIN} | {"signed_by": list(card.signed_by)}
    bands = lines("bands", card.bands.select("score_from", "leads", "customers"))
    parts = [HEAD + keys(plain) + bands, "[curve]\n" + keys(asdict(card.curve))]
    if card.anchor:
        parts.append("[anchor]\n" + keys(asdict(card.anchor)))
    parts += [attribute_text(card, row) for row in card.weights.iter_rows(named=True)]
    parts += [pair_text(card, row) for row in card.pair_weights.iter_rows(named=True)]
    return "\n".join(parts)


def attribute_text(card: Scorecard, weights: Mapping[str, Any]) -> str:
    attribute = next(each for each in card.attributes if each.name == weights["attribute"])
    rows = card.table.filter(pl.col("attribute") == attribute.name)
    head = {"name": attribute.name, "part": weights["part"], "weight": weights["weight"]}
    head |= {"prior_leads": weights["prior_leads"], "edges": attribute.edges, "rare": attribute.rare or None}
    return "[[attribute]]\n" + keys(head) + lines("values", rows.select("value", "leads", "customers", "points"))


def pair_text(card: Scorecard, weights: Mapping[str, Any]) -> str:
    is_mine = (pl.col("first") == weights["first"]) & (pl.col("second") == weights["second"])
    columns = ["first_value", "second_value", "leads", "customers", "expected_customers", "points"]
    return "[[pair]]\n" + keys(weights) + lines("cells", card.pairs.filter(is_mine).select(columns))


def keys(values: Mapping[str, Any]) -> str:
    """One line per key; what is not there is left out."""
    return "".join(f"{key} = {toml(value)}\n" for key, value in values.items() if value is not None)


def lines(name: str, rows: pl.DataFrame) -> str:
    """An array with one inline table per line."""
    inner = (", ".join(f"{key} = {toml(value)}" for key, value in row.items()) for row in rows.iter_rows(named=True))
    return f"{name} = [\n" + "".join(f"    {{ {row} }},\n" for row in inner) + "]\n"


def toml(value: object) -> str:
    """A value in TOML's notation."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case date():
            return value.isoformat()
        case int():
            return str(int(value))
        case float():
            return repr(float(value))
        case Iterable():
            return "[" + ", ".join(toml(each) for each in value) + "]"
    raise TypeError(f"{value!r} has no place in a scorecard")
