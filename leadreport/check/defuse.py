"""Text that a spreadsheet would run, made harmless before it is written to a file that people open."""

import polars as pl


def defuse_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """Texts that begin like a formula (=, +, -, @, tab) get an apostrophe before them; numbers keep their sign.

    Examples
    --------
    >>> frame = pl.DataFrame({"value": ["=HYPERLINK(1)", "-12.50", "@cmd", "plain", None]})
    >>> defuse_formulas(frame)["value"].to_list()
    ["'=HYPERLINK(1)", '-12.50', "'@cmd", 'plain', None]
    """
    text = pl.col(pl.String)
    is_formula = text.str.contains(r"^\s*[=+\-@\t\r]") & ~text.str.contains(r"^[+-]?[\d.,]+$")
    return frame.with_columns(pl.when(is_formula).then("'" + text).otherwise(text).name.keep())
