"""The files below a root: which there are, what they say, and which modules they make up. It only reads."""

from __future__ import annotations

import importlib.util
import os
import sys
import tomllib
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_DEPLOYED = frozenset({"tests", "test", "node_modules", "site-packages", "__pycache__"})
_HIDDEN_BUT_READ = frozenset({".ci", ".github"})
_LARGEST = 500_000


class Tree:
    """The folder `root`. Paths are relative to it, with slashes.

    What is under a folder named `tests` is not deployed (but a chart's `templates/tests` is), and neither is what is
    hidden or in a virtual environment.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def files(self) -> list[str]:
        """The paths of all files that may be deployed or say how to, in order."""
        return sorted(self._walk())

    def _walk(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self.root):
            here = Path(folder)
            folders[:] = [name for name in folders if self._may_enter(here / name)]
            yield from ((here / name).relative_to(self.root).as_posix() for name in names if (here / name).is_file())

    @staticmethod
    def _may_enter(folder: Path) -> bool:
        is_helm_test = (folder.name, folder.parent.name) == ("tests", "templates")
        if folder.name in _NOT_DEPLOYED and not is_helm_test:
            return False
        if folder.name.startswith(".") and folder.name not in _HIDDEN_BUT_READ:
            return False
        return not (folder / "pyvenv.cfg").exists()

    def read(self, path: str) -> str:
        """The text of a file; what is not UTF-8 is replaced. Raises `OSError`."""
        with (self.root / path).open("rb") as file:
            return file.read(_LARGEST).decode(errors="replace").removeprefix("\ufeff")

    def is_script(self, path: str) -> bool:
        """Whether the first line says that a shell runs it."""
        with (self.root / path).open("rb") as file:
            line = file.readline(200)
        return line.startswith(b"#!") and line.split(b"/")[-1].split()[-1:] in ([b"sh"], [b"bash"], [b"dash"], [b"zsh"])

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder inside the root."""
        parts = PurePosixPath(path).parts
        return ".." not in parts and (self.root / path.lstrip("/")).exists()

    @cached_property
    def applications(self) -> frozenset[str]:
        """The packages that the boot contracts name as what is served."""
        names = {"service"}
        for path in self.files:
            if PurePosixPath(path).name == "contract.toml":
                try:
                    app = tomllib.loads(self.read(path)).get("app", "")
                except (tomllib.TOMLDecodeError, OSError):
                    continue  # `check` says what is wrong with a contract
                names.add(str(app).partition(":")[0].partition(".")[0])
        return frozenset(names - {""})

    def missing(self, module: str) -> str:
        """Why there is no `module` to run, or nothing.

        A module whose package is neither here nor installed may be some tool's; it is missing when it is dotted, or
        nearly the name of a package that is here.
        """
        if not module or not all(part.isidentifier() for part in module.split(".")):
            return ""
        top = module.partition(".")[0]
        if self._is_here(top):
            if not self._is_here(module):
                return f"there is no module {module} in the package {top}"
            return "" if self._runs(module) else f"the package {module} has no __main__.py, so there is nothing to run"
        if top in sys.stdlib_module_names or _is_installed(top):
            return ""
        nearest = get_close_matches(top, self._packages, 1)
        if nearest:
            return f"there is no module {module}; the nearest is {nearest[0]}"
        return f"there is no module {module}" if "." in module else ""

    def _is_here(self, module: str) -> bool:
        return any(path.is_dir() or path.with_suffix(".py").is_file() for path in self._paths(module))

    def _runs(self, module: str) -> bool:
        """Whether `python -m` finds a program in a module that is here."""
        return any(
            path.with_suffix(".py").is_file() or (path / "__main__.py").is_file() for path in self._paths(module)
        )

    def _paths(self, module: str) -> list[Path]:
        path = module.replace(".", "/")
        return [self.root / path, self.root / "src" / path]

    @cached_property
    def _packages(self) -> list[str]:
        here = {PurePosixPath(path).parts[0] for path in self.files if path.endswith(".py") and "/" in path}
        return sorted(here | self.applications | {"probes"})


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False
