"""Which language a page speaks."""

from zoneinfo import ZoneInfo

from leadreport import formats
from leadreport.errors import PageError


def use(*, language: str | None = None, currency: str | None = None, zone: str | ZoneInfo | None = None) -> None:
    """Say once, at the top of a page, in which language, currency and time zone it speaks.

    Raises
    ------
    PageError
        For a language that is not spoken.

    Examples
    --------
    >>> use(language="en", currency="EUR")
    """
    try:
        formats.use(language=language, currency=currency, zone=zone)
    except ValueError as trouble:
        raise PageError(str(trouble), hint="write one of them under [company] in policy.toml") from None
