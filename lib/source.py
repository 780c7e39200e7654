"""What code a number comes from: modules found by their imports, digested by their meaning.

Two versions of a module have one digest where they differ in docstrings, comments, formatting,
type hints, the words of errors or in what only describes (labels, colours, citations).
"""

import ast
import functools
import hashlib
import sys
import sysconfig
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

LIBRARY = Path(__file__).resolve().parent
# What shapes no number: it refuses, writes files, or finds by name. What a configuration resolves
# to, and which published images were read, are part of a run's identity themselves.
_OUTSIDE = (
    "lib.checks",
    "lib.files",
    "lib.profiles",
    "lib.registry",
    "lib.scores",
    "lib.settings",
    "lib.source",
    "lib.benchmarks.publication",
    "lib.benchmarks.published",
    "lib.training.interruption",
    "lib.training.progress",
    "lib.training.scalars",
    "lib.runs.config",
    "lib.runs.provenance",
    "lib.runs.record",
)
_PUBLISHED = LIBRARY / "benchmarks" / "published"
# What only describes: attributes in the body of a class, and arguments of calls in a module's body.
_ATTRIBUTES = {"label", "description", "color", "marker", "recipes"}
_ARGUMENTS = {
    "Twin": {"title", "publication", "published", "profiles"},
    "Source": {"description", "unit"},
    "Score": {"label", "unit", "digits", "higher_is_better", "color", "marker"},
    "Protocol": {"source"},
    "replace": {"source"},
}
_SAYING = {"print", "warnings.warn"}


@functools.cache
def read(path: Path) -> str:
    """The text of a Python file as it was when it was first asked for, before it was imported."""
    return path.read_text(encoding="utf-8")


# Read at import: a file that is edited afterwards is not the code that runs.
for _path in LIBRARY.rglob("*.py"):
    read(_path)


def module_digests(modules: Iterable[str]) -> dict[str, str]:
    """Digests of modules and of all that they import from this library or from beside them.

    Args:
        modules: names of imported modules, of the library or of an extension.

    Returns:
        Twelve hexadecimal digits by the path of each file, relative to the library's parent where
        it lies there, else the file's name; in the order of the names.

    Raises:
        ValueError: a module has no file, as one that was written in a notebook.
    """
    found = _closure([(name, _module_file(name)) for name in modules], imported)
    return {_shown(path): digest(path) for path in found}


def page_digests(code: str) -> dict[str, str]:
    """Digests of all that the code of a page imports, directly or not, by the path of each file.

    A page also shows labels and messages, so these count. What finds models, benchmarks or scores
    by name imports all of them. Benchmarks read published files only where they are asked to, so
    the modules of these count where something else imports them.
    """
    started = _imported(ast.parse(code), LIBRARY.parent / "page.ipynb")
    found = _closure(started.items(), _imported_for_page)
    return {_shown(path): digest(path, is_shown=True) for path in found}


def _closure(
    start: Iterable[tuple[str, Path]], follow: Callable[[Path], Iterable[tuple[str, Path]]]
) -> list[Path]:
    """Files of modules and of all that they import, in the order of their paths."""
    found: dict[str, Path] = {}
    pending = list(start)
    while pending:
        name, path = pending.pop()
        if name not in found:
            found[name] = path
            pending += follow(path)
    return sorted(set(found.values()))


