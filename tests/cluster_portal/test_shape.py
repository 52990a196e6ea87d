"""What keeps the shape of the code: arrows between rooms, one writer of state, sizes, addresses."""

import ast
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
import rules
from django.apps import apps
from django.core.management import call_command
from django.urls import URLPattern, get_resolver

ROOT = Path(__file__).parent.parent.parent
ROOMS = ["cluster_portal", "members", "courses", "competitions", "mentorship", "coordination"]
BELOW = {
    "cluster_portal": set(),
    "members": {"cluster_portal"},
    "courses": {"cluster_portal", "members"},
    "competitions": {"cluster_portal", "members"},
    "mentorship": {"cluster_portal", "members"},
    "coordination": {"cluster_portal", "members", "courses", "competitions", "mentorship"},
}
EXEMPT = {"cluster_portal/settings.py", "cluster_portal/urls.py", "cluster_portal/celery.py"}
LONGEST_FUNCTION, LONGEST_FILE, LONGEST_TEMPLATE = 50, 500, 150
PUBLIC_VIEWS = {
    "accessibility", "act_by_link", "agreement", "agreements", "answers_by_link", "application", "application_sent",
    "apply", "badge_by_link", "certificate_by_link", "competition", "competition_ics", "competitions",
    "consent", "course", "directory", "directory_csv", "directory_print", "directory_xlsx", "door", "download",
    "emblem_svg", "enrol_by_link", "erase_by_link", "erasure_by_link", "favicon_svg",
    "feedback_by_consent_link", "feedback_by_link", "file_by_link", "hand_in_by_link", "healthz", "home", "initiative",
    "initiatives", "institution", "institution_logo", "invitation", "join", "language", "leave", "library",
    "library_feed", "marks_by_link", "material_by_link", "materials_by_link", "mentor_of_child_by_link",
    "mentorship", "my_calendar_ics", "offer", "outcomes", "pairing_of_child_by_link",
    "paper_by_link", "pathway", "pathways", "plan", "plan_as_dublin_core", "plan_as_pdf", "plan_as_zip",
    "plan_file", "privacy", "programme", "programme_ics", "readyz", "run", "run_ics", "search",
    "sessions_by_link", "standing", "styleguide", "tell_by_link", "theme_css", "ticket", "unsubscribe",
    "verify", "verify_any", "verify_keys", "work_file_by_link",
}  # fmt: skip
CATCH_REFUSED = {
    "cluster_portal/buttons.py",  # a page and its forms
    "cluster_portal/delivery.py",  # a worker: whoever decided about the mail meanwhile wins
    "cluster_portal/long_work.py",  # a worker: the page that asked for it says later what was refused
    "competitions/clean_files.py",  # a damaged picture inside a file: no copy, and its own sentence
    "coordination/management/commands/load_example.py",  # a terminal
    "members/admin.py",  # one sentence for each of many people
    "members/forms/imports.py",  # while a field is being cleaned
    "members/imports/loading.py",  # a row of a spreadsheet
    "members/retention.py",  # the night goes on with the next person
}


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def imported_rooms(tree: ast.Module) -> set[str]:
    """Rooms that a file reaches: by import (inside functions too), or by name through get_model."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"get_model", "import_module"}:
            names += [str(it.value) for it in node.args if isinstance(it, ast.Constant)]
    return {name.partition(".")[0] for name in names} & set(ROOMS)


def test_imports_point_downwards_only():
    wrong = [
        (name, room)
        for name, tree in sources(*ROOMS)
        if name not in EXEMPT
        for room in imported_rooms(tree) - BELOW[name.partition("/")[0]] - {name.partition("/")[0]}
    ]
    assert wrong == []


def writes_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(it, ast.Attribute) and it.attr == "state" for it in targets)
    if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {"update", "setattr"}:
        named = [word.arg for word in node.keywords]
        constants = [it.value for it in node.args if isinstance(it, ast.Constant)]
        return "state" in named or "state" in constants
    return False


def test_only_make_move_writes_state():
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in sources(*ROOMS)
        if name != "cluster_portal/moves.py"
        for node in ast.walk(tree)
        if writes_state(node)
    ]
    assert wrong == []


@pytest.mark.parametrize("line", ["it.state = 1", "rows.update(state=1)", 'setattr(it, "state", 1)'])
def test_a_writer_of_state_is_recognised(line):
    assert any(writes_state(node) for node in ast.walk(ast.parse(line)))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    yield from (it for it in ast.walk(tree) if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_function_is_longer_than_a_screen():
    everything = list(sources(*ROOMS, "tests", "bench"))
    lengths = [(f"{n}:{it.name}", it.end_lineno - it.lineno + 1) for n, tree in everything for it in functions(tree)]
    assert [it for it in lengths if it[1] > LONGEST_FUNCTION] == []


def test_no_file_grows_too_long():
    lengths = [(str(it.relative_to(ROOT)), len(it.read_text().splitlines())) for f in [*ROOMS, "tests", "bench"]
               for it in (ROOT / f).rglob("*.py") if "migrations" not in it.parts]  # fmt: skip
    assert [it for it in lengths if it[1] > LONGEST_FILE] == []
    lengths = [(it.name, len(it.read_text().splitlines())) for it in (ROOT / "templates").rglob("*.html")]
    assert [it for it in lengths if it[1] > LONGEST_TEMPLATE] == []


def test_no_bare_except():
    handlers = [
        (name, it) for name, tree in sources(*ROOMS) for it in ast.walk(tree) if isinstance(it, ast.ExceptHandler)
    ]
    assert [f"{name}:{it.lineno}" for name, it in handlers if it.type is None] == []


def catches_refused(node: ast.AST) -> bool:
    named = ast.walk(node.type) if isinstance(node, ast.ExceptHandler) and node.type else []
    return any(getattr(it, "id", getattr(it, "attr", "")) == "Refused" for it in named)


def test_a_refusal_is_said_by_the_buttons_and_by_nobody_else():
    """Only `buttons.py` turns a refusal into words of a page or a form; actions may take one up."""
    catching = {
        name
        for name, tree in sources(*ROOMS)
        if "actions" not in Path(name).parts and any(catches_refused(it) for it in ast.walk(tree))
    }
    assert catching - CATCH_REFUSED == set()


@pytest.mark.parametrize("line", ["except Refused", "except moves.Refused as it", "except (Http404, Refused)"])
def test_a_caught_refusal_is_recognised(line):
    assert any(catches_refused(node) for node in ast.walk(ast.parse(f"try:\n    go()\n{line}:\n    stop()")))


def test_no_inline_script_or_style_in_pages():
    wrong = []
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        if "mail" not in path.parts and any(it in text for it in ("<style", " style=", "onclick=", "javascript:")):
            wrong.append(path.name)
    assert wrong == []


def every_view(patterns=None, prefix="") -> Iterator[tuple[str, object]]:
    for it in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(it, URLPattern):
            yield f"{prefix}{it.pattern}", it.callback
        else:
            yield from every_view(it.url_patterns, f"{prefix}{it.pattern}")


def test_every_address_needs_a_sign_in_or_is_on_the_short_list():
    public = {
        view.__name__
        for address, view in every_view()
        if not getattr(view, "login_required", True) and not address.startswith(("accounts/", "admin/"))
    }
    assert public - PUBLIC_VIEWS == set()


def models_with_moves():
    return [it for it in apps.get_models() if hasattr(it, "MOVES")]


def actions_of(model) -> dict:
    if model._meta.app_label == "cluster_portal":
        from cluster_portal import delivery, outbox

        return outbox.ACTIONS | delivery.ACTIONS
    module = __import__(f"{model._meta.app_label}.actions", fromlist=["ACTIONS"])
    return module.ACTIONS[model._meta.model_name]


@pytest.mark.parametrize("model", models_with_moves(), ids=lambda it: it._meta.label)
def test_every_move_has_an_action_and_a_permission(model):
    names = set(model.MOVES)
    assert names - set(actions_of(model)) == set()
    permissions = {f"{model._meta.app_label}.{name}_{model._meta.model_name}" for name in names}
    assert {it for it in permissions if not rules.perm_exists(it)} == set()


@pytest.mark.parametrize("model", models_with_moves(), ids=lambda it: it._meta.label)
def test_every_state_can_be_reached_and_is_spelt_in_its_table(model):
    states = {state.value for state in model.State}
    named = {state for step in model.MOVES.values() for state in [*step.sources, step.target]}
    assert named <= states
    assert states - named == set()


def test_migrations_match_the_models(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_settings_have_no_duplicate_of_a_name():
    tree = ast.parse((ROOT / "cluster_portal/settings.py").read_text())
    names = sorted(
        it.targets[0].id for it in tree.body if isinstance(it, ast.Assign) and isinstance(it.targets[0], ast.Name)
    )
    assert [name for name, rows in groupby(names) if len(list(rows)) > 1] == []
