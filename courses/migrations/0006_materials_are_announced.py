from django.db import migrations, models


class Migration(migrations.Migration):
    """A material knows when people were told of it: it is told once, and stays."""

    dependencies = [("courses", "0005_presses")]

    operations = [
        migrations.AddField(
            model_name="material",
            name="announced_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
