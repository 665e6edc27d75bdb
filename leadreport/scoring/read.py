"""A scorecard read back from its text; points changed by hand are kept and marked."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from leadreport.errors import InputError
from leadreport.scoring.bands import COUNTS as BAND_COUNTS
from leadreport.scoring.bands import with_close_rate
from leadreport.scoring.card import Anchor, Scorecard
from leadreport.scoring.curve import Curve
from leadreport.scoring.rows import COUNTS, PAIR_COUNTS, PAIR_WEIGHTS, WEIGHTS, pair_rows, value_rows
from leadreport.scoring.values import NOT_KNOWN, Attribute


def parse_scorecard(text: str, *, name: str = "scorecard.toml") -> Scorecard:
    """The card in a text written by `scorecard_text`; `name` is the file that messages speak of.

    Close rates and fitted points are worked out again from leads, customers, weights and prior leads. Points that
    differ from the fitted ones were changed by hand: they are used, and `is_edited` is true.

    Raises
    ------
    InputError
        When the text is not TOML, or not a scorecard.
    """
    try:
        content = tomllib.loads(text)
        return built(content)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name} is not valid TOML", found=str(error), hint="see toml.io for the notation") from None
    except (KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{name} is not a whole scorecard", found=f"{type(error).__name__}: {error}", hint="fit and save it again"
        ) from None


def built(content: Mapping[str, Any]) -> Scorecard:
    """The card from the parsed text."""
    content = dict(content)
    attributes, pairs = content.pop("attribute"), content.pop("pair", [])
    bands = pl.DataFrame(content.pop("bands"), schema=BAND_COUNTS)
    curve, anchor = content.pop("curve"), content.pop("anchor", None)
    curve |= {"variances": tuple(curve["variances"]), "bends": tuple(tuple(each) for each in curve["bends"])}
    weights = pl.DataFrame([weight_row(each) for each in attributes], schema=WEIGHTS, orient="row")
    pair_weights = pl.DataFrame(
        [[each[key] for key in PAIR_WEIGHTS] for each in pairs], schema=PAIR_WEIGHTS, orient="row"
    )
    table = value_rows(
        pl.DataFrame(list(value_counts(attributes)), schema=COUNTS, orient="row"),
        weights,
        method=content["method"],
        benchmark=content["customers"] / content["leads"],
    )
    cells = pair_rows(pl.DataFrame(list(cell_counts(pairs)), schema=PAIR_COUNTS, orient="row"), pair_weights)
    return Scorecard(
        **content | {"signed_by": tuple(content.get("signed_by", ()))},
        curve=Curve(**curve),
        anchor=Anchor(**anchor) if anchor else None,
        attributes=tuple(attribute_of(each) for each in attributes),
        table=with_edits(table, [row["points"] for each in attributes for row in each["values"]]),
        weights=weights,
        pairs=with_edits(cells, [row["points"] for each in pairs for row in each["cells"]]),
        pair_weights=pair_weights,
        bands=with_close_rate(bands),
    )


def weight_row(attribute: Mapping[str, Any]) -> list[Any]:
    return [attribute["name"], attribute["part"], float(attribute["weight"]), float(attribute["prior_leads"])]


def value_counts(attributes: Sequence[Mapping[str, Any]]) -> list[tuple]:
    return [
        (each["name"], row["value"], row["leads"], row["customers"]) for each in attributes for row in each["values"]
    ]


def cell_counts(pairs: Sequence[Mapping[str, Any]]) -> list[tuple]:
    counts = ("leads", "customers", "expected_customers")
    return [
        (each["first"], row["first_value"], each["second"], row["second_value"], *(row[name] for name in counts))
        for each in pairs
        for row in each["cells"]
    ]


def attribute_of(content: Mapping[str, Any]) -> Attribute:
    """The values in the order that codes need: what is not known first."""
    named = [row["value"] for row in content["values"] if row["value"] != NOT_KNOWN]
    edges = content.get("edges")
    return Attribute(
        content["name"],
        (NOT_KNOWN, *named),
        edges=None if edges is None else tuple(float(edge) for edge in edges),
        rare=tuple(content.get("rare", ())),
    )


def with_edits(rows: pl.DataFrame, points: Sequence[float]) -> pl.DataFrame:
    """The points of the file, marked where they are not the fitted ones; whole points stay whole."""
    given = pl.Series("given", points, dtype=pl.Float64)
    if rows["points"].dtype.is_integer() and (given != given.round()).any():
        raise InputError(
            "points of the weighted method are whole numbers", found=str(given.filter(given != given.round())[0])
        )
    return rows.with_columns(points=given.cast(rows["points"].dtype), is_edited=given != rows["points"])
