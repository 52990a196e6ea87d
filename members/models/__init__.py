from members.models.agreements import Agreement, Clause, Coverage, Party
from members.models.applications import Application, ApplicationNote
from members.models.certificates import BadgeKey, Certificate
from members.models.children import (
    AgePolicy,
    ConsentDecision,
    ConsentRequest,
    ConsentText,
    Guardianship,
    Purpose,
    RecordView,
)
from members.models.cluster import Cluster
from members.models.devices import Device
from members.models.erasure import ErasureRequest, ErasureWord
from members.models.groups import Group, GroupMember
from members.models.imports import Import, ImportRow
from members.models.initiatives import Initiative, Milestone, ProgressNote
from members.models.institutions import Direction, Institution, InstitutionLink, Region
from members.models.people import Affiliation, Coordinator, Person
from members.models.stopped_mail import StoppedMail
from members.models.ties import Tie

__all__ = [
    "Affiliation",
    "AgePolicy",
    "Agreement",
    "Application",
    "ApplicationNote",
    "BadgeKey",
    "Certificate",
    "Clause",
    "Cluster",
    "ConsentDecision",
    "ConsentRequest",
    "ConsentText",
    "Coordinator",
    "Coverage",
    "Device",
    "Direction",
    "ErasureRequest",
    "ErasureWord",
    "Group",
    "GroupMember",
    "Guardianship",
    "Import",
    "ImportRow",
    "Initiative",
    "Institution",
    "InstitutionLink",
    "Milestone",
    "Party",
    "Person",
    "ProgressNote",
    "Purpose",
    "RecordView",
    "Region",
    "StoppedMail",
    "Tie",
]
