import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max, Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes, record_many
from cluster_portal.hooks import WantedMail, say_decided
from cluster_portal.mailtext import secrets_in
from cluster_portal.models import AuditEntry, OutboxMail, Upload
from cluster_portal.moves import Refused
from cluster_portal.outbox import cancel_rows, key_of, occasion_of, queue_mails
from cluster_portal.uploads import keep_upload
from members.consent import children_among, may_decide, open_answers, people_to_answer, who_decides
from members.models import (
    AgePolicy,
    Cluster,
    ConsentDecision,
    ConsentRequest,
    ConsentText,
    ErasureWord,
    Guardianship,
    Person,
    Purpose,
    RecordView,
)

Decision, Channel = ConsentDecision.Decision, ConsentDecision.Channel
ASKED, REMINDER = "members/consent_asked", "members/consent_reminder"
WORDS = ("title", "text", "legal_basis", "retention", "contact", "valid_months")
WRONG_MOST, WRONG_FOR = 5, timedelta(hours=1)
WRONG, RIGHT = "members.consent.wrong_birth_date", "members.consent.right_birth_date"


@transaction.atomic
def write_text(purpose: str, language: str, by: Person | None, **words: Any) -> ConsentText:
    """Write the next version of a document in one language, or correct it while nobody has published it."""
    _lock_documents(purpose)
    draft = ConsentText.objects.drafts().filter(purpose=purpose, language=language).first()
    if draft is None:
        last = ConsentText.objects.filter(purpose=purpose).exclude(published_at=None).aggregate(last=Max("version"))
        draft = ConsentText(purpose=purpose, language=language, version=(last["last"] or 0) + 1)
    for name, value in words.items():
        setattr(draft, name, value)
    draft.save()
    record_changes("members.consenttext.write", draft, by=by, changed=words)
    return draft


@transaction.atomic
def publish_texts(purpose: str, by: Person | None) -> list[ConsentText]:
    """Let people decide on the new version of a document from now on: in every language of the cluster at once."""
    _lock_documents(purpose)
    drafts = list(ConsentText.objects.drafts().filter(purpose=purpose).select_for_update().order_by("pk"))
    written = {it.language for it in drafts}
    if missing := [str(name) for code, name in settings.LANGUAGES if code not in written]:
        raise Refused(
            _("A document is published in all languages at once. Write it in these too: %(languages)s.")
            % {"languages": ", ".join(missing)}
        )
    if len({it.valid_months for it in drafts}) > 1:
        raise Refused(_("The languages differ in how many months a decision holds. Make them the same, then publish."))
    at = now()
    ConsentText.objects.in_force().filter(purpose=purpose).update(replaced_at=at)
    for it in drafts:
        ConsentText.objects.filter(pk=it.pk).update(published_at=at, sha256=sha256_of(it))
        it.refresh_from_db()
        record("members.consenttext.publish", it, by=by)
    return drafts


def sha256_of(text: ConsentText) -> str:
    """The SHA-256 of all the words that somebody decides on, and of what they are about."""
    said = {name: getattr(text, name) for name in ("purpose", "version", "language", *WORDS)}
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def set_age_policy(by: Person, together_from: int, alone_from: int) -> AgePolicy:
    """Say from which ages people decide beside their guardian, and alone, in the cluster's country."""
    ages = {"together_from": together_from, "alone_from": alone_from}
    policy, _new = AgePolicy.objects.update_or_create(country=Cluster.current().country, defaults=ages)
    # The policy has no public id: the line stands under whoever set it, with its two numbers as the reason.
    record("members.agepolicy.set", by, by=by, reason=f"{together_from}, {alone_from}")
    return policy


