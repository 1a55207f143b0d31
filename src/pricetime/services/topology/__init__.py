"""Many services on one machine: certificates, configurations of the servers, processes and their ends.

::

    settings ──> plan ──────> certificates, nginx, RabbitMQ, Redis, supervisor: files in the data folder
                 who runs,       │
                 on which port   └──> supervisord ──> servers, services, and the watcher of their health

``up`` starts it all in order, ``down`` ends it. What runs is told in ``run.json``. The module of a server
renders its configuration into a folder and returns the programs to run; who runs them ends them with SIGTERM.
"""
