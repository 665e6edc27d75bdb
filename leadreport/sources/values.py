"""From text to numbers, booleans and agreed words; and what an attribute's cells are, when nobody says."""

from collections.abc import Mapping

import polars as pl

GROUPING = {" ": "[ \u00a0\u202f]", "'": "['’]", "’": "['’]", ".": r"\.", ",": ",", "": ""}
"""Thousands separators as they are typed, as a pattern."""

TRUE = ["true", "yes", "1"]
FALSE = ["false", "no", "0"]


def numbers(text: pl.Series, *, decimal: str = ".", thousands: str = "", remove: list[str] | None = None) -> pl.Series:
    """Finite numbers; null where the text is none, or its thousands are not grouped as thousands are.

    Examples
    --------
    >>> numbers(pl.Series(["1.234,50", "12,5", "1,234.50", "1e5", "inf"]), decimal=",", thousands=".").to_list()
    [1234.5, 12.5, None, 100000.0, None]
    """
    for sign in remove or []:
        text = text.str.replace_all(sign, "", literal=True)
    text = text.str.strip_chars().str.replace("−", "-", literal=True)
    group, point = GROUPING[thousands], GROUPING[decimal]
    grouped = rf"\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|" if thousands else ""
    is_number = text.str.contains(rf"^[+-]?(?:(?:{grouped}\d+)(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?$")
    plain = text.set(~is_number, None)
    if thousands:
        plain = plain.str.replace_all(group, "")
    read = plain.str.replace(decimal, ".", literal=True).cast(pl.Float64, strict=False)
    return read.set(read.is_infinite(), None)


def whole_numbers(
    text: pl.Series, *, decimal: str = ".", thousands: str = "", remove: list[str] | None = None
) -> pl.Series:
    """Whole numbers; null where the text is none or has a fraction.

    Examples
    --------
    >>> whole_numbers(pl.Series(["7", "7.0", "7.5"])).to_list()
    [7, 7, None]
    """
    read = numbers(text, decimal=decimal, thousands=thousands, remove=remove)
    return read.set((read != read.floor()) | (read.abs() > 2**53), None).cast(pl.Int64)


def booleans(text: pl.Series, *, true: list[str] | None = None, false: list[str] | None = None) -> pl.Series:
    """True and false by their words, in any case; null where the text is neither.

    Examples
    --------
    >>> booleans(pl.Series(["Ja", "nein", "vielleicht"]), true=["ja"], false=["nein"]).to_list()
    [True, False, None]
    """
    words = {word.lower(): True for word in true or TRUE} | {word.lower(): False for word in false or FALSE}
    return text.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)


def words(text: pl.Series, *, values: Mapping[str, str], allowed: tuple[str, ...] = ()) -> pl.Series:
    """Texts as they are called here, in any case of theirs; with `allowed`, null where a text is called nothing.

    In `values`, "*" stands for every text that is not named, and "" for an empty cell.

    Examples
    --------
    >>> stages = pl.Series(["Closed Won", "OPEN", "Demo", None])
    >>> words(stages, values={"closed won": "won"}, allowed=("open", "won")).to_list()
    ['won', 'open', None, None]
    """
    named = {word: word for word in allowed} | {word.lower(): to for word, to in values.items()}
    other, empty = named.pop("*", None), named.pop("", None)
    if allowed or values:
        default = (
            text if other is None and not allowed else pl.Series([other], dtype=pl.String).new_from_index(0, len(text))
        )
        default = default.set(text.is_null(), None)
        text = (
            text.str.to_lowercase().replace_strict(named, default=default, return_dtype=pl.String) if named else default
        )
    return text.fill_null(empty) if empty else text


def means_nothing(text: pl.Series, *, values: Mapping[str, str]) -> pl.Series:
    """Which texts the mapping calls nothing: `"(not set)" = ""`.

    Examples
    --------
    >>> means_nothing(pl.Series(["(Not set)", "Web"]), values={"(not set)": "", "web": "website"}).to_list()
    [True, False]
    """
    nothing = {word.lower() for word, to in values.items() if not to}
    lower = text.str.to_lowercase()
    if "*" in nothing:
        return ~lower.is_in([word.lower() for word, to in values.items() if to])
    return lower.is_in(sorted(nothing))


def inferred(text: pl.Series, *, decimal: str = ".", thousands: str = "") -> pl.Series:
    """An attribute whose type nobody told: booleans, numbers or text, by all of its cells.

    Leading zeros, a leading plus and more than 15 digits make text: those are codes, not quantities.

    Examples
    --------
    >>> inferred(pl.Series(["10", "2", None])).dtype, inferred(pl.Series(["01067", "10115"])).dtype
    (Int64, String)
    >>> inferred(pl.Series(["True", "false"])).to_list()
    [True, False]
    """
    given = text.drop_nulls()
    if given.is_empty():
        return text
    if given.str.to_lowercase().is_in(["true", "false"]).all():
        return booleans(text)
    if given.str.contains(r"^(?:\+|-?0\d)|\d{16}|[eE]").any():
        return text
    read = numbers(text, decimal=decimal, thousands=thousands)
    if read.null_count() > text.null_count():
        return text
    return read.cast(pl.Int64) if (read == read.floor()).all() else read
