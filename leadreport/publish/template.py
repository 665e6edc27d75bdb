"""What the HTML templates use: filters, style sheets, scripts, and Vega, which draws the charts.

usage: python -m leadreport.publish.template   (bundles Vega into the package again, after an update of Altair)
"""

import base64
import hashlib
import json
import sys
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from leadreport import formats

TEMPLATES = Path(__file__).parent / "templates"
FOLDER = TEMPLATES / "leadreport"
VEGA, VEGA_VERSIONS, VEGA_LICENCE = (FOLDER / name for name in ("vega.js", "vega.json", "vega.LICENSE"))

STYLES = "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
INDEX_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The content policy of an index: no script at all."""


@cache
def index_templates() -> Environment:
    """The environment of the two index templates."""
    environment = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, trim_blocks=True)
    prepare_environment(environment)
    return environment


def prepare_environment(environment: Environment) -> None:
    """Add the report's filters and globals; every printed value is escaped unless the template says `safe`."""
    environment.autoescape = True
    environment.filters |= {
        "count": lambda value: formats.count(value),
        "day": lambda value: formats.date(value),
        "days": lambda value: formats.span(value, value + timedelta(days=7)),
        "instant": lambda value: formats.instant(value),
        "css_text": css_text,
        "phrase": lambda text: formats.phrase(text),
        "kilobytes": kilobytes,
    }
    environment.globals |= {"style": style(), "version": version("leadreport")}


def kilobytes(size: float) -> str:
    """A size in kB, with one decimal below 10 kB.

    Examples
    --------
    >>> kilobytes(9_999), kilobytes(10_000)
    ('10.0\\u202fkB', '10\\u202fkB')
    """
    return f"{formats.number(size / 1000, decimals=0 if size >= 10_000 else 1)}{formats.NNBSP}kB"


def css_text(text: str) -> str:
    """Text as a string of a style sheet, from which it cannot break out.

    Examples
    --------
    >>> print(css_text('</style> "A" \\\\ B'))
    "\\3c /style\\3e  \\22 A\\22  \\5c  B"
    """
    return '"' + "".join(f"\\{ord(sign):x} " if sign in "<>&\"'\\\n\r\f" else sign for sign in text) + '"'


@cache
def style() -> str:
    """All style sheets, joined."""
    return "\n".join(
        (FOLDER / f"{name}.css").read_text(encoding="utf-8") for name in ("look", "parts", "charts", "print")
    )


@cache
def scripts(*, has_charts: bool) -> tuple[str, ...]:
    """The scripts of a page; Vega only on a page with charts."""
    code = (FOLDER / "page.js").read_text(encoding="utf-8")
    return (VEGA.read_text(encoding="utf-8"), code) if has_charts else (code,)


@cache
def page_policy(*, has_charts: bool) -> str:
    """The content policy of a page: these very scripts may run, nothing may be loaded from the network."""
    digests = [hashlib.sha256(code.encode()).digest() for code in scripts(has_charts=has_charts)]
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return f"default-src 'none'; script-src {hashes}; {STYLES}"


def needed_versions() -> dict[str, str]:
    """The versions of Vega that Altair writes charts for."""
    import altair

    return {"vega": altair.VEGA_VERSION, "vega_embed": altair.VEGAEMBED_VERSION, "vega_lite": altair.VEGALITE_VERSION}


def bundled_versions() -> dict[str, str]:
    """The versions in the bundle, and its hash."""
    return json.loads(VEGA_VERSIONS.read_text(encoding="utf-8"))


def bundle_vega() -> dict[str, str]:
    """Build the bundle with vl-convert, which carries the libraries, so nothing is downloaded; gives the versions."""
    import vl_convert

    needed = needed_versions()["vega_lite"]
    fitting = [each for each in vl_convert.get_vegalite_versions() if needed.startswith(f"{each}.")]
    if not fitting:
        raise SystemExit(f"vl-convert {vl_convert.__version__} does not carry Vega-Lite {needed}; upgrade it")  # type: ignore[attr-defined]
    bundle = vl_convert.javascript_bundle("globalThis.vegaEmbed = vegaEmbed;", vl_version=fitting[0])
    code = f"/*!\n{VEGA_LICENCE.read_text(encoding='utf-8')}*/\n{bundle}"
    VEGA.write_text(code, encoding="utf-8")
    about = {
        "sha256": hashlib.sha256(code.encode()).hexdigest(),
        "vega": vl_convert.get_vega_version(),
        "vega_embed": vl_convert.get_vega_embed_version(),
        "vega_lite": fitting[0],
        "vl_convert": vl_convert.__version__,  # type: ignore[attr-defined]
    }
    VEGA_VERSIONS.write_text(json.dumps(about, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return about


if __name__ == "__main__":
    json.dump(bundle_vega(), sys.stdout, indent=2)
    print()
