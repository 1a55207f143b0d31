"""The servers of a whole venue: how each is configured and started, on one machine.

Each module renders the configuration of one server into a folder of its own and returns the programs to
run. Whoever runs them, a supervisor or a test, ends them with SIGTERM.
"""
