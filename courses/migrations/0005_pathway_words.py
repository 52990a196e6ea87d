import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0004_during_and_after'),
    ]

    operations = [
        migrations.AddField(
            model_name='pathway',
            name='words',
            field=models.TextField(default='', editable=False),
        ),
        migrations.AlterField(
            model_name='pathway',
            name='is_ordered',
            field=models.BooleanField(default=False, help_text='Otherwise the courses can be taken in any order.', verbose_name='one after the other'),
        ),
        migrations.AddIndex(
            model_name='pathway',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(models.F('words'), name='gin_trgm_ops'), name='pathway_words'),
        ),
    ]
