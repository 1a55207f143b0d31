"""Simulated traders and load, both of them ordinary users of a venue.

``market`` and the traders make a small market that moves and stays liquid; ``load`` sends many users
through the daytrade API and measures how long they wait.
"""
