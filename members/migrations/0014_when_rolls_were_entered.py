from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0013_days_ahead_can_be_corrected")]

    operations = [
        migrations.AddField(
            model_name="coverage",
            name="entered_on",
            field=models.DateField(blank=True, editable=False, null=True, verbose_name="entered on"),
        ),
    ]
