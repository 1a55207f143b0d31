"""Benchmarks: each states its workload, its machine and the ratio to a baseline run beside it.

``python -m bench`` runs them all, ``python -m bench NAME …`` some of them. A benchmark is a module here
with a ``main()`` that returns its ``Result`` rows; ``bench/results.json`` and ``docs/benchmarks.md`` are
written from them.
"""
