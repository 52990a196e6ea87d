"""What the jury says to the authors of an entry, once the results are out."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from competitions.models import Authorship, Entry, Review


def entry_feedback(request: HttpRequest, public_id: str) -> HttpResponse:
    """Place, scores on each criterion and the comments for the author: never who gave them."""
    mine = Authorship.objects.confirmed().filter(person=request.user).values("entry")
    it = get_object_or_404(Entry.objects.filter(pk__in=mine).select_related("competition"), public_id=public_id)
    if not it.competition.is_decided or not it.place:
        raise Http404
    reviews = list(it.reviews.completed().prefetch_related("scores").order_by("reading_order", "pk"))
    comments = [review.for_author for review in reviews if review.for_author]
    shown = {"it": it, "result": it.result, "criteria": list(_by_criterion(it, reviews)), "comments": comments}
    return render(request, "competitions/entry_feedback.html", shown)


def _by_criterion(it: Entry, reviews: list[Review]) -> Iterator[dict[str, Any]]:
    """What all jurors together gave on each criterion, from the lowest to the highest."""
    for criterion in it.competition.criteria.all():
        scores = [score for review in reviews for score in review.scores.all()]
        given = sorted(score.value for score in scores if score.criterion_id == criterion.pk)
        if given:
            yield {"criterion": criterion, "given": given, "mean": sum(given) / len(given)}
