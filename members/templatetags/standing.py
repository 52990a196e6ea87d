"""How an institution belongs to the cluster, in a word and a tone."""

from django import template

from cluster_portal.tones import tone_of
from members.emblem import draw_kind
from members.models import Institution

register = template.Library()


@register.simple_tag
def standing(institution: Institution) -> tuple[str, str]:
    """The word and the tone of the standing that `with_standing` has found."""
    return Institution.Standing(institution.standing).label, tone_of(institution.standing)


register.simple_tag(draw_kind, name="kind_mark")
