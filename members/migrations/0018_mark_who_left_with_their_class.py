"""In classes that are put away already, whoever left on that day or later is taken to have left with the class."""

from zoneinfo import ZoneInfo

from django.db import migrations
from django.db.models import F
from django.db.models.functions import TruncDate


def mark(apps, schema_editor):
    cluster = apps.get_model("members", "Cluster").objects.first()
    day = TruncDate("group__archived_at", tzinfo=ZoneInfo(cluster.time_zone if cluster else "UTC"))
    ended = apps.get_model("members", "GroupMember").objects.annotate(day=day).filter(until__gte=F("day"))
    ended.update(put_away=True)


class Migration(migrations.Migration):
    dependencies = [("members", "0017_who_left_with_a_class_that_was_put_away")]
    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