@transaction.atomic
def request_consent(children: Collection[Person], purposes: Collection[str], by: Person | None) -> int:
    """Ask for consent to purposes for children, and write to those who decide; return how many mails go out."""
    known = set(ConsentText.objects.in_force().filter(purpose__in=purposes).values_list("purpose", flat=True))
    if missing := [Purpose(it).label for it in purposes if it not in known]:
        raise Refused(
            _("No document is published for: %(purposes)s. Ask the coordinator to publish one.")
            % {"purposes": ", ".join(map(str, missing))}
        )
    rows = [ConsentRequest(child=child, purpose=it, asked_by=by) for child in children for it in purposes]
    ConsentRequest.objects.bulk_create(rows, ignore_conflicts=True)
    record_many("members.consent.ask", children, by=by)
    return queue_mails(_not_written_today(_mails(children, ASKED, _day())))


@transaction.atomic
def remind_guardians(children: Collection[Person], by: Person) -> int:
    """Write to exactly those who have not answered, once a day at most; return how many mails go out."""
    sent = queue_mails(_mails(children, REMINDER, _day()))
    if not sent:
        raise Refused(_("Everybody who can be written to has answered, or was reminded today. Try again tomorrow."))
    open_ones = {child for child, _purpose in open_answers([child.pk for child in children])}
    ConsentRequest.objects.filter(child__in=open_ones).update(reminded_at=now())
    record_many("members.consent.remind", [child for child in children if child.pk in open_ones], by=by)
    return sent


def reminders_for(children: Collection[Person]) -> list[Person]:
    """Who would be written to by a reminder now: those with an address who have not answered."""
    wanted = _not_written_today(_mails(children, REMINDER, _day()), [REMINDER])
    return [it.to for it in wanted if it.to.address and it.to.is_active]


@transaction.atomic
def forget_mails_naming(guardianship: Guardianship) -> None:
    """Write the mails that ask for consent anew that have not left and name a child whose guardian one is no more.

    Others are cancelled only: what is still due of them, the reminders write again by their own rule.
    """
    guardian = guardianship.guardian
    rows = OutboxMail.objects.unfinished().filter(to=guardian, body_text__contains=f"⟦{guardianship.public_id}⟧")
    for mail in list(rows):
        links = secrets_in(mail.body_text)
        others = guardian.guards.now().filter(public_id__in=links).values("child")
        children = Person.objects.filter(Q(pk__in=others) | Q(pk=guardian.pk, public_id__in=links))
        cancel_rows(OutboxMail.objects.filter(pk=mail.pk), reason="not due any more")
        asks = mail.template in {ASKED, REMINDER}
        wanted = _mails(list(children), mail.template, occasion_of(mail)) if asks else []
        queue_mails(it for it in wanted if it.to.pk == guardian.pk)


@transaction.atomic
def decide(
    child: Person,
    purpose: str,
    decision: str,
    by: Person,
    channel: str,
    text: ConsentText,
    recorded_by: Person | None = None,
    seen_on: date | None = None,
    scan: Upload | None = None,
    public_id: str = "",
) -> ConsentDecision:
    """Write down one decision about one purpose, with the hash of the text that was shown; it is never changed.

    Raises Refused when this person does not decide for the child today, when the text is not the one in force, or
    when there is nothing to take back. A repeated answer to the same text adds nothing.
    """
    Person.objects.select_for_update(no_key=True).get(pk=child.pk)
    _refuse_who_or_what_decides_nothing(child, by, text if seen_on is None else None, purpose, decision)
    mine = ConsentDecision.objects.about([child.pk]).filter(purpose=purpose, said_by=by.pk).last()
    expires_on = _expiry(text, seen_on) if decision == Decision.GRANTED else None
    if mine and _says_the_same(mine, decision, text, expires_on):
        return mine
    if decision == Decision.WITHDRAWN and not _stands(child, purpose):
        raise Refused(_("There is nothing to take back: no consent stands for this."))
    facts = {"public_id": public_id} if public_id else {}
    it = ConsentDecision.objects.create(
        child=child, purpose=purpose, text=text, sha256=text.sha256, decided_by=by, decision=decision,
        channel=channel, at=_time_of(decision, seen_on), expires_on=expires_on, recorded_by=recorded_by, scan=scan,
        **facts,
    )  # fmt: skip
    record("members.consentdecision.decide", it, by=recorded_by or by, decision=decision)
    say_decided(child, purpose)
    return it


