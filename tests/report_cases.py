"""What the tests of run and publish share: a workspace's summary and the folder of the fixture notebooks."""

from datetime import UTC, date, datetime
from pathlib import Path

from leadreport.publish import InputFile, TableRows, WorkspaceSummary

NOTEBOOKS = Path(__file__).parent / "fixtures" / "notebooks"

SUMMARY = WorkspaceSummary(
    company="Acme & Söhne",
    language="en",
    zone="Europe/Berlin",
    as_of=datetime(2026, 11, 15, 23, tzinfo=UTC),
    week="2026-W46",
    policy_version="4f1c2a90b3d1",
    data_through_on=date(2026, 11, 15),
    inputs=[InputFile("leads.parquet", "leads", 812_345, 6_012, "ab" * 32)],
    tables=[TableRows("leads", 6_012, 12), TableRows("spend", 400, 0)],
)
