from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Of a person whom a juror must not judge, the digest of the address; and when a declaration was first asked about."""

    dependencies = [("competitions", "0001_competitions")]

    operations = [
        migrations.RemoveConstraint("declaredconflict", "conflict_is_about_one_thing"),
        migrations.RemoveConstraint("declaredconflict", "conflict_declared_once"),
        migrations.AddField(
            "declaredconflict", "address", models.CharField(blank=True, editable=False, max_length=64)
        ),
        migrations.AddField(
            "declaredconflict", "checked_at", models.DateTimeField(blank=True, editable=False, null=True)
        ),
        migrations.AddConstraint(
            "declaredconflict",
            models.CheckConstraint(
                condition=Q(entry__isnull=False, person=None, address="", institution=None)
                | Q(entry=None, institution=None) & (Q(person__isnull=False) | ~Q(address=""))
                | Q(entry=None, person=None, address="", institution__isnull=False),
                name="conflict_is_about_one_thing",
            ),
        ),
        migrations.AddConstraint(
            "declaredconflict",
            models.UniqueConstraint(
                fields=["juror", "entry", "person", "address", "institution"],
                nulls_distinct=False,
                name="conflict_declared_once",
            ),
        ),
    ]
