"""What members holds about people, and what allauth and Django hold for it. Merging is members/actions/merging.py."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cluster_portal.hooks import PersonalData, register_personal_data
from cluster_portal.models import Upload
from cluster_portal.personal import Table, erase_tables, export_tables, has_ties
from cluster_portal.personal_data import NAMELESS
from members.actions.erasure import end_ties
from members.actions.merging import merge_members
from members.models import (
    Affiliation,
    Application,
    Certificate,
    Cluster,
    ConsentDecision,
    ConsentRequest,
    Coordinator,
    ErasureRequest,
    GroupMember,
    Guardianship,
)
from members.models.ages import latest_birth_date_of_an_adult

IN_THE_NAME_OF_AN_INSTITUTION = _(
    "What you wrote in the name of an institution about its work stays with that work, without your name."
)
PROOF_OF_CONSENT = _(
    "Consents stay, without names: they prove that what was done or published had been allowed. Scanned slips stay "
    "locked away with them."
)
NOBODY: dict[str, Any] = {
    "email": None,
    "contact_email": "",
    "family_name": "",
    "given_name": "",
    "patronymic": "",
    "name_on_certificate": "",
    "sort_name": "",
    "words": "",
    "birth_date": None,
    "time_zone": "",
    "last_login": None,
    "is_superuser": False,
    "address_failed_at": None,
    "password": make_password(None),
}


def _watching(person: Any) -> Q:
    return Q(viewer__in=[it.public_id for it in person.selves])


def _sessions_of(person: Any) -> Any:
    return UserSession.objects.filter(user__in=person.selves).values("session_key")


def _live_affiliations(since: datetime):
    return Affiliation.objects.filter(Q(pk__in=Affiliation.objects.live()) | Q(state_since__gte=since))


def _living_guardianships(since: datetime):
    """Of children: as long as one of both has another tie. Two who only have each other are forgotten."""
    grown_up = latest_birth_date_of_an_adult(Cluster.current().today())
    minors = Q(child__birth_date=None) | Q(child__birth_date__gt=grown_up)
    lately = Q(child__last_login__gte=since) | Q(guardian__last_login__gte=since) | Q(asserted_at__gte=since)
    others = [has_ties(side, since, but="members.Guardianship") for side in ("child", "guardian")]
    return Guardianship.objects.now().filter(minors, lately | others[0] | others[1])


def _open_erasures(since: datetime):
    return ErasureRequest.objects.open()


def _open_applications(since: datetime):
    return Application.objects.filter(Q(state__in=Application.OPEN) | Q(state_since__gte=since))


PEOPLE = (
    Table(
        "members.Person",
        heading=_("About you"),
        owners=("pk", "merged_into"),
        shown="public_id email contact_email family_name given_name patronymic name_on_certificate sort_name words"
        " birth_date language time_zone joined_at last_login suspended_at erased_at merged_into address_failed_at"
        " is_superuser",
        keys="password",
        plain="id",
        emptied=NOBODY,
        why=_("An entry without a name stays under its random number, so that what others rely on keeps its place."),
    ),
    Table(
        "members.Person_groups",
        heading=_("Your rights in the back room"),
        owners=("person",),
        shown="person group",
        plain="id",
        deleted=True,
    ),
    Table(
        "members.Person_user_permissions",
        heading=_("Your rights in the back room"),
        owners=("person",),
        shown="person permission",
        plain="id",
        deleted=True,
    ),
    Table(
        "members.Affiliation",
        heading=_("Where you belong, and whom you invited"),
        owners=("person",),
        named=("invited_by",),
        shown="public_id person institution role state state_since invited_by replaces starts_on ends_on",
        plain="id",
        why=_("That an institution had somebody in a role for a time stays, without a name: reports count people."),
        ties=_live_affiliations,
    ),
    Table(
        "members.Coordinator",
        heading=_("What you coordinate"),
        owners=("person",),
        shown="person region since until",
        plain="id",
        why=_("That somebody coordinated for a time stays, without a name."),
        ties=lambda since: Coordinator.objects.now(),
    ),
    Table(
        "members.Application",
        heading=_("Your applications to join"),
        owners=("applicant",),
        shown="public_id state state_since received_at name kind region website why applicant institution addendum",
        plain="id",
        emptied={"why": ""},
        why=_("That an institution applied, and what came of it, stays with the institution, without your words."),
        ties=_open_applications,
    ),
    Table(
        "members.ApplicationNote",
        heading=_("What you wrote about applications"),
        owners=("by",),
        shown="application by text at",
        plain="id",
        emptied={"text": ""},
        why=_("That there were questions and answers stays with an application, without their text."),
    ),
    Table(
        "members.Import",
        heading=_("Spreadsheets you loaded"),
        owners=("by",),
        shown="public_id kind institution by made_at loaded_at counts",
        plain="id file columns work rejected",
        why=_("How many rows a spreadsheet brought stays, without a name; the file itself goes after a time."),
    ),
    Table(
        "members.ProgressNote",
        heading=_("Progress notes you wrote"),
        owners=("by",),
        shown="public_id initiative milestone by at text",
        plain="id",
        why=IN_THE_NAME_OF_AN_INSTITUTION,
    ),
    Table(
        "members.Party",
        heading=_("Agreements you signed"),
        owners=("signed_by",),
        shown="agreement institution signed_on signatory how signed_by signed_at signed_sha256",
        plain="id role scan withdrawn_on withdrawn_because",
        why=_(
            "Names of those who signed an agreement are part of the document: without them it would bind nobody. It "
            "is kept as long as rights rest on it."
        ),
    ),
)

CHILDREN = (
    Table(
        "members.Group_keepers",
        heading=_("Classes you keep"),
        owners=("person",),
        shown="group person",
        plain="id",
        deleted=True,
    ),
    Table(
        "members.GroupMember",
        heading=_("Classes you are or were in"),
        owners=("person",),
        shown="group person since until added_at put_away",
        plain="id",
        deleted=True,
        ties=lambda since: GroupMember.objects.filter(Q(until=None) | Q(until__gte=since.date())),
    ),
    Table(
        "members.Certificate",
        heading=_("Certificates"),
        owners=("person",),
        named=("issued_to",),
        shown="public_id number kind person issued_to institution name_printed title issuer hours form begins_on"
        " ends_on issued_on language state state_since supersedes revoked_because badge",
        plain="id about_model about_id",
        emptied={"name_printed": "", "badge": "", "revoked_because": ""},
        why=_("That a certificate was issued stays, without a name: whoever holds the paper can still verify it."),
        ties=lambda since: Certificate.objects.valid().with_name(),
    ),
    Table(
        "members.Guardianship",
        heading=_("Guardians and children"),
        owners=("guardian", "child"),
        named=("asserted_by",),
        shown="public_id guardian child how asserted_by asserted_at ended_at",
        plain="id",
        why=_("Who was a guardian when a consent was given stays, as numbers without names: it belongs to the proof."),
        ties=_living_guardianships,
    ),
    Table(
        "members.Tie",
        heading=_("Who is bound to you: co-authors, mentors, relatives"),
        owners=("first", "second"),
        shown="kind first second noted_at",
        plain="id about_model about_id",
        deleted=True,
    ),
    Table(
        "members.StoppedMail",
        heading=_("Mail that you stopped"),
        owners=("person",),
        shown="person template at",
        plain="id",
        deleted=True,
    ),
    Table(
        "members.ConsentRequest",
        heading=_("What consent was asked for"),
        owners=("child",),
        named=("asked_by",),
        shown="child purpose asked_by asked_at reminded_at",
        plain="id",
        deleted=True,
        ties=lambda since: ConsentRequest.objects.filter(asked_at__gte=since),
    ),
    Table(
        "members.ConsentDecision",
        heading=_("Consents"),
        owners=("child", "decided_by"),
        named=("recorded_by",),
        shown="public_id child purpose text sha256 decided_by decision channel at expires_on recorded_by scan",
        plain="id",
        why=PROOF_OF_CONSENT,
        ties=lambda since: ConsentDecision.objects.filter(at__gte=since),
    ),
    Table(
        "members.ErasureRequest",
        heading=_("Requests to erase somebody"),
        owners=("person", "asked_by"),
        shown="public_id person asked_by asked_at reason state state_since answer",
        plain="id",
        emptied={"reason": "", "answer": ""},
        why=_("That an erasure was asked for, and what came of it, stays for a year, without names and words."),
        ties=_open_erasures,
    ),
    Table(
        "members.ErasureWord",
        heading=_("What was said about an erasure"),
        owners=("by", "request__person"),
        shown="public_id request by agrees said_at",
        plain="id",
        deleted=True,
    ),
    Table(
        "members.RecordView",
        heading=_("Who looked at a child’s record"),
        owners=("child",),
        also=_watching,
        shown="child viewer page at",
        plain="id",
        deleted=True,
    ),
)

# Of Django and allauth: signing in. Their rows go altogether.
ACCOUNTS = (
    Table(
        "account.EmailAddress",
        heading=_("Addresses you sign in with"),
        owners=("user",),
        shown="user email verified primary",
        plain="id",
        deleted=True,
    ),
    Table(
        "account.EmailConfirmation",
        heading=_("Addresses to be confirmed"),
        owners=("email_address__user",),
        shown="email_address created sent",
        keys="key",
        plain="id",
        deleted=True,
    ),
    Table(
        "mfa.Authenticator",
        heading=_("Second ways to sign in"),
        owners=("user",),
        shown="user type created_at last_used_at",
        keys="data",
        plain="id",
        deleted=True,
    ),
    Table(
        "members.Device",
        heading=_("Devices you confirmed"),
        owners=("person",),
        shown="person name asked_at confirmed_at used_on wrong_tries",
        keys="key_hash",
        plain="id public_id",
        deleted=True,
    ),
    Table(
        "sessions.Session",
        heading=_("Where you are signed in: until when"),
        also=lambda person: Q(session_key__in=_sessions_of(person)),
        shown="expire_date",
        keys="session_key session_data",
        plain="",
    ),
    Table(
        "usersessions.UserSession",
        heading=_("Where you are signed in"),
        owners=("user",),
        shown="user created_at ip last_seen_at user_agent data",
        keys="session_key",
        plain="id",
        deleted=True,
    ),
    Table(
        "admin.LogEntry",
        heading=_("What you changed in the back room"),
        owners=("user",),
        shown="action_time user object_repr action_flag change_message",
        plain="id content_type object_id",
        emptied={"object_repr": "", "change_message": ""},
        why=_("That something was changed in the back room stays, without a name and without what it was called."),
    ),
)

NOTHING_PERSONAL = (
    Table("auth.Group", plain="id name"),
    Table("auth.Group_permissions", plain="id group permission"),
    Table("auth.Permission", plain="id name content_type codename"),
    Table("contenttypes.ContentType", plain="id app_label model"),
    # Of the portal: what is sealed in it is its own key, and nobody's.
    Table("members.BadgeKey", plain="id did jwk sealed made_at"),
    Table("members.AgePolicy", plain="id country together_from alone_from"),
    Table(
        "members.Agreement",
        plain="id public_id kind amends title number place occasion text state state_since valid_from valid_until"
        " concluded_on terminated_on prolongs_until prolonged_until terminated_because",
    ),
    Table("members.Clause", plain="id agreement number text right places since"),
    Table("members.Cluster", plain="id name about hue time_zone language country example contact_email"),
    Table(
        "members.ConsentText",
        plain="id public_id purpose version language title text legal_basis retention contact valid_months sha256"
        " published_at replaced_at",
    ),
    Table("members.Coverage", plain="id party institution since until document entered_on"),
    Table("members.Direction", plain="id name slug"),
    Table("members.Group", plain="id public_id institution name stage school_year archived_at"),
    Table(
        "members.Initiative",
        plain="id public_id state state_since title summary agreement clause responsible starts_on ends_on outcome",
    ),
    # Of others, and the list's own file holds the same and more; both go together (actions.forget_files).
    Table("members.ImportRow", plain="id spreadsheet number sort said shown changes mails"),
    Table("members.Initiative_directions", plain="id initiative direction"),
    Table("members.Initiative_participants", plain="id initiative institution"),
    Table("members.Institution", plain="id public_id slug name short_name kind region about website logo words"),
    Table("members.Institution_directions", plain="id institution direction"),
    Table("members.InstitutionLink", plain="id institution title url"),
    Table("members.Milestone", plain="id public_id initiative title due_on reached_on"),
    Table("members.Region", plain="id name slug"),
)

TABLES = (*PEOPLE, *CHILDREN, *ACCOUNTS, *NOTHING_PERSONAL)


def export(person: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Everything that members holds about a person, with what signing in left behind."""
    return export_tables(TABLES, person)


def erase(person: Any) -> Iterator[str]:
    """End what the person is and has here, sign them out everywhere, and empty the entry.

    Whoever loaded a scanned slip up has called it by the child, most often: it stays as proof, without that name.
    """
    end_ties(person)
    slips = ConsentDecision.objects.filter(Q(child__in=person.selves) | Q(decided_by__in=person.selves))
    Upload.objects.filter(pk__in=slips.values("scan")).update(name=NAMELESS)
    Session.objects.filter(session_key__in=_sessions_of(person)).delete()
    yield from erase_tables(TABLES, person)


register_personal_data(PersonalData("members", export, erase, merge_members, TABLES))
