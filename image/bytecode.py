"""Modules as bytecode alone, without what only readers of a source need: `python -m image.bytecode ROOT BELOW`.

`module.pyc` stands where `module.py` stood, in the form of PEP 552 that nobody compares with a source. Of
docstrings a dot is left; assertions stay. Columns (PEP 657) are gone when it runs with `-X no_debug_ranges`.
"""

from __future__ import annotations

import ast
import marshal
import sys
import warnings
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

_UNCHECKED = (1).to_bytes(4, "little")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_DOCSTRING = "."  # some libraries want one, and a dataclass without makes one up at import time, from its signature


def main() -> int:
    """Replace every module below a folder; the exit status is 1 when one does not compile."""
    root, below = map(Path, sys.argv[1:])
    warnings.simplefilter("ignore")  # invalid escapes in what others have written
    failed = False
    for source in sorted(below.rglob("*.py")):
        try:
            source.with_suffix(".pyc").write_bytes(compiled(source.read_bytes(), f"/{source.relative_to(root)}"))
        except SyntaxError as error:
            print(error, file=sys.stderr)
            failed = True
        source.unlink()
    return failed


def compiled(source: bytes, path: str) -> bytes:
    """The bytecode file of a module that tracebacks call `path`. Raises SyntaxError."""
    tree = ast.parse(source, path)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str()) as docstring), *_]:
                    docstring.value = _DOCSTRING
    code = compile(tree, path, "exec", dont_inherit=True)
    return MAGIC_NUMBER + _UNCHECKED + source_hash(source) + marshal.dumps(code)


if __name__ == "__main__":
    raise SystemExit(main())
