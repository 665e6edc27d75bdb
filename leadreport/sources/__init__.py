"""From any export to the seven tables: files in our columns, or what `sources.toml` makes of them."""

from leadreport.sources.folder import input_files, load_sources, own_name
from leadreport.sources.model import Sources
from leadreport.sources.read import read_tables
from leadreport.sources.template import template_text

__all__ = ["Sources", "input_files", "load_sources", "own_name", "read_tables", "template_text"]
