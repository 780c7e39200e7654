"""The parameters of a chapter: what papermill injected must be what the chapter declares."""

import ast
from itertools import pairwise

from lib.checks import nearest

# What papermill writes above the parameters that it injects behind the chapter's own.
_INJECTED = "# Parameters\n"


def check_parameters() -> None:
    """Require that every parameter that papermill was given is one of the chapter's.

    Called in the cell behind the parameters. Papermill itself passes an unknown name on without a
    word, and the chapter would run with its defaults. Outside a notebook, and where nothing was
    injected, there is nothing to check.

    Raises:
        TypeError: an unknown name; names the nearest one and all that are allowed.
    """
    import IPython

    shell = IPython.get_ipython()
    cells = shell.user_ns.get("In", []) if shell else []
    for declaring, cell in pairwise(cells):
        if cell.startswith(_INJECTED):
            declared = _assigned(declaring)
            for name, value in _assigned(cell).items():
                if name not in declared:
                    raise TypeError(
                        f"{name}={value} is no parameter of this chapter; expected one of "
                        f"{', '.join(declared)}.{nearest(name, declared)}"
                    )


def _assigned(cell: str) -> dict[str, str]:
    """The names that a cell assigns to, and the code of their values."""
    found = {}
    for node in ast.parse(cell).body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            found[ast.unparse(target)] = ast.unparse(node.value)
    return found
