"""One lead's score, added up by hand from the printed card."""

import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.scoring.card import Scorecard
from leadreport.scoring.totals import columns_of
from leadreport.scoring.values import coded, require_columns


def points_of(lead_id: str, frame: pl.DataFrame, card: Scorecard) -> pl.DataFrame:
    """The rows of the card that one lead gets its points from: [what, value, points, total].

    The first row is where every lead starts, `total` adds up; the last total is what the score is made of (a tenth of
    it with the weighted method). `frame` has one row per lead with `lead_id` and the card's attributes.

    Raises
    ------
    InputError
        When there is no such lead, or a column that the card scores is missing.

    Examples
    --------
    >>> from leadreport.scoring import fit_scorecard
    >>> leads = pl.DataFrame({"lead_id": [str(i) for i in range(400)], "trial": [i % 2 == 1 for i in range(400)]})
    >>> leads = leads.with_columns(won=pl.Series([i % 8 == 1 or i % 20 == 0 for i in range(400)]))
    >>> card = fit_scorecard(leads, attributes=["trial"], outcome="won")
    >>> points_of("1", leads, card).select("what", "value").rows()
    [('start', 'every lead'), ('trial', 'yes')]
    """
    names = [each.name for each in card.attributes]
    require_columns(frame, ["lead_id", *names])
    lead = frame.filter(pl.col("lead_id") == lead_id)
    if lead.is_empty():
        raise InputError(f"there is no lead '{lead_id}'", hint=did_you_mean(lead_id, frame["lead_id"].to_list()))
    rows = [("start", "every lead", float(card.start))]
    for column in columns_of(coded(lead, card.attributes), card.attributes, table=card.table, pairs=card.pairs):
        place = int(column.positions[0])
        rows.append((" with ".join(column.names), " with ".join(column.keys[place]), float(column.points[place])))
    added = pl.DataFrame(rows, schema=["what", "value", "points"], orient="row")
    return added.with_columns(total=pl.col("points").cum_sum())
