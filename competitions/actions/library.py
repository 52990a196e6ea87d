"""The open library: plans join it when everybody agrees, and leave it the moment somebody does not."""

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record
from cluster_portal.moves import Refused, make_move
from competitions.concealing import conceal
from competitions.library import JOINING, why_not_in_library
from competitions.models import Authorship, Competition, Entry, Pick, Plan, Thanks, UsageNote
from members.models import Person
from members.models.institutions import transliterated_slug

UNNAMED = "…"  # instead of a name, in the words by which a plan is found, and in its address

MOST_NOTES = 5  # of one person on one plan


@transaction.atomic
def settle_plan(entry: Entry, by: Person | None = None) -> None:
    """Let an entry stand in the library exactly when it may: after results, consents, and whoever keeps it.

    Entries with a place up to laureate join by themselves, others when somebody who keeps the library puts them in.
    """
    entry = _locked(entry)
    plan = Plan.objects.select_for_update(of=("self",)).filter(entry=entry).first()
    if plan is None and entry.place not in JOINING:
        return
    stands = (plan is None or plan.is_wanted) and not why_not_in_library(entry)
    if stands:
        _put_in(entry, plan, by)
    elif plan is not None and plan.state == Plan.State.PUBLISHED:
        make_move(plan, "withdraw", by=by, reason=gettext_noop("consent or the wish to show it has gone"))
        Pick.objects.filter(plan=plan).delete()


def _locked(entry: Entry) -> Entry:
    """The entry, locked: it is the parent of its plan, so it comes first."""
    return Entry.objects.select_for_update(no_key=True, of=("self",)).get(pk=entry.pk)  # its competition is read after


def _put_in(entry: Entry, plan: Plan | None, by: Person | None) -> None:
    title = entry.title
    conceal([entry], "tools", instead=UNNAMED)
    if plan is None:
        plan = Plan(entry=entry)
        plan.fold_words()
        plan.save(force_insert=True)
        record("competitions.plan.join", plan, by=by, state=plan.state)
        return
    _tell_anew(plan, entry, title)
    if plan.state != Plan.State.PUBLISHED:
        make_move(plan, "publish", by=by, published_at=now())


def _tell_anew(plan: Plan, entry: Entry, title: str) -> None:
    """Find the plan by what it shows today; an address that names somebody who may not be named any more goes."""
    words, plan.entry = plan.words, entry
    plan.fold_words()
    names_somebody = entry.title != title and plan.slug.startswith(transliterated_slug(title, otherwise="plan")[:55])
    if names_somebody:
        plan.slug = ""
    if names_somebody or plan.words != words:
        plan.save(update_fields=["words", "slug"])


def settle_library(person: Person | None = None) -> int:
    """Look at every plan of decided competitions again (of one author, or all); return how many came or went.

    Each is settled by itself: at night nobody waits for a lock until the last of them is done.
    """
    entries = Entry.objects.admitted().filter(competition__state=Competition.State.CONCLUDED)
    if person is not None:
        entries = entries.filter(authorships__in=Authorship.objects.confirmed().filter(person=person))
    standing = set(Plan.objects.public().values_list("entry", flat=True))
    for entry in entries.order_by("pk"):
        settle_plan(entry)
    return len(standing ^ set(Plan.objects.public().values_list("entry", flat=True)))


@transaction.atomic
def put_into_library(entry: Entry, by: Person) -> Plan:
    """Want an entry in the library, whatever its place."""
    entry = _locked(entry)
    if why := why_not_in_library(entry):
        raise Refused(why)
    plan, _made = Plan.objects.get_or_create(
        entry=entry, defaults={"state": Plan.State.WITHDRAWN, "published_at": now()}
    )
    _want(plan, True, by)
    settle_plan(entry, by)
    plan.refresh_from_db()
    return plan


def put_back_into_library(plan: Plan, by: Person) -> None:
    """Want a plan in the library again that was taken out."""
    put_into_library(plan.entry, by)
    plan.refresh_from_db()


@transaction.atomic
def take_out_of_library(plan: Plan, by: Person) -> None:
    """Not want a plan in the library any more; it comes back only when somebody who keeps the library puts it in."""
    _locked(plan.entry)
    plan.refresh_from_db(from_queryset=Plan.objects.select_for_update(of=("self",)))
    if plan.state != Plan.State.PUBLISHED:
        raise Refused(_("The plan does not stand in the library any more."))
    _want(plan, False, by)
    settle_plan(plan.entry, by)


def _want(plan: Plan, wanted: bool, by: Person) -> None:
    plan.is_wanted = wanted
    plan.save(update_fields=["is_wanted"])
    record("competitions.plan.want", plan, by=by, is_wanted=wanted)


@transaction.atomic
def pick_plan(plan: Plan, by: Person, note: str) -> Pick:
    """Recommend a plan, or say anew why."""
    _refuse_unless_public(plan)
    pick, _made = Pick.objects.update_or_create(plan=plan, defaults={"by": by, "note": note, "at": now()})
    record("competitions.plan.pick", plan, by=by)
    return pick


@transaction.atomic
def unpick_plan(plan: Plan, by: Person) -> None:
    """Recommend a plan no more."""
    if not Pick.objects.filter(plan=plan).delete()[0]:
        raise Refused(_("This plan was not recommended."))
    record("competitions.plan.unpick", plan, by=by)


@transaction.atomic
def thank_authors(plan: Plan, by: Person) -> None:
    """Thank the authors of a plan; twice is once."""
    _refuse_unless_public(plan)
    if plan.entry.authorships.confirmed().filter(person=by).exists():
        raise Refused(_("This is your own plan. Thanks come from others."))
    Thanks.objects.get_or_create(plan=plan, person=by)


@transaction.atomic
def take_thanks_back(plan: Plan, by: Person) -> None:
    """Take one's thanks back."""
    Thanks.objects.filter(plan=plan, person=by).delete()


@transaction.atomic
def write_note(plan: Plan, by: Person, text: str) -> UsageNote:
    """Tell others how teaching by a plan went."""
    _refuse_unless_public(plan)
    if plan.notes.filter(person=by, text=text).exists():
        raise Refused(_("You have written exactly this already."))
    if plan.notes.filter(person=by).count() >= MOST_NOTES:
        raise Refused(_("You have written as many notes on this plan as one person can. Remove one first."))
    return UsageNote.objects.create(plan=plan, person=by, text=text)


@transaction.atomic
def remove_note(note: UsageNote, by: Person) -> None:
    """Delete one's own note; one of others is hidden by whoever keeps the library."""
    if note.person_id == by.pk:
        note.delete()
        return
    note.hidden_at = now()
    note.save(update_fields=["hidden_at"])
    record("competitions.usagenote.hide", note, by=by)


def _refuse_unless_public(plan: Plan) -> None:
    if plan.state != Plan.State.PUBLISHED:
        raise Refused(_("The plan does not stand in the library any more."))
