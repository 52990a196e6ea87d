# The portal's image: web, worker, beat and migrations are the same image with another command (compose.yaml).
FROM python:3.12-slim-bookworm AS packages
WORKDIR /srv/portal
RUN python -m venv .venv
COPY requirements.lock .
RUN .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps \
    --only-binary=:all: -r requirements.lock

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/portal --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal /var/lib/portal /var/lib/portal/files
WORKDIR /srv/portal
COPY --from=packages /srv/portal/.venv .venv
COPY . .
# Static files and translations belong to the image: nothing of the web tier lives in a container.
RUN STATE=/srv/portal/built SECRET_KEY=only-to-collect-static-files ALLOWED_HOSTS=localhost \
    DATABASE_URL=postgres://nobody@localhost/none DEFAULT_FROM_EMAIL=portal@example.org \
    sh -c '.venv/bin/python -m cluster_portal.launch.translations && .venv/bin/python manage.py collectstatic --noinput --verbosity 0'
ENV PATH=/srv/portal/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    STATE=/var/lib/portal STATIC_ROOT=/srv/portal/built/static BEHIND_PROXY=1 KEEP_CONNECTIONS=1
USER portal
EXPOSE 8000
CMD ["python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "2", "--backpressure", "64", "--no-ws", "--log-level", "warning", \
     "--respawn-failed-workers", "--workers-kill-timeout", "5s", "cluster_portal.wsgi:application"]
