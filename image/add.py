"""Install an application of one's own on top of the image: what the image has stays as it is, only the rest is added.

`airlock-add PIP-ARGUMENTS` in a stage `FROM airlock:build`; then `COPY --from=… /add /` in one `FROM airlock`.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from image import install, tree

IMAGE = Path("/airlock")  # what the stage `build` holds of the image's distributions
ADDED = Path("/add")


def main() -> None:
    """Install what the arguments name to ADDED; a requirement that the image's versions cannot meet ends the build."""
    if not sys.argv[1:]:
        raise SystemExit(f"{Path(sys.argv[0]).name}: nothing to install; name a folder, a wheel or requirements")
    there = IMAGE / install.SITE
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        for distribution in distributions(path=[str(there)]):
            constraints.write(f"{distribution.metadata['Name']}=={distribution.version}\n")
        constraints.flush()
        install.pip("--root", str(ADDED), "--constraint", constraints.name, *sys.argv[1:], visible=there)
    for site in ADDED.glob("usr/local/lib/python3*/dist-packages"):
        install.finish(ADDED, site, lean=False)
    tree.settle(ADDED)


if __name__ == "__main__":
    main()
