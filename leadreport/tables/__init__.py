"""The columns, types and row rules of the seven tables, and the shape in which their rows arrive."""

from leadreport.tables.attributes import computed_names
from leadreport.tables.raw import HEADERS, PLACES, PROBLEMS, RawTable, raw_table
from leadreport.tables.reasons import reason_of
from leadreport.tables.schemas import TABLES, column_types, empty_table, optional_columns, required_columns
from leadreport.tables.words import WORDS

__all__ = [
    "HEADERS",
    "PLACES",
    "PROBLEMS",
    "TABLES",
    "WORDS",
    "RawTable",
    "column_types",
    "computed_names",
    "empty_table",
    "optional_columns",
    "raw_table",
    "reason_of",
    "required_columns",
]
