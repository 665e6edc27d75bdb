"""What a page shows besides charts: tables, cards, sentences, banners, where the numbers come from.

Everything is an object that shows itself: semantic HTML for a browser, aligned text for a terminal and for stored
notebooks. Without any style sheet it reads as plain headings, lists and tables. The report's template styles these
classes:

=================================================  ====================================================================
`div.lr-table-wrap` (region, focusable)            around each table, scrolls sideways on a phone
`table.lr-table` > `caption`                       a table and its title
`th.lr-num`, `td.lr-num`                           numbers, to the right; text cells have no class
`tr.lr-total`                                      the row of the total
`span.lr-interval`                                 the interval behind a number in the same cell
`span.lr-null`                                     the dash of a missing value
`p.lr-table-note`                                  below a table: notes, "25 of 143 shown"
`ul.lr-cards` > `li.lr-card`                       the headline numbers; a card also has one `lr-verdict-*` and perhaps
                                                   `lr-better` or `lr-worse`
`.lr-card-label`, `.lr-card-value`                 inside a card, in this order: name, big number,
`.lr-card-interval`, `.lr-card-change`             interval, change and verdict,
`.lr-card-n`, `.lr-card-target`                    number of cases behind it, target
`span.lr-arrow`                                    a small arrow, hidden from screen readers
`span.lr-verdict`                                  the verdict in words; never only a colour
`lr-verdict-up|down|noise|few|partial`             which verdict it is
`p.lr-finding`                                     one computed sentence: the answer to the section's question
`div.lr-note.lr-note-info|warning|missing`         a banner; `strong.lr-note-kind` begins it
`section.lr-attention` > `h3`, `ul` | `p.lr-calm`  what needs attention
`header.lr-header` > `dl.lr-provenance`            period, as of, policy version, rejected rows
`nav.lr-links` > `ul`                              links to other pages and files
=================================================  ====================================================================
"""

from leadreport.formats import display_mode
from leadreport.page.answers import answer, attention, compared
from leadreport.page.cards import Cards, Headline, cards, headline, headlines_of
from leadreport.page.display import Display, links, missing, note, say
from leadreport.page.header import begin, use
from leadreport.page.published import profiled, publish, published
from leadreport.page.table import table

__all__ = [
    "Cards", "Display", "Headline",
    "answer", "attention", "begin", "cards", "compared", "display_mode", "headline", "headlines_of",
    "links", "missing", "note", "profiled", "publish", "published", "say", "table", "use",
]  # fmt: skip
