from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("courses", "0003_courses_taking_part")]

    operations = [
        migrations.AddField(
            "enrolment",
            "refusal",
            models.CharField(blank=True, editable=False, max_length=300, verbose_name="why not"),
        )
    ]
