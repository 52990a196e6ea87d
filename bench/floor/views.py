from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import F
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from bench.floor.models import Run


def programme(request):
    return render(request, "list.html", {"runs": Run.objects.all()[:100]})


def run(request, pk):
    it = get_object_or_404(Run, pk=pk)
    mine = request.user.is_authenticated and it.enrolments.filter(person=request.user).exists()
    return render(request, "detail.html", {"run": it, "mine": mine})


@require_POST
@login_required
@transaction.atomic
def enrol(request, pk):
    it = get_object_or_404(Run.objects.select_for_update(no_key=True), pk=pk)
    if it.taken < it.places:
        it.enrolments.create(person=request.user)
        Run.objects.filter(pk=pk).update(taken=F("taken") + 1)
    return redirect(it)
