"""The browser tests share their cases with the tests of the report, one folder up."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
