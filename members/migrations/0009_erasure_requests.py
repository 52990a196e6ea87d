import cluster_portal.public_id
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0008_every_part_of_opened_texts_stays"),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    cluster_portal.public_id.PublicIdField(
                        default=cluster_portal.public_id.new_public_id, editable=False, max_length=12, unique=True
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="asked on"),
                ),
                ("reason", models.TextField(blank=True, max_length=1000, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waiting for the coordinator"),
                            ("granted", "Erased"),
                            ("declined", "Declined"),
                            ("withdrawn", "Taken back"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("state_since", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("answer", models.TextField(blank=True, max_length=3000, verbose_name="why not")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasures_asked",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasure_requests",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who is to be erased",
                    ),
                ),
            ],
            options={
                "verbose_name": "request to erase",
                "verbose_name_plural": "requests to erase",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="ErasureWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    cluster_portal.public_id.PublicIdField(
                        default=cluster_portal.public_id.new_public_id, editable=False, max_length=12, unique=True
                    ),
                ),
                ("agrees", models.BooleanField(blank=True, null=True, verbose_name="agrees")),
                ("said_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasure_words",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="words", to="members.erasurerequest"
                    ),
                ),
            ],
            options={
                "verbose_name": "word about an erasure",
                "verbose_name_plural": "words about erasures",
                "ordering": ["pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "asked")), fields=("person",), name="erasure_asked_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "declined"), ("answer", ""), _connector="OR"),
                name="erasure_answer_only_when_declined",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasureword",
            constraint=models.UniqueConstraint(fields=("request", "by"), name="erasure_word_once"),
        ),
        migrations.AddConstraint(
            model_name="erasureword",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("agrees", None), ("said_at", None)),
                    models.Q(("agrees__isnull", False), ("said_at__isnull", False)),
                    _connector="OR",
                ),
                name="erasure_word_has_its_time",
            ),
        ),
    ]
