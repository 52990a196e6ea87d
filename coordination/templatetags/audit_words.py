"""The audit in words, for its page."""

from django import template

from coordination import audit_words

register = template.Library()
register.filter("done", audit_words.done)
register.filter("thing", audit_words.thing)
