"""The WSGI application that granian serves."""

import ctypes
import gc
import os
import signal

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from cluster_portal.launch.guard import die_with_parent
from cluster_portal.requests import mask_access_log

if os.environ.get("PORTAL_SUPERVISED") == "1":
    die_with_parent(signal.SIGKILL)  # a worker of granian must not outlive it

# Two heaps for glibc instead of eight for each core: the freed memory of one thread serves the others.
if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
    M_ARENA_MAX = -8
    mallopt(M_ARENA_MAX, 2)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cluster_portal.settings")

application = get_wsgi_application()
mask_access_log()
get_resolver().check()  # imports every view: the first reader need not wait for that
# What is there now lives as long as the process: without this every full collection walks through all of it.
gc.collect()
gc.freeze()
# Every request leaves cycles (Django's request and its reader, a form and its fields) with all that hangs from them.
# Collected this often they take 7 MB less than by 10,000, 20 and 20, for a tenth of a millisecond of a page.
gc.set_threshold(5_000, 3, 3)
