"""Guardians and children are relatives: whoever is named as a guardian from now on is bound by the action."""

from itertools import combinations

from django.db import migrations


def bind(apps, schema_editor):
    Guardianship, Tie = apps.get_model("members", "Guardianship"), apps.get_model("members", "Tie")
    families = {}
    for it in Guardianship.objects.filter(ended_at=None).order_by("pk").values("public_id", "child", "guardian"):
        families.setdefault(it["child"], []).append(it)
    for child, rows in families.items():
        keys, about = {child}, {"about_model": "members.guardianship", "kind": "relative"}
        for it in rows:
            keys.add(it["guardian"])
            pairs = [pair for pair in combinations(sorted(keys), 2) if it["guardian"] in pair]
            ties = [Tie(first_id=a, second_id=b, about_id=it["public_id"], **about) for a, b in pairs]
            Tie.objects.bulk_create(ties, ignore_conflicts=True)


def forget(apps, schema_editor):
    apps.get_model("members", "Tie").objects.filter(about_model="members.guardianship").delete()


class Migration(migrations.Migration):
    dependencies = [("members", "0020_ties_and_the_right_to_compete")]
    operations = [migrations.RunPython(bind, forget)]
