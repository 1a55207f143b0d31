"""What stands between a request and its handler: rates, addresses, sessions, bodies, headers.

Each guard is one small module; ``api/app.py`` calls them in order, cheapest and least trusting first.
A token is checked before a byte of the body is looked at.
"""
