from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0011_classes_put_away_hold_nobody")]

    operations = [
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(("amends", None), ("valid_until", None), _connector="OR"),
                name="agreement_addendum_ends_with_what_it_amends",
            ),
        ),
    ]
