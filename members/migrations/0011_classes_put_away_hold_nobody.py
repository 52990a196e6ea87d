"""Whoever still stands in a class that was put away left it on that day: else no time of theirs would ever be over."""

from django.db import migrations
from django.db.models import F, Value
from django.db.models.functions import Greatest, TruncDate


def leave(apps, schema_editor):
    groups = apps.get_model("members", "Group").objects.exclude(archived_at=None)
    for group in groups.annotate(day=TruncDate("archived_at")).iterator():
        group.memberships.filter(until=None).update(until=Greatest(Value(group.day), F("since")))


class Migration(migrations.Migration):
    dependencies = [("members", "0010_verdicts_of_import_rows")]
    operations = [migrations.RunPython(leave, migrations.RunPython.noop)]
