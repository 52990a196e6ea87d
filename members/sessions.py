"""Sessions, in the database as Django keeps them; each is read together with the cluster, which every page names."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils.timezone import now

from cluster_portal.prepared import prepared, together
from members.models import Cluster
from members.models.cluster import the_cluster


class SessionStore(DatabaseStore):
    """What SESSION_ENGINE asks for."""

    def _get_session_from_db(self) -> Session | None:
        sessions, clusters = together(_session_at.asked(key=self.session_key, at=now()), the_cluster.asked())
        Cluster.have_at_hand(clusters)
        for session in sessions:
            return session
        self._session_key = None
        return None


@prepared
def _session_at(key, at):
    return Session.objects.filter(session_key=key, expire_date__gt=at)
