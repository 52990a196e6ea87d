"""What competitions hold about people. Read by export, erasure and retention; merging two people stands here too."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cluster_portal.hooks import PersonalData, register_personal_data
from cluster_portal.moves import make_move, make_moves
from cluster_portal.personal import Table, erase_tables, export_tables
from competitions.actions import end_juror, leave_entries, settle_library
from competitions.models import (
    Authorship,
    Competition,
    DeclaredConflict,
    Entry,
    Juror,
    Pick,
    Review,
    Thanks,
    UsageNote,
)
from competitions.retention import empty_entries

MERGED = gettext_noop("two entries of one person became one")
WITH_OTHERS = _("What somebody wrote with others, or a jury judged, stays without a name: others' work hangs on it.")
JUDGED = _("What somebody judged stays without a name: the results rest on it.")


def _written_by(person: Any) -> Q:
    return Q(pk__in=_entries_of(person))


def _in_written_by(person: Any) -> Q:
    return Q(entry__in=_entries_of(person))


def _entries_of(person: Any) -> QuerySet:
    return Authorship.objects.confirmed().filter(person__in=person.selves).order_by().values("entry")


def _undecided_authorships(since: datetime) -> QuerySet:
    running = Entry.objects.filter(competition__state=Competition.State.PUBLISHED)
    return Authorship.objects.standing().filter(Q(entry__in=running) | Q(entry__state_since__gte=since))


def _sitting_jurors(since: datetime) -> QuerySet:
    return Juror.objects.bound().filter(competition__state=Competition.State.PUBLISHED)


TABLES = (
    Table(
        "competitions.Competition",
        plain="id public_id slug state state_since title summary about rules host language opens_at closes_at"
        " judged_until results_on admits roles kinds stage_from stage_until author_limit institution_limit asks_for"
        " jurors_per_entry is_blind tie_rule words",
    ),
    Table("competitions.Competition_regions", plain="id competition region"),
    Table("competitions.Nomination", plain="id public_id competition title description position"),
    Table("competitions.Criterion", plain="id public_id competition title description lowest highest weight position"),
    Table("competitions.LevelExample", plain="id criterion score text"),
    Table(
        "competitions.Entry",
        heading=_("The lesson plans that you entered"),
        also=_written_by,
        shown="public_id competition nomination state state_since made_at saved_at submitted_at sha256 refusal title"
        " abstract subject stage_from stage_until minutes objectives risks materials language licence adapted_from"
        " place",
        plain="id revision planned_place",
        why=WITH_OTHERS,
    ),
    Table("competitions.Entry_directions", plain="id entry direction"),
    Table(
        "competitions.Step",
        heading=_("The steps of your lessons"),
        also=_in_written_by,
        shown="entry position title minutes text",
        plain="id",
        why=WITH_OTHERS,
    ),
    Table(
        "competitions.UsedTool",
        heading=_("The AI tools of your lessons"),
        also=_in_written_by,
        shown="entry name use",
        plain="id",
        why=WITH_OTHERS,
    ),
    Table(
        "competitions.EntryFile",
        heading=_("The files of your lesson plans"),
        also=_in_written_by,
        shown="public_id entry title added_at",
        keys="upload",
        plain="id",
        why=WITH_OTHERS,
    ),
    Table(
        "competitions.Authorship",
        heading=_("What you are an author of"),
        owners=("person",),
        named=("invited_by",),
        shown="public_id entry person affiliation clause invited_by state state_since is_lead may_be_published"
        " decided_at",
        plain="id position",
        why=WITH_OTHERS,
        ties=_undecided_authorships,
    ),
    Table(
        "competitions.Juror",
        heading=_("The juries that you are in"),
        owners=("person",),
        shown="public_id competition person state state_since invited_at capacity",
        plain="id",
        why=JUDGED,
        ties=_sitting_jurors,
    ),
    Table("competitions.Juror_nominations", plain="id juror nomination"),
    Table(
        "competitions.DeclaredConflict",
        heading=_("The conflicts of interest that you declared"),
        owners=("juror__person",),
        secret=("person",),
        # Not the entry: its title is not masked, and a juror reads this. Nor who is known by an address they typed.
        shown="institution declared_at",
        keys="juror entry person address",
        plain="id checked_at",
        deleted=True,
    ),
    Table(
        "competitions.Review",
        heading=_("Your reviews"),
        owners=("juror__person",),
        shown="public_id state state_since assigned_at for_author for_jury saved_at others_seen_at withdrawn_because",
        keys="juror entry",
        plain="id reading_order by_hand is_second_opinion why revision",
        emptied={"for_jury": "", "withdrawn_because": ""},
        why=JUDGED,
    ),
    Table(
        "competitions.Score",
        heading=_("The scores that you gave"),
        owners=("review__juror__person",),
        shown="criterion value",
        keys="review",
        plain="id",
        why=JUDGED,
    ),
    Table(
        "competitions.Result",
        heading=_("How the jury judged your lesson plans"),
        also=_in_written_by,
        shown="entry reviews mean spread rank adjusted adjusted_rank rank_from rank_to",
        plain="id",
        why=WITH_OTHERS,
    ),
    Table("competitions.Plan", plain="id public_id slug entry state state_since published_at is_wanted words"),
    Table(
        "competitions.Pick",
        heading=_("The lesson plans that you recommended"),
        named=("by",),
        shown="plan by at note",
        plain="id",
        why=_("A recommendation stays with the plan."),
    ),
    Table(
        "competitions.Thanks",
        heading=_("The lesson plans whose authors you thanked"),
        owners=("person",),
        shown="plan person at",
        plain="id",
        deleted=True,
    ),
    Table(
        "competitions.UsageNote",
        heading=_("What you told of lessons by others’ plans"),
        owners=("person",),
        shown="public_id plan person at text hidden_at",
        plain="id",
        deleted=True,
    ),
)


def export(person: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Everything that competitions hold about a person."""
    return export_tables(TABLES, person)


