"""A person in every table of competitions that can point to a person, each text a marker of its own."""

from django.core.files.base import ContentFile

from cluster_portal.uploads import keep_upload
from competitions.models import EntryFile, Pick, Plan, Result, Review, Score, UsageNote
from tests import factories as make

GONE = {
    "draft": "Markerdraft",
    "draft text": "Markerabstract",
    "for the jury": "Markerforjury",
    "why handed back": "Markerhandedback",
    "usage": "Markerusage",
}
# What others' work rests on: the plan that a jury judged, what its authors were told, what a coordinator recommends.
KEPT = {
    "plan": "Markerplan",
    "refusal": "Markerdisqualified",
    "step": "Markerstep",
    "tool": "Markertool",
    "plan file": "Markerplanfile",
    "for the author": "Markerforauthor",
    "pick": "Markerpick",
}


def in_competitions(person, other):
    """Author of a judged plan, of one that is out and of a draft; juror; reader of the library."""
    _wrote(person)
    _judged(person, other)
    plan = Plan.objects.create(entry=make.EntryFactory(state="admitted", place="first"))
    plan.thanks.create(person=person)
    UsageNote.objects.create(plan=plan, person=person, text=GONE["usage"])
    Pick.objects.create(plan=plan, by=person, note=KEPT["pick"])
    make.AuthorshipFactory(person=other, invited_by=person, is_lead=False, state="declined")


def _wrote(person):
    competition = make.CompetitionFactory(state="concluded")
    entry = make.EntryFactory(competition=competition, state="admitted", place="first", title=KEPT["plan"])
    make.AuthorshipFactory(entry=entry, person=person)
    entry.steps.create(position=1, title=KEPT["step"])
    entry.tools.create(name=KEPT["tool"])
    upload = keep_upload(ContentFile(b"A text.", name="plan.txt"), about=entry, by=None)
    EntryFile.objects.create(entry=entry, upload=upload, title=KEPT["plan file"])
    Result.objects.create(entry=entry, reviews=1, mean=80, rank=1)
    out = make.EntryFactory(competition=competition, state="disqualified", refusal=KEPT["refusal"])
    make.AuthorshipFactory(entry=out, person=person)
    draft = make.EntryFactory(title=GONE["draft"], abstract=GONE["draft text"])
    make.AuthorshipFactory(entry=draft, person=person)


def _judged(person, other):
    criterion = make.CriterionFactory()
    juror = make.JurorFactory(person=person, competition=criterion.competition)
    entry = make.EntryFactory(competition=criterion.competition, state="admitted")
    texts = {"for_jury": GONE["for the jury"], "for_author": KEPT["for the author"]}
    review = make.ReviewFactory(juror=juror, entry=entry, state=Review.State.COMPLETED, **texts)
    Score.objects.create(review=review, criterion=criterion, value=3)
    back = make.EntryFactory(competition=criterion.competition, state="admitted")
    make.ReviewFactory(juror=juror, entry=back, state="withdrawn", withdrawn_because=GONE["why handed back"])
    juror.conflicts.create(person=other)
