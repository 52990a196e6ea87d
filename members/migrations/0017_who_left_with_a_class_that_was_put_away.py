from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("members", "0016_moving_ends_what_was_on_acceptance")]

    operations = [
        migrations.AddField(
            model_name="groupmember",
            name="put_away",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddConstraint(
            model_name="groupmember",
            constraint=models.CheckConstraint(
                condition=Q(put_away=False) | Q(until__isnull=False), name="group_member_put_away_has_ended"
            ),
        ),
    ]
