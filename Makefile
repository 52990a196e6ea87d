# make run     the portal, with everything it needs (PORT HOST STATE EXAMPLE EXAMPLE_LANGUAGE)
# make test    all tests but the biggest counts (ARGS="tests/courses -k offer")
# make test-all, make bench, make lint, make words (collect and compile translations), make clean
PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
STATE ?= .local
EXAMPLE ?= petrogradsky
EXAMPLE_LANGUAGE ?= en
ARGS ?=
PROCESSES ?= 2

# Settings for what reads the settings but asks no server.
WITHOUT_SERVERS = env SECRET_KEY=none ALLOWED_HOSTS=none DEFAULT_FROM_EMAIL=none@example.org DATABASE_URL=postgres://none

.PHONY: run test test-all bench lint clean words python installed installed-for-tests

run: installed
	@state='$(STATE)'; case "$$state" in /*) ;; *) state="$$PWD/$$state";; esac; \
		exec env DEMO=1 PORT='$(PORT)' HOST='$(HOST)' STATE="$$state" EXAMPLE='$(EXAMPLE)' \
		EXAMPLE_LANGUAGE='$(EXAMPLE_LANGUAGE)' PORTAL_STARTED_BY_MAKE=1 \
		.venv/bin/python manage.py portal

test: installed-for-tests
	.venv/bin/python -m pytest -n $(PROCESSES) -m "not big" $(ARGS)

test-all: installed-for-tests  # the biggest counts may take longer than a daily test that hangs is given
	.venv/bin/python -m pytest -o faulthandler_timeout=3600 -n $(PROCESSES) $(ARGS)

bench: installed-for-tests
	.venv/bin/python -m bench $(ARGS)

lint: installed-for-tests
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	$(WITHOUT_SERVERS) .venv/bin/python -m mypy

words: installed-for-tests
	@command -v xgettext >/dev/null || { echo 'Collecting words needs gettext: apt-get install gettext'; exit 1; }
	$(WITHOUT_SERVERS) .venv/bin/python manage.py makemessages --all --no-wrap --no-location --no-obsolete \
		--ignore '.venv' --ignore '.local*' --ignore tests --ignore bench
	.venv/bin/python -m cluster_portal.launch.translations

clean: python
	@$(PYTHON) -I cluster_portal/launch/clean.py '$(STATE)'

installed: python
	@$(PYTHON) -I cluster_portal/launch/install.py requirements.lock

installed-for-tests: python
	@$(PYTHON) -I cluster_portal/launch/install.py tests/requirements.lock

python:
	@command -v '$(PYTHON)' >/dev/null || { echo 'The portal needs Python 3.11 or newer: $(PYTHON) is not there.'; exit 1; }
