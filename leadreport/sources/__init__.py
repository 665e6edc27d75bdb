"""From any export to the seven tables: files with our column names, or any files with a mapping in `sources.toml`."""

from leadreport.sources.files import input_files, load_sources, own_name, template_text
from leadreport.sources.mapping import Sources
from leadreport.sources.read import read_tables

__all__ = ["Sources", "input_files", "load_sources", "own_name", "read_tables", "template_text"]
