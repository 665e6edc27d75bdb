"""The columns, types and row rules of the seven tables, and the form in which their rows arrive."""

from leadreport.tables.raw import HEADERS, MARKS, NOTES, PLACES, PROBLEMS, UNUSED, RawTable, note, raw_table
from leadreport.tables.schemas import (
    ALLOWED_VALUES,
    INSTANTS,
    TABLES,
    column_types,
    computed_names,
    empty_table,
    reason_of,
    required_columns,
)

__all__ = [
    "ALLOWED_VALUES",
    "HEADERS",
    "INSTANTS",
    "MARKS",
    "NOTES",
    "PLACES",
    "PROBLEMS",
    "TABLES",
    "UNUSED",
    "RawTable",
    "column_types",
    "computed_names",
    "empty_table",
    "note",
    "raw_table",
    "reason_of",
    "required_columns",
]
