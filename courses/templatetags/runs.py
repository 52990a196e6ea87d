"""Runs in words, for templates."""

from django import template
from django.urls import reverse

from cluster_portal.feeds import webcal_address
from courses import words
from members.audience import audience_in_words

register = template.Library()
register.filter("when", words.when)
register.filter("when_briefly", words.when_briefly)
register.filter("standing", words.standing)
register.filter("standing_on_card", words.standing_on_card)
register.filter("has_no_places", words.has_no_places)
register.filter("opening", words.opening)
register.filter("completing", words.completing)
register.filter("closing", words.closing)
register.filter("kind_and_title", words.kind_and_title)
register.filter("audience", audience_in_words)
register.filter("session_time", words.session_time)


@register.simple_tag
def webcal(name: str, *arguments: str) -> str:
    """The address of a feed as calendar programs take it: they then look for changes by themselves."""
    return webcal_address(reverse(name, args=arguments))
