"""Models, scores and so on looked up by name; each is added by one file."""

import hashlib
import importlib
import importlib.util
import os
import pkgutil
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from lib.source import read

Entry = TypeVar("Entry")

EXTENSIONS_VARIABLE = "LATENT_QUANTIZATION_EXTENSIONS"
_EXTENSION = "extension_"  # the name of a module of the user's begins with it


class Registry(Mapping[str, Entry], Generic[Entry]):
    """Entries of one kind, such as models, each added by the file that describes it.

    The files of `package` are imported when an entry is first looked for, and with them the files
    and folders that the environment variable `LATENT_QUANTIZATION_EXTENSIONS` names (separated
    as on the PATH). So a new file is all that a new entry takes, inside the library or outside.

    Args:
        kind: what an entry is, for messages, such as "model".
        package: whose modules add the library's own entries.
    """

    def __init__(self, kind: str, package: str):
        self._kind = kind
        self._package = package
        self._entries: dict[str, Entry] = {}
        self._modules: dict[str, str] = {}
        self._is_searched = False

    def add(self, name: str, entry: Entry, module: str) -> None:
        """Add an entry; the same module may add it again, as a notebook's cell does.

        Args:
            name: by which it is found.
            entry: what is found.
            module: `__name__` of the module that describes it.

        Raises:
            ValueError: another module has added an entry of this name.
        """
        if self._modules.get(name, module) != module:
            raise ValueError(
                f"{self._kind} {name!r} of {_where(module)} is there already, from "
                f"{_where(self._modules[name])}; expected another name."
            )
        self._entries[name] = entry
        self._modules[name] = module

    def module(self, name: str) -> str:
        """The name of the module that describes an entry.

        Raises:
            KeyError: there is no such entry.
        """
        self._search()
        return self._modules[name]

    def __getitem__(self, name: str) -> Entry:
        self._search()
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        self._search()
        # The library's own first, whichever registry imported the users' files.
        own = f"{self._package}."
        return iter(sorted(self._entries, key=lambda name: not self._modules[name].startswith(own)))

    def __len__(self) -> int:
        self._search()
        return len(self._entries)

    def _search(self) -> None:
        if self._is_searched:
            return
        self._is_searched = True  # a file that is imported may look for other entries
        try:
            package = importlib.import_module(self._package)
            for found in pkgutil.iter_modules(package.__path__, f"{self._package}."):
                importlib.import_module(found.name)
            import_extensions()
        except BaseException:
            self._is_searched = False
            raise


def import_extensions() -> None:
    """Import the files that users name in `LATENT_QUANTIZATION_EXTENSIONS`, each once.

    Raises:
        FileNotFoundError: one of them is not there.
        Exception: what one of them raises, with a note that names the file and the line in it.
    """
    named = os.environ.get(EXTENSIONS_VARIABLE, "")
    for text in filter(None, named.split(os.pathsep)):
        given = Path(text).expanduser().resolve()
        files = sorted(given.glob("*.py")) if given.is_dir() else [given]
        for file in files:
            _import_file(file)


def _import_file(file: Path) -> None:
    if not file.is_file():
        raise FileNotFoundError(
            f"{EXTENSIONS_VARIABLE} names {file}, which is not there; expected Python files, or "
            "folders of them."
        )
    if any(getattr(m, "__file__", None) == str(file) for m in list(sys.modules.values())):
        return
    read(file)
    digest = hashlib.sha256(str(file).encode()).hexdigest()[:8]
    spec = importlib.util.spec_from_file_location(f"{_EXTENSION}{file.stem}_{digest}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[spec.name]
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f", line {frame.lineno}" for frame in frames if frame.filename == str(file)]
        at = "".join(lines[-1:])
        error.add_note(f"{file}{at}, which {EXTENSIONS_VARIABLE} names, cannot be imported.")
        raise


def _where(module: str) -> str:
    """The file of a module of the user's, whose name would tell little; else its name."""
    is_own = module.startswith(_EXTENSION)
    return sys.modules[module].__file__ if is_own else module
