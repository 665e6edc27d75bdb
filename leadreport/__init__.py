"""Marketing's leads and sales' leads, on one page.

Everything an analyst needs is here by name; every metric is a function from frames to a frame:

    ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    lr.speed_to_lead(ws.facts, by="team", policy=ws.policy, as_of=ws.as_of)
"""

import lazy_loader

# A room is imported when one of its names is first used: the command line need not wait for charts.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