def say_who_decides_changed(child: Person) -> None:
    """Other people decide about a child now, so what was said may come to something else, for every purpose."""
    for purpose in Purpose:
        say_decided(child, purpose)


def _refuse_who_or_what_decides_nothing(
    child: Person, by: Person, read: ConsentText | None, purpose: str, decision: str
) -> None:
    """Refuse whoever does not decide today, and a text that was read just now and is not in force."""
    if not by.is_active or not may_decide(by, child):
        raise Refused(_("You do not decide this today: your age or your guardianship says so. Ask the school."))
    if read is not None and decision != Decision.WITHDRAWN and not _in_force(read, purpose):
        raise Refused(_("The document was replaced meanwhile. Read the new one, then decide."))


@transaction.atomic
def record_paper(
    child: Person,
    guardian: Person,
    answers: dict[str, str],
    seen_on: date,
    by: Person,
    scan: UploadedFile | None = None,
    shown: Mapping[str, ConsentText] | None = None,
) -> list[ConsentDecision]:
    """Write down what came back on paper, with the scan or as seen by the one who records it.

    It is about the texts that the paper shows (purpose → text), by default the newest of the day it was seen. Raises
    Refused when no paper of that day can show them, or when all of it is known.
    """
    if seen_on > Cluster.current().today():
        raise Refused(_("This day is still to come. Enter the day on which you saw the signed paper."))
    if not answers:
        raise Refused(_("Nothing is marked. Choose what stands on the paper."))
    texts = _texts_on_paper(child, guardian, answers, shown or {}, seen_on)
    public_id = ConsentDecision().public_id  # of the first row that is new: the scan is kept about it
    upload = keep_upload(scan, about=ConsentDecision(public_id=public_id), by=by) if scan else None
    facts: dict[str, Any] = {"channel": Channel.PAPER, "recorded_by": by, "seen_on": seen_on, "scan": upload}
    made = []
    for purpose, decision in answers.items():
        it = decide(child, purpose, decision, guardian, text=texts[purpose], public_id=public_id, **facts)
        public_id = "" if it.public_id == public_id else public_id
        made.append(it)
    if public_id:
        raise Refused(_("All of this is written down already. Nothing was added."))
    return made


@transaction.atomic
def check_birth_date(about: Guardianship | Person | ErasureWord, child: Person, birth_date: date) -> bool:
    """Whether the reader of a link knows the child's birth date; after five wrong answers, nobody is asked for an hour.

    The wrong answers are lines of the audit, counted under a lock, so that guesses at once are counted too.
    """
    Person.objects.select_for_update(no_key=True).get(pk=child.pk)
    lines = AuditEntry.objects.filter(
        model=about._meta.label_lower, object_id=about.public_id, at__gt=now() - WRONG_FOR
    )
    since = lines.filter(verb=RIGHT).order_by("-pk").values_list("pk", flat=True).first() or 0
    if lines.filter(verb=WRONG, pk__gt=since).count() >= WRONG_MOST:
        raise Refused(_("The birth date was wrong five times. This link opens again in an hour."))
    right = child.birth_date == birth_date
    record(RIGHT if right else WRONG, about, by=None)
    return right


def note_view(child: Person, viewer: Person, page: str) -> None:
    """Write down that somebody looked at a child's record."""
    note_views([child.pk], viewer, page)


def note_views(children: Iterable[int], viewer: Person, page: str) -> None:
    """Write down that somebody looked at a page that shows these children (by key)."""
    RecordView.objects.bulk_create(RecordView(child_id=pk, viewer=viewer.public_id, page=page) for pk in children)


def note_children(people: Iterable[int], viewer: Person, page: str) -> None:
    """Write down that somebody looked at a page that shows these people (by key), of those who are children."""
    note_views(set(children_among(list(people))), viewer, page)


