"""The portal as a person who has signed in sees it, without a browser, and what it said to them."""

from django.test import Client


def at(person):
    """A client in which this person has signed in."""
    client = Client()
    client.force_login(person)
    return client


def said(response):
    """The messages at the top of the page that answered."""
    return [str(message) for message in response.context["messages"]]
