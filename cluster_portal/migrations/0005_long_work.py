import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cluster_portal', '0004_mail_address_and_calendar_digest'),
    ]

    operations = [
        migrations.CreateModel(
            name='LongWork',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(help_text='Which of the kinds of hooks.py.', max_length=60)),
                ('about_model', models.CharField(max_length=60)),
                ('about_id', models.CharField(max_length=12)),
                ('language', models.CharField(max_length=5, verbose_name='language')),
                ('options', models.JSONField(default=dict)),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField()),
                ('begun_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0, help_text='Runs since the last step that was finished.')),
                ('problem', models.CharField(blank=True, help_text='Why it ended before everything was done.', max_length=300)),
            ],
            options={
                'verbose_name': 'long work',
                'verbose_name_plural': 'long work',
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('kind', 'about_model', 'about_id'), name='long_work_once'), models.CheckConstraint(condition=models.Q(('done__lte', models.F('total'))), name='long_work_done_within_total'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('problem', '')), models.Q(('done', models.F('total')), ('problem', '')), models.Q(models.Q(('problem', ''), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='long_work_ends_done_or_with_a_problem')],
            },
        ),
    ]
