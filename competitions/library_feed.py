"""New plans of the library as an Atom feed."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cluster_portal.formatted import plain
from cluster_portal.one_line import one_line
from competitions.concealing import conceal
from competitions.library import LICENCE_PAGES
from competitions.models import Plan
from members.models import Cluster

MOST = 50


class NewPlans(Feed):
    """The plans that joined the library last. Names of authors stand on their pages only."""

    feed_type = Atom1Feed
    link = reverse_lazy("competitions:library")
    title = gettext_lazy("New lesson plans")

    def subtitle(self) -> str:
        return str(Cluster.current().name)

    def author_name(self) -> str:
        return str(Cluster.current().name)

    def items(self) -> list[Plan]:
        plans = list(Plan.objects.public().select_related("entry")[:MOST])
        conceal(it.entry for it in plans)
        return plans

    def item_title(self, item: Plan) -> str:
        return one_line(item.entry.title)

    def item_description(self, item: Plan) -> str:
        return plain(item.entry.abstract)

    def item_pubdate(self, item: Plan):
        return item.published_at

    def item_updateddate(self, item: Plan):
        return item.state_since

    def item_copyright(self, item: Plan) -> str:
        return LICENCE_PAGES.get(item.entry.licence, "") or _("No licence")


@login_not_required
def library_feed(request: HttpRequest) -> HttpResponse:
    """What is new in the library, for programs that read it."""
    return NewPlans()(request)
