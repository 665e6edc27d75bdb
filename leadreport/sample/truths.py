"""Every planted truth in one place: the company, its numbers and its accidents.

`data/README.md` states the same truths in words, and `tests/test_sample.py` recovers each of them from the tables.
"""

from datetime import date, datetime

SEED = 93
FIRST_ON = date(2025, 5, 19)
LAST_ON = date(2026, 11, 15)
"""The first and the last day of the history: 78 whole ISO weeks, the last one is 2026-W46."""

# channel: leads a week, effect on the log-odds of every step, marketing and sales cost of a lead in EUR, campaigns
CHANNELS: dict[str | None, tuple[float, float, float, float, tuple[str, ...]]] = {
    "organic_search": (16, 0.1, 25, 120, ("blog", "comparison_pages")),
    "paid_search": (14, 0.1, 75, 125, ("brand_search", "generic_search", "competitor_search")),
    "paid_social": (10, -1.4, 26, 40, ("lookalike", "retargeting")),
    "email": (7, 0.0, 12, 110, ("newsletter", "reactivation")),
    "webinar": (7, 0.2, 60, 130, ("webinar_basics", "webinar_advanced")),
    "referral": (6, 0.6, 6, 115, ("partner_programme", "customer_referral")),
    "events": (5, 0.0, 900, 130, ("roadshow", "trade_fair")),
    "outbound": (4, 0.0, 40, 100, ("list_purchase", "target_accounts")),
    None: (3, 0.0, 0, 0, ()),
}
BOUGHT_SHARE = 0.8
"""Share of the outbound leads from a bought list; the others are from a list of target accounts."""

# attribute value: share of the leads, effect on the log-odds of every step
INDUSTRIES = {
    "software": (0.24, 0.6),
    "manufacturing": (0.20, 0.0),
    "retail": (0.16, 0.0),
    "finance": (0.14, 0.0),
    "healthcare": (0.12, 0.0),
    "education": (0.14, -0.9),
}
COMPANY_SIZES = {"1-9": (0.27, 0.0), "10-49": (0.33, 0.0), "50-249": (0.25, 0.8), "250+": (0.15, 0.0)}
EMPLOYEES = {"1-9": (1, 9), "10-49": (10, 49), "50-249": (50, 249), "250+": (250, 5000)}
"""`employees` lies within the band of `company_size` and says nothing beyond it."""
JOB_LEVELS = {
    "specialist": (0.34, 0.0),
    "manager": (0.29, 0.0),
    "head": (0.14, 0.7),
    "director": (0.14, 0.7),
    "c_level": (0.09, 0.0),
}
COUNTRIES = {"DE": 0.55, "AT": 0.13, "CH": 0.12, "NL": 0.10, "PL": 0.10}
DOMAIN_TYPES = {"company": 0.78, "free": 0.22}
TRIAL_SHARE, TRIAL_EFFECT = 0.22, 1.0
PRICING_SHARE, PRICING_EFFECT = 0.25, 0.8
"""Share of leads that look at the pricing page (none from a bought list), and the effect in log-odds."""
BLANKS = {"industry": 0.06, "company_size": 0.08, "job_level": 0.12, "employees": 0.20, "country": 0.03}
"""Shares of values that the CRM does not hold; missing at random."""

# log-odds that a lead without any effect reaches mql, sal, sql, opportunity, customer
STEPS = {"usual": (-0.98, -1.50, -2.44, -2.84, -3.48), "bought_list": (0.30, -2.10, -4.00, -4.60, -5.40)}
LOOSE_MQL = 0.60
"""How much easier MQL was until the change of definition, in log-odds; nothing else changed."""
CHANGE_ON = date(2026, 3, 2)

# rep: team, share of the leads relative to a colleague's, median working hours to the first touch
REPS = {
    "Anna Brandt": ("north", 1.0, 2.5),
    "Jonas Petersen": ("north", 1.0, 3.0),
    "Leyla Demir": ("north", 1.0, 3.5),
    "Tom Lindner": ("north", 1.0, 30.0),
    "Clara Hoffmann": ("south", 1.0, 2.5),
    "Paul Eder": ("south", 1.0, 3.0),
    "Sofia Rossi": ("south", 1.0, 4.0),
    "Nina Vogel": ("south", 0.2, 3.0),
    "Ben Kowalski": ("west", 1.0, 3.0),
    "Mia de Vries": ("west", 1.0, 2.0),
    "Felix Maurer": ("west", 1.0, 3.5),
    "Ida Lorenz": ("west", 1.0, 3.0),
}
SLOW_REP, LENIENT_REP, UNLUCKY_REP = "Tom Lindner", "Ben Kowalski", "Nina Vogel"
LENIENT_ACCEPTS, LENIENT_PASSES = 0.96, 0.60
"""Share of MQLs that the lenient rep accepts, and of those that become SQLs, whatever their propensity."""

OUTAGE_FIRST_ON, OUTAGE_LAST_ON = date(2026, 6, 9), date(2026, 6, 14)
TRACKED_KINDS = ("page_view", "pricing_page", "email_click")
"""What the tracking script of the web site sees; forms, trials and webinars are recorded elsewhere."""

NOISE_WEEK_ON, NOISE_WEEK_LEADS = date(2026, 7, 13), 57
"""2026-W29 has 57 leads where 72 are expected; 57 or fewer come by chance in 4 weeks of 100."""
MIX_FROM_ON, MIX_FACTOR = date(2026, 9, 14), 6.0
"""From 2026-W38 on paid_social brings six times its leads; no rate within any channel changes."""
QUIET_FIRST_ON, QUIET_LAST_ON, QUIET_FACTOR = date(2025, 12, 22), date(2026, 1, 4), 0.45
"""Two weeks of holidays with fewer leads and smaller budgets."""
IMPORT_AT, IMPORTED_LEADS = datetime(2025, 10, 14, 10, 0), 150
"""The import of a bought list: leads with one and the same instant, handed over as MQLs at once."""

ROI_SHARES = {"won": 0.40, "lost": 0.15}
"""Share of the won and of the lost that downloaded the offer roi_calculator while the deal was open."""
ONBOARDING_SHARES = {"won": 0.90, "other": 0.003}
"""The leak: onboarding_call_booked is filled after the outcome, for most winners and hardly any other lead."""
LOST_REASONS = {"price": 0.30, "competitor": 0.22, "no decision": 0.26, "timing": 0.14, "missing feature": 0.08}
