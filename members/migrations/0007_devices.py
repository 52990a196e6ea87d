import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import cluster_portal.public_id


class Migration(migrations.Migration):
    dependencies = [("members", "0006_opened_rosters_stay")]

    operations = [
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", cluster_portal.public_id.PublicIdField()),
                ("name", models.CharField(blank=True, max_length=60, verbose_name="device")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("wrong_tries", models.PositiveSmallIntegerField(default=0)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="first confirmed")),
                ("used_on", models.DateField(blank=True, null=True, verbose_name="last used")),
                ("key_hash", models.CharField(blank=True, max_length=64)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="devices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "confirmed device",
                "verbose_name_plural": "confirmed devices",
                "ordering": ["-used_on", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(confirmed_at=None, used_on=None, key_hash="")
                        | Q(confirmed_at__isnull=False, used_on__isnull=False) & ~Q(key_hash=""),
                        name="device_has_a_key_exactly_when_confirmed",
                    ),
                    models.UniqueConstraint(fields=["key_hash"], condition=~Q(key_hash=""), name="device_key_once"),
                ],
            },
        ),
    ]
