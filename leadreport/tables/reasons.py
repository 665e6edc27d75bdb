"""What a broken rule is called when a person reads it."""

REASONS: dict[str, str] = {
    "nullability": "is missing",
    "is_an_agreed_word": "is not one of the agreed words",
    "keeps_its_digits": "is an id that a spreadsheet has rounded; export it as text",
    "year_is_believable": "lies outside the years 1990 to 2100",
    "is_finite": "is not a finite number",
    "is_not_negative": "is negative",
    "is_a_code": "is not a currency code of three letters, such as EUR",
    "is_0_to_10": "is not between 0 and 10",
}
"""Rules of one column."""

ROW_REASONS: dict[str, tuple[str, str]] = {
    "lead_id_is_unique": ("lead_id", "is there already in an earlier row"),
    "deal_id_is_unique": ("deal_id", "is there already in an earlier row"),
    "merged_into_is_another_lead": ("merged_into", "is the lead itself"),
    "won_or_lost_deal_has_closed_at": ("closed_at", "is missing, but the deal is won or lost"),
}
"""Rules of a whole row: the column to look at, and what is wrong with it."""


def reason_of(rule: str) -> tuple[str, str]:
    """The column that a schema's rule speaks of, and the reason in words.

    Examples
    --------
    >>> reason_of("created_at|nullability")
    ('created_at', 'is missing')
    >>> reason_of("won_or_lost_deal_has_closed_at")
    ('closed_at', 'is missing, but the deal is won or lost')
    """
    if rule in ROW_REASONS:
        return ROW_REASONS[rule]
    column, _, name = rule.partition("|")
    return column, REASONS[name.removeprefix("check__")]
