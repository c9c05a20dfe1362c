"""One target under atheris: `python -m tests.fuzz.atheris_engine TARGET CORPUS [libFuzzer options]`, from `run.py`."""

from __future__ import annotations

import importlib
import logging
import sys


def main(arguments: list[str]) -> None:
    """Fuzz until libFuzzer's own limits; it ends the process."""
    # By name, since it is not installed everywhere and no type checker should want it.
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["kiosk.card", "kiosk.face.photo", "kiosk.face.messages"]):
        targets = importlib.import_module("tests.fuzz.targets")
    logging.disable(logging.CRITICAL)
    run = targets.TARGETS[arguments[1]].run
    list(targets.TARGETS[arguments[1]].seeds())
    atheris.Setup([arguments[0], *arguments[2:]], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
