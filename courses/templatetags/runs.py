"""Runs in words, for templates."""

from django import template

from courses import words

register = template.Library()
register.filter("when", words.when)
register.filter("standing", words.standing)
register.filter("session_time", words.session_time)
register.simple_tag(words.zone_name, name="zone_name")
