"""Import every module of the project, so that a Python on which one cannot be imported is found at once."""

from __future__ import annotations

import importlib
import pkgutil

import kiosk
import screens


def main() -> None:
    """Import all; an error speaks for itself."""
    names = [m.name for p in (kiosk, screens) for m in pkgutil.walk_packages(p.__path__, p.__name__ + ".")]
    for name in names:
        if not name.endswith("__main__"):
            importlib.import_module(name)
    print(f"{len(names)} modules import")


if __name__ == "__main__":
    main()
