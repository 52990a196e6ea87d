from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0014_when_rolls_were_entered")]

    operations = [
        migrations.AddField(
            model_name="cluster",
            name="language",
            field=models.CharField(
                choices=[("en", "English"), ("ru", "Russian"), ("ko", "Korean")],
                default=settings.LANGUAGE_CODE,
                help_text="Titles that the portal writes into agreements are in it, whoever presses the button.",
                max_length=2,
                verbose_name="language of its documents",
            ),
        ),
    ]
