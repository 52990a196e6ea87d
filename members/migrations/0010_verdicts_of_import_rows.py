import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cluster_portal', '0005_long_work'),
        ('members', '0009_erasure_requests'),
    ]

    operations = [
        migrations.AddField(
            model_name='import',
            name='work',
            field=models.ForeignKey(blank=True, help_text='The last that was asked of the workers: to judge the rows, or to load them.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cluster_portal.longwork'),
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='row')),
                ('sort', models.CharField(choices=[('new', 'New'), ('changed', 'Changed'), ('unchanged', 'Known, unchanged'), ('rejected', 'Rejected')], max_length=9, verbose_name='verdict')),
                ('said', models.TextField(blank=True, verbose_name='why')),
                ('shown', models.CharField(blank=True, max_length=500, verbose_name='what it says')),
                ('changes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list, size=None)),
                ('mails', models.BooleanField(default=False)),
                ('spreadsheet', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='members.import')),
            ],
            options={
                'verbose_name': 'row of an import',
                'verbose_name_plural': 'rows of an import',
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('spreadsheet', 'number'), name='import_row_once'), models.CheckConstraint(condition=models.Q(models.Q(('sort', 'rejected'), models.Q(('said', ''), _negated=True)), models.Q(models.Q(('sort', 'rejected'), _negated=True), ('said', '')), _connector='OR'), name='import_row_rejected_with_a_reason')],
            },
        ),
    ]
