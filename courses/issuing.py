"""The certificates of a run are issued by the workers, some people in each step."""

from django.utils.translation import gettext as _

from cluster_portal.hooks import LongWorkKind, register_long_work
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused
from courses.actions.certificates import issue_to_many, run_to_certify
from courses.certificates import ISSUE
from courses.models import Run
from courses.rules import coordinates_the_run
from members.models import Cluster, Person


class Issuing:
    """Everybody whom the page named before the button was pressed, in that order."""

    def __init__(self, work: LongWork):
        run = run_to_certify(Run.objects.get(public_id=work.about_id).pk)
        by = Person.objects.active().filter(public_id=work.options["by"]).first()
        if by is None or not coordinates_the_run(by, run):
            raise Refused(_("Whoever asked for these certificates does not coordinate the run any more."))
        self.run, self.by, self.keys = run, by, work.options["enrolments"]

    def do(self, since: int, until: int) -> None:
        with Cluster.read_once():
            issue_to_many(self.run, self.keys[since:until], self.by)

    def finish(self) -> None:
        """Nothing follows: each person was told in their own step."""


register_long_work(LongWorkKind(ISSUE, Issuing, step=20))
