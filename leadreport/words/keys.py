"""The names by which a page and the run that executes it understand each other."""

CHART_MIME = "application/vnd.leadreport.chart"
"""A chart as one JSON string; the template draws it."""

HEADLINES_MIME = "application/vnd.leadreport.headlines"
"""The headline numbers of a page, for the record of the run."""

PUBLISHED_MIME = "application/vnd.leadreport.published"
"""The numbers that a page publishes, for comparison by later reports."""

PUBLISHED_FILE = "published.json"
"""The file of the published numbers, in the folder of a week's report."""

RECORD = "run.json"
"""The file of a run's record, in the folder of a week's report."""

REPORT_FORMAT = 1
"""The format of the files that later reports read: the run's record and the published numbers. Files without a number
are of the version before.
"""

REPORTS_VARIABLE = "LEADREPORT_REPORTS"
"""The environment variable that names the folder of all reports; a run sets it for its pages."""

DISPLAY_VARIABLE = "LEADREPORT_DISPLAY"
"""The environment variable that says where displays go: lab, report or text."""