def _lock_documents(purpose: str) -> None:
    """One at a time writes or publishes the documents of a purpose: the published ones are the parents."""
    list(ConsentText.objects.filter(purpose=purpose).select_for_update(no_key=True).order_by("pk"))


def _in_force(text: ConsentText, purpose: str) -> bool:
    """Whether one decides on this text now."""
    return ConsentText.objects.in_force().filter(pk=text.pk, purpose=purpose).exists()


def _texts_on_paper(
    child: Person, reader: Person, answers: dict[str, str], shown: Mapping[str, ConsentText], seen_on: date
) -> dict[str, ConsentText]:
    """What each answer is about: the text that the paper shows, or the newest of that day where nobody named one."""
    texts = ConsentText.objects.for_reader(reader.language, on=seen_on) | shown
    if any(purpose not in texts for purpose in answers):
        raise Refused(_("No document was in force on this day. Enter the day on which you saw the signed paper."))
    known = set(ConsentText.objects.on_paper_of(child, seen_on).values_list("purpose", "pk"))
    for purpose in answers:
        if (purpose, texts[purpose].pk) not in known:
            said = _("No paper seen on this day shows %(mark)s. Compare day, version and SHA-256 with the paper.")
            raise Refused(said % {"mark": texts[purpose].mark})
    return texts


def _says_the_same(mine: ConsentDecision, decision: str, text: ConsentText, expires_on: date | None) -> bool:
    if mine.decision != decision:
        return False
    return decision == Decision.WITHDRAWN or (mine.text_id == text.pk and mine.expires_on == expires_on)


def _stands(child: Person, purpose: str) -> bool:
    """Whether somebody who decides today has granted, and not taken it back."""
    last = {it.said_by: it.decision for it in ConsentDecision.objects.about([child.pk]).filter(purpose=purpose)}
    return any(last.get(pk) == Decision.GRANTED for pk in who_decides(child))


def _expiry(text: ConsentText, seen_on: date | None) -> date | None:
    """The first day on which a grant counts no more."""
    if not text.valid_months:
        return None
    start = seen_on or Cluster.current().today()
    years, month = divmod(start.month - 1 + text.valid_months, 12)
    last_days = (31, 30, 29, 28)
    for day in (start.day, *last_days):
        try:
            return date(start.year + years, month + 1, min(day, start.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _time_of(decision: str, seen_on: date | None) -> datetime:
    """When a decision counts from. Of an earlier day's paper only the day is known: there a no comes last."""
    if seen_on is None or seen_on == Cluster.current().today():
        return now()
    moment = time.min if decision == Decision.GRANTED else time.max
    return datetime.combine(seen_on, moment, tzinfo=Cluster.current().zone)


def _day() -> str:
    return Cluster.current().today().isoformat()


def _not_written_today(
    wanted: Iterable[WantedMail], templates: Collection[str] = (ASKED, REMINDER)
) -> list[WantedMail]:
    """Without whoever got one of these mails today: one a day, from whoever asks first (docs/decisions/061)."""
    keys = {key_of(replace(it, template=name, occasion=_day())): it for it in wanted for name in templates}
    held = OutboxMail.objects.filter(key__in=keys).exclude(state=OutboxMail.State.CANCELLED)
    written = {keys[key].to.pk for key in held.values_list("key", flat=True)}
    return [it for it in wanted if it.to.pk not in written]


def _mails(children: Collection[Person], template: str, occasion: str) -> list[WantedMail]:
    """One mail to each person who has not answered, naming the children it is about."""
    by_key = {child.pk: child for child in children}
    waiting: dict[Person, list[Person]] = {}
    for it in people_to_answer(list(by_key)):
        waiting.setdefault(it.reader, []).append(by_key[it.child])
    return [
        WantedMail(template, reader, reader, occasion, ground=sorted(theirs, key=lambda child: child.sort_name))
        for reader, theirs in waiting.items()
    ]
