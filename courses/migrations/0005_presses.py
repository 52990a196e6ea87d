from django.db import migrations, models

MARKS = [("present", "Present"), ("late", "Late"), ("excused", "Excused"), ("absent", "Absent")]
HOW = [
    ("roster", "On the roster"),
    ("code", "By the code at the door"),
    ("ticket", "By the person's own code"),
    ("joined", "Joined online"),
    ("rest", "With all others"),
]


class Migration(migrations.Migration):
    """Presses of one device are ordered by that device; a mark can be taken back, and set with all others."""

    dependencies = [("courses", "0004_during_and_after")]

    operations = [
        migrations.AddField("attendance", "device", models.CharField(blank=True, editable=False, max_length=32)),
        migrations.AddField("attendance", "number", models.BigIntegerField(editable=False, null=True)),
        migrations.AlterField(
            "attendance",
            "mark",
            models.CharField(blank=True, choices=MARKS, max_length=8, verbose_name="attendance"),
        ),
        migrations.AlterField(
            "attendance", "how", models.CharField(choices=HOW, max_length=8, verbose_name="how")
        ),
    ]
