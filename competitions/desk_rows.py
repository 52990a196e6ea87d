"""What this app puts on a coordinator's desk."""

from collections.abc import Iterator

from django.db.models import Count, F, Min, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import DeskRow, register_desk_rows
from competitions.conflicts import reviews_in_conflict, undecided_reviews
from competitions.models import Competition, Entry
from members.models import Cluster, Person


def drafts(person: Person) -> Iterator[DeskRow]:
    """Competitions that nobody else sees yet."""
    if not person.is_coordinator:
        return
    kept = Competition.objects.kept_by(person).filter(state=Competition.State.DRAFT).order_by()
    found = kept.aggregate(count=Count("pk"), since=Min("state_since"), one=Min("slug"))
    if found["count"]:
        one = found["count"] == 1
        text = ngettext(
            "competition is prepared but not published", "competitions are prepared but not published", found["count"]
        )
        slug = reverse("competitions:desk_competition", args=[found["one"]])
        url = slug if one else reverse("competitions:desk_competitions")
        yield DeskRow(
            text, found["count"], found["since"], url, _("Review the draft") if one else _("Review the drafts")
        )


def jury(person: Person) -> Iterator[DeskRow]:
    """What waits for somebody in the juries that this person keeps; one query where nothing is judged."""
    if not person.is_coordinator:
        return
    kept = {it.pk: it for it in Competition.objects.decidable_by(person).published()}
    if kept:
        yield from _lacking_jurors([it for it in kept.values() if it.closes_at <= now()])
        yield from _given_in_conflict(kept)


def _lacking_jurors(closed: list[Competition]) -> Iterator[DeskRow]:
    """Entries that nobody can hand in any more and that fewer jurors read than they should."""
    reading = Count("reviews", Q(reviews__state__in=["assigned", "completed"]))
    lacking = Entry.objects.admitted().filter(competition__in=closed).annotate(read_by=reading)
    lacking = lacking.filter(read_by__lt=F("competition__jurors_per_entry")).order_by("competition__closes_at", "pk")
    rows = list(lacking.values_list("competition__slug", "competition__closes_at"))
    if rows:
        text = ngettext("entry lacks jurors", "entries lack jurors", len(rows))
        slug, since = rows[0]
        yield DeskRow(text, len(rows), since, reverse("competitions:desk_assign_jury", args=[slug]), _("Assign jurors"))


def _given_in_conflict(kept: dict[int, Competition]) -> Iterator[DeskRow]:
    """Reviews that were given before a conflict of interest was known."""
    found = list(reviews_in_conflict(undecided_reviews().completed().filter(juror__competition__in=kept)))
    if found:
        text = ngettext(
            "review was given in spite of a conflict of interest",
            "reviews were given in spite of a conflict of interest",
            len(found),
        )
        slug, since = kept[found[0].juror.competition_id].slug, min(it.state_since for it in found)
        yield DeskRow(text, len(found), since, reverse("competitions:desk_jury", args=[slug]), _("Decide"))


def entries_waiting(person: Person) -> Iterator[DeskRow]:
    """What was handed in, can be changed no more, and is neither admitted nor disqualified."""
    if not person.is_coordinator:
        return
    closed = Competition.objects.decidable_by(person).published().filter(closes_at__lte=now())
    waiting = Entry.objects.submitted().filter(competition__in=closed).order_by()
    found = waiting.aggregate(
        count=Count("pk"), since=Min("competition__closes_at"), one=Min("competition__slug"),
        places=Count("competition", distinct=True),
    )  # fmt: skip
    if found["count"]:
        text = ngettext("entry waits to be admitted", "entries wait to be admitted", found["count"])
        url = _page_of("desk_entries", found["one"], found["places"])
        yield DeskRow(text, found["count"], found["since"], url, _("Admit entries"))


def results(person: Person) -> Iterator[DeskRow]:
    """Competitions whose results were to be out by now."""
    if not person.is_coordinator:
        return
    today = Cluster.current().today()
    due = Competition.objects.decidable_by(person).published().filter(results_on__lte=today, closes_at__lte=now())
    found = due.order_by().aggregate(count=Count("pk"), since=Min("judged_until"), one=Min("slug"))
    if found["count"]:
        text = ngettext(
            "competition was to have its results by now",
            "competitions were to have their results by now",
            found["count"],
        )
        yield DeskRow(
            text, found["count"], found["since"], _page_of("desk_results", found["one"], found["count"]),
            _("See the results"),
        )  # fmt: skip


def _page_of(name: str, slug: str, competitions: int) -> str:
    """The page of the one competition, or the list where there are more."""
    return (
        reverse(f"competitions:{name}", args=[slug]) if competitions == 1 else reverse("competitions:desk_competitions")
    )


register_desk_rows(drafts)
register_desk_rows(entries_waiting)
register_desk_rows(results)
register_desk_rows(jury)