def erase(person: Any) -> Iterator[str]:
    """Leave juries and entries; take every consent to the library back, and with it the plans out of it."""
    sitting = Juror.objects.bound().filter(competition__in=Competition.objects.undecided())
    for juror in sitting.filter(person__in=person.selves).select_related("competition").order_by("pk"):
        end_juror(juror, by=person)
    leave_entries(person, gettext_noop("the person was erased"))
    empty_entries(list(_abandoned(person)), title="", subject="")
    agreed = Authorship.objects.filter(person__in=person.selves, may_be_published=True)
    agreed.update(may_be_published=False, decided_at=now())
    for it in person.selves:
        settle_library(it)
    yield from erase_tables(TABLES, person)


def _abandoned(person: Any) -> QuerySet:
    """Drafts and withdrawn entries of nobody else: no jury judged them, and nobody's work hangs on them."""
    others = Authorship.objects.standing().exclude(person__in=person.selves).order_by().values("entry")
    mine = Entry.objects.filter(_written_by(person), state__in=[Entry.State.DRAFT, Entry.State.WITHDRAWN])
    return mine.exclude(pk__in=others)


def merge(kept: Any, gone: Any) -> None:
    """Whatever `gone` wrote, judged and thanked for belongs to `kept`; of two roles in one thing one stays."""
    _merge_authorships(kept, gone)
    _merge_juries(kept, gone)
    Thanks.objects.filter(person=gone).exclude(plan__in=Thanks.objects.filter(person=kept).values("plan")).update(
        person=kept
    )
    Thanks.objects.filter(person=gone).delete()
    UsageNote.objects.filter(person=gone).update(person=kept)
    Pick.objects.filter(by=gone).update(by=kept)
    Authorship.objects.filter(invited_by=gone).update(invited_by=kept)
    doubled = DeclaredConflict.objects.filter(person=kept).values("juror")
    DeclaredConflict.objects.filter(person=gone, juror__in=doubled).delete()
    DeclaredConflict.objects.filter(person=gone).update(person=kept)


def _merge_authorships(kept: Any, gone: Any) -> None:
    """Of two standing authorships of an entry the confirmed one stays, with the lead and with a no to publishing."""
    for it in Authorship.objects.standing().filter(person=gone).select_for_update().order_by("pk"):
        other = Authorship.objects.standing().filter(person=kept, entry=it.entry_id).first()
        if other is not None:
            _join(other, it)
    Authorship.objects.filter(person=gone).update(person=kept)


def _join(stays: Authorship, ends: Authorship) -> None:
    confirmed = Authorship.State.CONFIRMED
    better, other = (ends, stays) if ends.state == confirmed and stays.state != confirmed else (stays, ends)
    is_lead = stays.is_lead or ends.is_lead
    no = False in {stays.may_be_published, ends.may_be_published}
    make_move(other, "end", by=None, reason=MERGED, is_lead=False)
    better.is_lead = is_lead and better.state == confirmed
    if no and better.may_be_published is not False:
        better.may_be_published, better.decided_at = False, now()
    better.save(update_fields=["is_lead", "may_be_published", "decided_at"])


def _merge_juries(kept: Any, gone: Any) -> None:
    """Of two seats in one jury the active one stays; what both read counts once."""
    for it in Juror.objects.bound().filter(person=gone).select_for_update().order_by("pk"):
        other = Juror.objects.bound().filter(person=kept, competition=it.competition_id).first()
        if other is not None:
            stays, ends = (it, other) if other.state != Juror.State.ACTIVE else (other, it)
            _seat_once(stays, ends)
    Juror.objects.filter(person=gone).update(person=kept)


def _seat_once(stays: Juror, ends: Juror) -> None:
    given = ends.reviews.completed().values("entry")  # what was given is not lost for what is still to be read
    make_moves(list(stays.reviews.assigned().filter(entry__in=given)), "withdraw", by=None, reason=MERGED)
    read = Review.objects.standing().filter(juror=stays).values("entry")
    ends.reviews.exclude(entry__in=read).update(juror=stays)
    make_moves(list(ends.reviews.standing()), "withdraw", by=None, reason=MERGED)
    known = DeclaredConflict.objects.filter(juror=stays)
    for conflict in DeclaredConflict.objects.filter(juror=ends):
        same = {"entry": conflict.entry_id, "person": conflict.person_id, "institution": conflict.institution_id}
        same["address"] = conflict.address
        if not known.filter(**same).exists():
            DeclaredConflict.objects.filter(pk=conflict.pk).update(juror=stays)
    make_move(ends, "end", by=None, reason=MERGED)


register_personal_data(PersonalData("competitions", export, erase, merge, TABLES))
