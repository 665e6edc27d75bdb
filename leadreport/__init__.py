"""Marketing's leads and sales' leads, on one page."""
