"""Groups whose sum is the total: what is not known is a group too."""

import polars as pl

from leadreport.errors import InputError, did_you_mean

UNKNOWN = "unknown"


def named_groups(frame: pl.DataFrame, by: str | None) -> pl.DataFrame:
    """The frame with its grouping column as text and "unknown" where it is null (SEMANTICS 13).

    Raises
    ------
    InputError
        When there is no such column.

    Examples
    --------
    >>> named_groups(pl.DataFrame({"channel": ["search", None]}), "channel")["channel"].to_list()
    ['search', 'unknown']
    """
    if by is None:
        return frame
    if by not in frame.columns:
        raise InputError(f"there is no column '{by}' to group by", hint=did_you_mean(by, frame.columns))
    return frame.with_columns(pl.col(by).cast(pl.String).fill_null(UNKNOWN))


def per_group(frame: pl.DataFrame, by: str | None, /, **columns: pl.Expr) -> pl.DataFrame:
    """One sorted row per group, or one row in all when there is nothing to group by.

    Examples
    --------
    >>> frame = pl.DataFrame({"channel": ["search", None, "search"]})
    >>> per_group(frame, "channel", leads=pl.len()).rows()
    [('search', 2), ('unknown', 1)]
    >>> per_group(frame, None, leads=pl.len()).rows()
    [(3,)]
    """
    if by is None:
        return frame.select(**columns)
    return named_groups(frame, by).group_by(by).agg(**columns).sort(by)
