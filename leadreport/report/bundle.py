"""Vega, Vega-Lite and Vega-Embed in one file: built for Altair's Vega-Lite, kept in the package, put into every page.

usage: python -m leadreport.report.bundle
"""

import hashlib
import json
import sys
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent / "templates" / "leadreport"
FILE = HERE / "vega.js"
ABOUT = HERE / "vega.json"
LICENCE = HERE / "vega.LICENSE"

SNIPPET = "globalThis.vegaEmbed = vegaEmbed;"


@cache
def vega_bundle() -> str:
    """The bundle as it stands in the package."""
    return FILE.read_text(encoding="utf-8")


def wanted() -> dict[str, str]:
    """The versions that Altair writes charts for."""
    import altair

    return {"vega": altair.VEGA_VERSION, "vega_embed": altair.VEGAEMBED_VERSION, "vega_lite": altair.VEGALITE_VERSION}


def built() -> dict[str, str]:
    """What the kept bundle was built from and for."""
    return json.loads(ABOUT.read_text(encoding="utf-8"))


def build() -> dict[str, str]:
    """Build the bundle anew with vl-convert, which carries the libraries; nothing is downloaded."""
    import vl_convert

    needed = wanted()["vega_lite"]
    fitting = [version for version in vl_convert.get_vegalite_versions() if needed.startswith(f"{version}.")]
    if not fitting:
        raise SystemExit(f"vl-convert {vl_convert.__version__} does not carry Vega-Lite {needed}; upgrade it")
    notice = LICENCE.read_text(encoding="utf-8")
    code = f"/*!\n{notice}*/\n" + vl_convert.javascript_bundle(SNIPPET, vl_version=fitting[0])
    FILE.write_text(code, encoding="utf-8")
    about = {
        "sha256": hashlib.sha256(code.encode()).hexdigest(),
        "vega": vl_convert.get_vega_version(),
        "vega_embed": vl_convert.get_vega_embed_version(),
        "vega_lite": fitting[0],
        "vl_convert": vl_convert.__version__,
    }
    ABOUT.write_text(json.dumps(about, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return about


if __name__ == "__main__":
    json.dump(build(), sys.stdout, indent=2)
    print()
