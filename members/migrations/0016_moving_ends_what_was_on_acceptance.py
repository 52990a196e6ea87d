import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0015_language_of_the_cluster")]

    operations = [
        migrations.AddField(
            model_name="affiliation",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="members.affiliation",
            ),
        ),
    ]
