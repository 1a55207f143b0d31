"""HTTP: one table of endpoints, and one way from a request to its answer.

::

    bytes ──> guards (rate, session, body) ──> handler ── command ──> sequencer
                                                  └─── query ──> reader ──> views
    answer <── struct, or an error that ``problems`` turns into HTTP

A handler of one command (``commands.OneCommand``) can be asked without a task, which the short way does
(``short``); ``app`` is the long way, by ASGI, for all handlers. Both pass the same gate.

Nothing is re-exported; ``api.app.App`` is what a server runs.
"""
