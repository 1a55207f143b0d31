"""HTTP: one table of endpoints, and one way from a request to its answer.

::

    bytes ──> guards (rate, session, body) ──> handler ── command ──> sequencer
                                                  └─── query ──> reader ──> views
    answer <── struct, or an error that ``problems`` turns into HTTP

Nothing is re-exported; ``api.app.App`` is what a server runs.
"""
