import sys

from django.core.management.base import BaseCommand

from cluster_portal.bounces import note_bounce


class Command(BaseCommand):
    help = "Read one report of mail that came back (RFC 3464) from standard input, and mark the address."

    def handle(self, *args, **options):
        mail = note_bounce(sys.stdin.buffer.read())
        self.stdout.write(f"The address of the mail {mail.public_id} is marked." if mail else "Nothing was marked.")
