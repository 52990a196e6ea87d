import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0021_guardians_and_children_are_bound")]

    operations = [
        migrations.CreateModel(
            name="StoppedMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("template", models.CharField(max_length=80)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stopped_mails",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "mail that somebody stopped",
                "verbose_name_plural": "mails that people stopped",
                "ordering": ["pk"],
                "constraints": [models.UniqueConstraint(fields=("person", "template"), name="mail_stopped_once")],
            },
        )
    ]
