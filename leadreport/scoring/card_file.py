"""The scorecard as a text file that two departments can read, sign, change by hand and compare with the last one."""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import polars as pl

from leadreport.errors import InputError
from leadreport.rates import rate
from leadreport.scoring.card import Recalibration, Scorecard
from leadreport.scoring.close_rates import COUNTS, PAIR_COUNTS, PAIR_WEIGHTS, WEIGHTS, pair_rows, value_rows
from leadreport.scoring.curve import BANDS, Curve
from leadreport.scoring.values import NOT_KNOWN, Attribute

HEAD = """\
# A scorecard. A lead starts with `start` points and gets those of its values; with the weighted method a tenth of the
# sum is the score, 50 is the average lead, and 5 more double the odds. Points may be changed by hand: points that do
# not follow from leads, customers, weight and prior_leads are read as edited.
"""

PLAIN = (
    *("method", "outcome", "leads", "customers", "start", "evidence"),
    *("trained_from", "trained_until", "policy_version"),
)


def scorecard_text(card: Scorecard) -> str:
    """The card as TOML: one line per value in a stable order, so that two cards differ only where something changed.

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
    if card.recalibration:
        parts.append("[recalibration]\n" + keys(asdict(card.recalibration)))
    parts += [attribute_text(card, row) for row in card.weights.iter_rows(named=True)]
    parts += [pair_text(card, row) for row in card.pair_weights.iter_rows(named=True)]
    return "\n".join(parts)


def attribute_text(card: Scorecard, weights: Mapping[str, Any]) -> str:
    """One attribute with its values."""
    attribute = next(each for each in card.attributes if each.name == weights["attribute"])
    rows = card.table.filter(pl.col("attribute") == attribute.name)
    head = {"name": attribute.name, "part": weights["part"], "weight": weights["weight"]}
    head |= {"prior_leads": weights["prior_leads"], "edges": attribute.edges, "rare": attribute.rare or None}
    head |= {"pair_edges": attribute.pair_edges}
    return "[[attribute]]\n" + keys(head) + lines("values", rows.select("value", "leads", "customers", "points"))


def pair_text(card: Scorecard, weights: Mapping[str, Any]) -> str:
    """One pair table with its cells."""
    is_mine = (pl.col("first") == weights["first"]) & (pl.col("second") == weights["second"])
    columns = ["first_value", "second_value", "leads", "customers", "expected_customers", "points"]
    return "[[pair]]\n" + keys(weights) + lines("cells", card.pairs.filter(is_mine).select(columns))


def keys(values: Mapping[str, Any]) -> str:
    """One line per key; keys without a value are left out."""
    return "".join(f"{key} = {toml(value)}\n" for key, value in values.items() if value is not None)


def lines(name: str, rows: pl.DataFrame) -> str:
    """A TOML array with one inline table per line."""
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


def parse_scorecard(text: str, *, name: str = "scorecard.toml") -> Scorecard:
    """The card in a text that `scorecard_text` wrote; messages call the file `name`.

    Close rates and fitted points are recomputed from leads, customers, weights and prior leads. Points that differ from
    the fitted ones were changed by hand: they are used, and `is_edited` is true. Cards of earlier versions can be read.

    Raises
    ------
    InputError
        When the text is not TOML, or not a scorecard.
    """
    try:
        return built(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name} is not valid TOML", found=str(error), hint="see toml.io for the notation") from None
    except (KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{name} is not a whole scorecard", found=f"{type(error).__name__}: {error}", hint="fit and save it again"
        ) from None


def built(content: Mapping[str, Any]) -> Scorecard:
    """The card from the parsed text; `anchor` is what earlier versions call `recalibration`."""
    content = dict(content)
    attributes, pairs = content.pop("attribute"), content.pop("pair", [])
    bands = pl.DataFrame(content.pop("bands"), schema=BANDS)
    curve, earlier = content.pop("curve"), content.pop("anchor", None)
    recent = content.pop("recalibration", earlier)
    curve |= {"variances": tuple(curve["variances"]), "bends": tuple(tuple(each) for each in curve["bends"])}
    weights = pl.DataFrame(
        [(each["name"], each["part"], float(each["weight"]), float(each["prior_leads"])) for each in attributes],
        schema=WEIGHTS,
        orient="row",
    )
    pair_weights = pl.DataFrame(
        [[each[key] for key in PAIR_WEIGHTS] for each in pairs], schema=PAIR_WEIGHTS, orient="row"
    )
    values = counts_in(attributes, "values", columns=("name", *list(COUNTS)[1:]), schema=COUNTS)
    benchmark = content["customers"] / content["leads"]
    table = value_rows(values, weights, method=content["method"], benchmark=benchmark)
    cells = pair_rows(counts_in(pairs, "cells", columns=list(PAIR_COUNTS), schema=PAIR_COUNTS), pair_weights)
    return Scorecard(
        **content | {"signed_by": tuple(content.get("signed_by", ()))},
        curve=Curve(**curve),
        recalibration=Recalibration(**recent) if recent else None,
        attributes=tuple(attribute_of(each) for each in attributes),
        table=with_edits(table, [row["points"] for each in attributes for row in each["values"]]),
        weights=weights,
        pairs=with_edits(cells, [row["points"] for each in pairs for row in each["cells"]]),
        pair_weights=pair_weights,
        bands=bands.with_columns(close_rate=rate("customers", "leads")),
    )


def counts_in(
    parts: Sequence[Mapping[str, Any]], rows: str, *, columns: Sequence[str], schema: Mapping[str, Any]
) -> pl.DataFrame:
    """Leads and customers of every value of the attributes, or of every cell of the pair tables."""
    counts = [[(part | row)[name] for name in columns] for part in parts for row in part[rows]]
    return pl.DataFrame(counts, schema=schema, orient="row")


def attribute_of(content: Mapping[str, Any]) -> Attribute:
    """An attribute with its values in the order of their codes: `not known` first."""
    named = [row["value"] for row in content["values"] if row["value"] != NOT_KNOWN]
    edges, pair_edges = (
        tuple(float(edge) for edge in content[key]) if key in content else None for key in ("edges", "pair_edges")
    )
    rare = tuple(content.get("rare", ()))
    return Attribute(content["name"], (NOT_KNOWN, *named), edges=edges, rare=rare, pair_edges=pair_edges)


def with_edits(rows: pl.DataFrame, points: Sequence[float]) -> pl.DataFrame:
    """The rows with the points of the file, marked where they differ from the fitted ones."""
    given = pl.Series("given", points, dtype=pl.Float64)
    if rows["points"].dtype.is_integer() and (given != given.round()).any():
        raise InputError(
            "points of the weighted method are whole numbers", found=str(given.filter(given != given.round())[0])
        )
    return rows.with_columns(points=given.cast(rows["points"].dtype), is_edited=given != rows["points"])
