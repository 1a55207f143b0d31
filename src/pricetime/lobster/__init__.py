"""Real order flow: LOBSTER files through the venue, and any run of the venue as LOBSTER files.

    message file ──> format ──> flow ── commands ──> venue ── events ──> book (what is visible)
    orderbook file ──> format ──> compare <────────────────────────────────┘    │
                                     └──> report                     export <───┘

``flow`` alone talks to the venue. What is compared and what is written is read from the venue's events,
never from what ``flow`` meant to happen.
"""
