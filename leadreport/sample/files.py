"""The sample as a workspace: a policy and seven files."""

from pathlib import Path

import polars as pl

CSV = ("spend", "answers", "feedback")
"""Small tables are text, so that a reader can open them; the others are Parquet."""
ILLEGIBLE = {
    "spend": "2026-06-31,email,newsletter,marketing,84.20,EUR\n2026-07-06,email,newsletter,marketing,n/a,EUR\n"
}
"""Two lines that no reader can make sense of: a day that does not exist, an amount that is none."""
POLICY = Path(__file__).parent / "policy.toml"


def write_files(tables: dict[str, pl.DataFrame], folder: Path) -> None:
    """Writes the tables and the policy into a folder, which is made when it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        if name in CSV:
            text = table.write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ", float_precision=2) + ILLEGIBLE.get(name, "")
            (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="\n")
        else:
            table.write_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=9, statistics=False)
    (folder / "policy.toml").write_bytes(POLICY.read_bytes())
