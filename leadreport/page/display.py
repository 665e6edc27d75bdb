"""An object that shows itself: HTML for a browser, text for everything else."""

from dataclasses import dataclass
from html import escape

from leadreport.formats import display_mode


@dataclass(frozen=True)
class Display:
    """A piece of a page.

    Examples
    --------
    >>> Display(html="<p>Hello</p>", plain="Hello")
    Hello
    """

    html: str
    plain: str

    def __repr__(self) -> str:
        return self.plain

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        if display_mode() == "text":
            return {"text/plain": self.plain}
        return {"text/html": self.html, "text/plain": self.plain} | self.extra()

    def extra(self) -> dict[str, str]:
        """Further MIME types, for the machine that archives the page."""
        return {}


@dataclass(frozen=True)
class Nothing(Display):
    """A piece of a page that is not there: no output at all, in a notebook and in a report.

    Examples
    --------
    >>> NOTHING.html, NOTHING.plain
    ('', '')
    """

    html: str = ""
    plain: str = ""

    def __repr__(self) -> str:
        return self.plain

    def _ipython_display_(self) -> None:
        """Take the place of every other output."""


NOTHING = Nothing()
"""What a page shows where there is nothing to show."""


def element(tag: str, content: str, **attributes: str | None) -> str:
    """An HTML element; attribute values are escaped, content is taken as HTML that is already safe.

    Examples
    --------
    >>> element("p", safe("1 < 2"), class_="lr-finding", aria_label=None)
    '<p class="lr-finding">1 &lt; 2</p>'
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{written}>{content}</{tag}>"


def safe(text: object) -> str:
    """Text that no browser takes for markup.

    Examples
    --------
    >>> safe("</script> & 'quotes'")
    '&lt;/script&gt; &amp; &#x27;quotes&#x27;'
    """
    return escape(one_line(text))


def one_line(text: object) -> str:
    """Text without line breaks, so that a cell stays a cell."""
    return str(text).replace("\r", " ").replace("\n", " ").replace("\t", " ").strip()
