"""From the bytes of a file to UTF-8 text with plain line ends, or a clear word why not."""

import codecs

from leadreport.errors import InputError

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""Byte-order marks: where one stands, it tells the encoding better than anybody else."""

FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or another zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "compressed",
    b"PAR1": "a Parquet file; its name should end in .parquet",
    b"<html": "a web page",
    b"<!DOC": "a web page",
    b"%PDF": "a PDF",
}
"""How files begin that are often taken for CSV."""


def plain_text(data: bytes, *, encoding: str | None, name: str) -> bytes:
    r"""The text of a file as UTF-8 without a mark, every line ended by a line feed.

    Raises
    ------
    InputError
        When the file is empty, is no text, or is in another encoding than it is said to be.

    Examples
    --------
    >>> plain_text("\ufeffid\r\nä\r\n".encode("utf-16"), encoding=None, name="a.csv").decode()
    'id\nä\n'
    """
    not_foreign(data, name=name)
    text = as_utf8(data, encoding=encoding, name=name)
    if not text.strip():
        raise InputError(f"{name} is empty", hint="export it again, or take it out of the workspace")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text


def not_foreign(data: bytes, *, name: str) -> None:
    for start, what in FOREIGN.items():
        if data[:5].lower().startswith(start.lower()):
            raise InputError(f"{name} is not a text file: it is {what}", hint="save it as CSV (UTF-8) and try again")


def as_utf8(data: bytes, *, encoding: str | None, name: str) -> bytes:
    """The same text in UTF-8; a byte-order mark goes before what `sources.toml` says."""
    mark = next((mark for mark in MARKS if data.startswith(mark)), b"")
    codec = codecs.lookup(MARKS.get(mark) or encoding or "utf-8").name
    not_another_encoding(data, codec=codec, name=name)
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise not_decoded(data, error=error, name=name) from None
    return data[len(mark) :] if codec in ("utf-8", "utf-8-sig") else text.removeprefix("\ufeff").encode()


def not_another_encoding(data: bytes, *, codec: str, name: str) -> None:
    """Encodings of one byte a letter read anything; what gives away that the file is in another one."""
    start = data[:4096]
    if not codec.startswith(("utf-16", "utf-32")) and start.count(0) > len(start) / 4:
        raise InputError(
            f"{name} looks like UTF-16, not {codec}",
            found=f"{start.count(0)} zero bytes among the first {len(start)}",
            hint='say encoding = "utf-16-le" for this file in sources.toml, or save it as CSV (UTF-8)',
        )
    if not codec.startswith("utf-") and not data.isascii() and is_utf8(data):
        raise InputError(
            f"{name} is UTF-8, but sources.toml says {codec}",
            hint=f"take encoding out of the file's section for {name}",
        )


def is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def not_decoded(data: bytes, *, error: UnicodeDecodeError, name: str) -> InputError:
    """What to say of the first byte that is no letter in the encoding."""
    line = data.count(b"\n", 0, error.start) + 1
    problem = f"{name} is not {error.encoding}: line {line} has the byte 0x{data[error.start]:02X}"
    if error.end >= len(data) and error.reason != "invalid start byte":
        return InputError(f"{problem}, and there it ends", hint="the file is cut off; export it again")
    return InputError(
        problem,
        found=repr(data[max(error.start - 20, 0) : error.start + 10])[1:],
        hint='say encoding = "cp1252" (Windows) or "latin1" for this file in sources.toml, or save it as CSV (UTF-8)',
    )
