"""Classes: a teacher's own; head, contact and coordinator see theirs."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from members import actions
from members.access import for_class_keepers
from members.actions.groups import next_year
from members.class_lists import judge_class_list
from members.errand import errand_of
from members.forms.classes import ClassForm, ClassListForm, KeeperForm, MoveUpForm, StudentForm
from members.models import Group, Institution, Person
from members.views import PER_PAGE

ON_CLASS = {"archive": actions.archive_class, "restore": actions.restore_class}


@for_class_keepers
def classes(request: HttpRequest) -> HttpResponse:
    """The classes I keep or see."""
    rows = Group.objects.visible_to(request.user).for_lists()
    put_away = "put-away" in request.GET
    rows = rows.filter(archived_at__isnull=not put_away)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    may_begin = Institution.objects.with_classes_of(request.user).exists()
    return render(request, "members/classes.html", {"page": page, "put_away": put_away, "may_begin": may_begin})


@for_class_keepers
def new_class(request: HttpRequest) -> HttpResponse:
    """Begin a class list."""
    if not Institution.objects.with_classes_of(request.user).exists():
        raise PermissionDenied
    form = ClassForm(request.POST or None, by=request.user)
    if sent(request, form):
        teaches = Person.objects.teaching_at(form.cleaned_data["institution"]).filter(pk=request.user.pk)
        if created := tried(request, actions.create_class, keepers=list(teaches), **form.cleaned_data):
            messages.success(request, _("The class is there. Now add its students."))
            return redirect("members:add_students", created.result.public_id)
    return render(request, "members/class_form.html", {"form": form, "title": _("New class"), "it": None})


@for_class_keepers
def class_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One class: its students with their ages, its teachers, and who was in it."""
    it = _class_of(request, public_id)
    today = request.cluster.today()
    members = list(it.memberships.now().select_related("person"))
    for member in members:
        member.age = member.person.age_on(today)
    former = it.memberships.exclude(until=None).select_related("person").order_by("-until", "pk")[:PER_PAGE]
    seen = {member.person_id for member in (*members, *former)}
    actions.note_views(seen, request.user, "class")
    shown = {
        "it": it,
        "members": members,
        "unknown": sum(member.age is None for member in members),
        "keepers": it.keepers.all(),
        "keeper_form": KeeperForm(group=it),
        "errand": errand_of(request),
        "former": former,
    }
    return render(request, "members/class.html", shown)


@for_class_keepers
def edit_class(request: HttpRequest, public_id: str) -> HttpResponse:
    """Rename a class, or correct its year."""
    it = _class_of(request, public_id)
    form = ClassForm(request.POST or None, instance=it)
    if sent(request, form):
        before = _class_of(request, public_id)
        if tried(request, actions.change_class, before, **form.cleaned_data):
            messages.success(request, _("The class is saved."))
            return redirect("members:class", public_id)
    return render(request, "members/class_form.html", {"form": form, "title": _("Rename the class"), "it": it})


@for_class_keepers
def add_students(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add one student, or a pasted list with a verdict for each line before anybody is entered."""
    it = _class_of(request, public_id)
    step, lines = request.POST.get("step", ""), []
    one = StudentForm(request.POST if step == "one" else None)
    several = ClassListForm(request.POST if step in {"preview", "save"} else None)
    if one.is_bound and one.is_valid() and tried(request, actions.add_student, it, one.said()):
        messages.success(request, _("%(name)s is in the class.") % {"name": one.said().full_name})
        return redirect("members:add_students", public_id)
    if several.is_bound and several.is_valid():
        lines = judge_class_list(several.cleaned_data["people"], it, request.user)
        if step == "save":
            lines = _enter_lines(request, it, lines)
            if not lines:
                return redirect("members:class", public_id)
            several = ClassListForm({"people": "\n".join(line.said.text for line in lines)})
    shown = {"it": it, "one": one, "several": several, "lines": lines, "well": sum(line.well for line in lines)}
    return render(request, "members/class_add.html", shown)


def _enter_lines(request: HttpRequest, it: Group, lines: list) -> list:
    """Enter the lines that are well; return those that wait for a correction."""
    entered = tried(request, actions.add_students, it, [line.said for line in lines if line.well])
    if not entered:
        return lines
    added = len(entered.result)
    said = ngettext("%(count)s student is added.", "%(count)s students are added.", added)
    messages.success(request, said % {"count": added})
    return [line for line in lines if not line.well]


@for_class_keepers
def move_class_up(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a class into the next school year, with a look at what becomes of it before."""
    it = _class_of(request, public_id)
    form = MoveUpForm(request.POST if request.method == "POST" else None, group=it)
    if sent(request, form) and (moved := tried(request, actions.move_up, it, going=list(form.cleaned_data["going"]))):
        new = moved.result
        messages.success(request, _("%(name)s is there. The old class is put away.") % {"name": new.name})
        return redirect("members:class", new.public_id)
    actions.note_views(list(it.memberships.now().values_list("person", flat=True)), request.user, "class")
    return render(request, "members/class_up.html", {"it": it, "form": form, "new": next_year(it)})


@for_class_keepers
@require_POST
def act_on_class(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a class away, or take it out again."""
    it = _class_of(request, public_id)
    action = ON_CLASS.get(request.POST.get("do", ""))
    if action is None:
        raise Http404
    if tried(request, action, it):
        messages.success(request, _("Done."))
    return redirect("members:class", public_id)


@for_class_keepers
@require_POST
def keepers(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let another teacher keep the class too, or one of them no more."""
    it = _class_of(request, public_id)
    if remove := request.POST.get("remove"):
        keeper = get_object_or_404(it.keepers, public_id=remove)
        if tried(request, actions.remove_keeper, it, keeper):
            messages.success(request, _("%(name)s keeps the class no more.") % {"name": keeper.full_name})
        return redirect("members:classes" if keeper == request.user else it)
    form = KeeperForm(request.POST, group=it)
    if form.is_valid() and tried(request, actions.add_keeper, it, form.cleaned_data["person"]):
        said = _("%(name)s keeps the class too.")
        messages.success(request, said % {"name": form.cleaned_data["person"].full_name})
    return redirect(it)


@for_class_keepers
def student(request: HttpRequest, public_id: str, student_id: str) -> HttpResponse:
    """Correct how a student is written, or add the birth date."""
    it = _class_of(request, public_id)
    person = get_object_or_404(it.memberships.now().select_related("person"), person__public_id=student_id).person
    form = StudentForm(request.POST or None, instance=person)
    if sent(request, form):
        before = Person.objects.get(pk=person.pk)
        if tried(request, actions.correct_student, before, **form.cleaned_data):
            messages.success(request, _("Saved."))
            return redirect("members:class", public_id)
    actions.note_view(person, request.user, "student")
    return render(request, "members/class_form.html", {"form": form, "title": _("Student"), "it": it})


@for_class_keepers
@require_POST
def take_out(request: HttpRequest, public_id: str, student_id: str) -> HttpResponse:
    """A student is not in the class any more."""
    it = _class_of(request, public_id)
    rows = it.memberships.now().select_related("person", "group")
    member = get_object_or_404(rows, person__public_id=student_id)
    if tried(request, actions.take_out, member):
        messages.success(request, _("%(name)s is not in the class any more.") % {"name": member.person.full_name})
    return redirect("members:class", public_id)


def _class_of(request: HttpRequest, public_id: str) -> Group:
    rows = Group.objects.visible_to(request.user).select_related("institution")
    return get_object_or_404(rows, public_id=public_id)
