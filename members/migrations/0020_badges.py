import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0019_certificates")]

    operations = [
        migrations.RenameField("certificate", "reason", "revoked_because"),
        migrations.AlterField(
            model_name="certificate",
            name="revoked_because",
            field=models.CharField(blank=True, editable=False, max_length=300, verbose_name="why it was revoked"),
        ),
        migrations.AddField(
            model_name="certificate",
            name="form",
            field=models.CharField(
                blank=True,
                choices=[("room", "In the room"), ("online", "Online")],
                default="",
                max_length=10,
                verbose_name="form of taking part",
            ),
            preserve_default=False,
        ),
        migrations.AlterField("certificate", "title", models.CharField(max_length=250, verbose_name="what it certifies")),
        migrations.AlterField("certificate", "begins_on", models.DateField(verbose_name="first day")),
        migrations.AlterField("certificate", "ends_on", models.DateField(verbose_name="last day")),
        migrations.CreateModel(
            name="BadgeKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("did", models.CharField(editable=False, max_length=100, unique=True)),
                ("jwk", models.JSONField(editable=False)),
                ("sealed", models.TextField(editable=False)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name": "key for badges",
                "verbose_name_plural": "keys for badges",
                "ordering": ["-pk"],
            },
        ),
    ]
