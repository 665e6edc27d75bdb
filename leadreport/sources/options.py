"""Words that a reading option may be, each checked when `sources.toml` is read."""

import codecs
import re
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

from leadreport.errors import did_you_mean

WORDED = ("iso", "epoch_ms", "epoch_s")
"""Formats with a name: ISO 8601 (the default), milliseconds or seconds since 1970."""

CODE = re.compile(r"%(?:[YymdbBeHIMSpzjaATRFD%]|\.?[369]?f|[#:]z)")
"""One code of a written format, such as %d."""


def is_a_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"no such time zone; {did_you_mean(name, sorted(available_timezones()))}")
    return name


def is_an_encoding(name: str) -> str:
    try:
        "".encode(codecs.lookup(name).name)
    except (LookupError, TypeError):
        choice = did_you_mean(name, ["utf-8", "utf-16", "cp1252", "latin1"])
        raise ValueError(f"no such encoding; {choice}") from None
    return name


def is_a_format(text: str) -> str:
    """A named format, or one made of % codes, a year among them."""
    has_year = any(code in text for code in ("%Y", "%y", "%F", "%D"))
    if text in WORDED or (has_year and "%" not in CODE.sub("", text)):
        return text
    raise ValueError(
        f"is not a format; write one of {', '.join(WORDED)}, or codes such as %d.%m.%Y %H:%M (31.01.2026 14:05)"
    )


def is_a_delimiter(text: str) -> str:
    if len(text) != 1 or text in '"\n\r':
        raise ValueError('is not one character; for example ";" or "\\t"')
    return text


Zone = Annotated[str, AfterValidator(is_a_zone)]
Encoding = Annotated[str, AfterValidator(is_an_encoding)]
Format = Annotated[str, AfterValidator(is_a_format)]
Delimiter = Annotated[str, AfterValidator(is_a_delimiter)]
