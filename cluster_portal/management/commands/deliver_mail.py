from django.core.management.base import BaseCommand

from cluster_portal.delivery import deliver_due_mail, return_stuck_mail


class Command(BaseCommand):
    help = "Send the mail that is due, once, and print how many went."

    def handle(self, *args, **options):
        returned = return_stuck_mail()
        sent = deliver_due_mail()
        self.stdout.write(f"{sent} mails sent, {returned} put back that a lost worker had taken.")