def changed(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names of the files whose digests differ, or that only one side has."""
    return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))


@functools.cache
def digest(path: Path, is_shown: bool = False) -> str:
    """Twelve hexadecimal digits of what a Python file means, if shown with what it says."""
    tree = (_Code if is_shown else _Meaning)().visit(ast.parse(read(path)))
    return hashlib.sha256(_serialized(tree).encode()).hexdigest()[:12]


@functools.cache
def imported(path: Path) -> tuple[tuple[str, Path], ...]:
    """Name and file of the modules that a file takes something from, in this library or beside it.

    Where a package only hands on what its modules define, those modules are meant. Imports inside
    functions count.
    """
    found = _imported(ast.parse(read(path)), path)
    return tuple((name, file) for name, file in found.items() if not _is_in(name, _OUTSIDE))


@functools.cache
def _imported_for_page(path: Path) -> tuple[tuple[str, Path], ...]:
    tree = ast.parse(read(path))
    found = _imported(tree, path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Registry":
            package = ast.literal_eval(node.args[1])
            for file in LIBRARY.parent.joinpath(*package.split(".")).glob("[!_]*.py"):
                found[f"{package}.{file.stem}"] = file
    is_benchmark = path.is_relative_to(_PUBLISHED.parent) and _PUBLISHED not in path.parents
    return tuple(
        (name, file)
        for name, file in found.items()
        if not (is_benchmark and _PUBLISHED in file.parents)
    )


def _is_in(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _imported(tree: ast.AST, beside: Path) -> dict[str, Path]:
    found = {}
    for node in _imports(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found |= _defining(alias.name, None, beside)
        elif node.level:
            found |= _relative(node, beside)
        else:
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                if (package := _find(inside, beside)) and _is_package(package):
                    for name in _attributes(tree, alias.asname or alias.name):
                        found |= _defining(inside, name, beside)
                else:
                    found |= _defining(node.module, alias.name, beside)
    return found


def _relative(node: ast.ImportFrom, beside: Path) -> dict[str, Path]:
    """The modules of a relative import, by their paths."""
    folder = beside.parents[node.level - 1].joinpath(*(node.module or "").split("."))
    candidates = [folder.with_suffix(".py")] if node.module else []
    candidates += [folder / "__init__.py", *(folder / f"{alias.name}.py" for alias in node.names)]
    return {str(path): path for path in candidates if path.is_file()}


def _attributes(tree: ast.AST, module: str) -> Iterable[str | None]:
    """Names that code takes from an imported module; None among them where it may be any."""
    nodes = list(ast.walk(tree))
    named = sum(isinstance(node, ast.Name) and node.id == module for node in nodes)
    taken = [
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == module
    ]
    return set(taken) if len(taken) == named else {None}


def _imports(tree: ast.AST) -> Iterable[ast.Import | ast.ImportFrom]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def _defining(module: str, name: str | None, beside: Path) -> dict[str, Path]:
    """The modules that define a name of a module, or all that it hands on where `name` is None."""
    path = _find(module, beside)
    if path is None:
        return {}
    if name is not None and (inside := _find(f"{module}.{name}", beside)):
        return (
            _defining(f"{module}.{name}", None, beside)
            if _is_package(inside)
            else {f"{module}.{name}": inside}
        )
    if not _is_package(path):
        return {module: path}
    found: dict[str, Path] = {}
    for inner_module, inner_name, shown_as in _handed_on(path):
        if name in (None, shown_as):
            found |= _defining(inner_module, inner_name, path)
    return found or {module: path}


@functools.cache
def _handed_on(package: Path) -> list[tuple[str, str, str]]:
    """Module, name, and name here of all that a package imports from modules."""
    return [
        (node.module, alias.name, alias.asname or alias.name)
        for node in _imports(ast.parse(read(package)))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]


def _is_package(path: Path) -> bool:
    return path.name == "__init__.py"


@functools.cache
def _find(module: str, beside: Path) -> Path | None:
    """The file of a module of the library, of one beside the file that imports it, or of a user's.

    What is installed with Python or from packages is not looked for; its versions are recorded.
    """
    top, *rest = module.split(".")
    for base in (LIBRARY.parent, beside.parent) if top == LIBRARY.name else (beside.parent,):
        stem = base.joinpath(top, *rest)
        for path in (stem.with_suffix(".py"), stem / "__init__.py"):
            if path.is_file():
                return path
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    installed = any(file.startswith(folder) for folder in sysconfig.get_paths().values())
    return Path(file) if file.endswith(".py") and not installed else None


def _module_file(name: str) -> Path:
    file = getattr(sys.modules.get(name), "__file__", None)
    found = Path(file).resolve() if file else _find(name, LIBRARY / "__init__.py")
    if found is None or found.suffix != ".py":
        raise ValueError(
            f"module {name!r} has no file, so a run could not tell what it was made by; define "
            "models, twins and scores in a Python file and import it."
        )
    return found


def _shown(path: Path) -> str:
    inside = path.is_relative_to(LIBRARY.parent)
    return path.relative_to(LIBRARY.parent).as_posix() if inside else "/".join(path.parts[-2:])


class _Code(ast.NodeTransformer):
    """Takes docstrings and type hints from a syntax tree, which holds no comments."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._without_docstring(self.generic_visit(node))

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.visit_FunctionDef(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_docstring(self.generic_visit(node))

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        # A docstring, also of a constant.
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    @staticmethod
    def _without_docstring(node: ast.AST) -> ast.AST:
        node.body = node.body or [ast.Pass()]
        return node


class _Meaning(_Code):
    """Takes from a syntax tree all that shapes no number."""

    def __init__(self):
        self._depth = 0  # of functions

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._depth += 1
        node = super().visit_FunctionDef(node)
        self._depth -= 1
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [part for part in node.body if not _assigned(part) <= _ATTRIBUTES]
        return super().visit_ClassDef(node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = [part for part in node.body if not _assigned(part) <= {"__all__"}]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not self._depth:
            only_describe = _ARGUMENTS.get(getattr(node.func, "id", ""), ())
            node.keywords = [k for k in node.keywords if k.arg not in only_describe]
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        # The words are not kept, but what else an error carries.
        if isinstance(node.exc, ast.Call):
            node.exc.args = []
        return ast.Raise(exc=node.exc and self.visit(node.exc), cause=None)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in _SAYING:
            return None
        return super().visit_Expr(node)


def _assigned(node: ast.stmt) -> set[str | None]:
    """The names that a statement does nothing but assign to; else a set with None."""
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return {None}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    parts = [part for target in targets for part in ast.walk(target)]
    return {part.id for part in parts if isinstance(part, ast.Name)} or {None}


def _serialized(node: object) -> str:
    """A tree as text that is the same in every version of Python: empty fields are left out."""
    if isinstance(node, ast.AST):
        fields = ((name, getattr(node, name, None)) for name in node._fields)
        told = [f"{name}={_serialized(value)}" for name, value in fields if value not in (None, [])]
        return f"{type(node).__name__}({','.join(told)})"
    if isinstance(node, list):
        return f"[{','.join(map(_serialized, node))}]"
    return repr(node)
