"""Where fetched things lie: models, portraits, fonts and the virtual reader's driver, under the environment's own share/.

`deploy/` fetches them by version and hash; nothing of it is in the repository. Any room may import this leaf.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kiosk.errors import MissingError

FOLDER = Path(sys.prefix) / "share" / "kiosk"


def fetched(name: str) -> Path:
    """The fetched file `name` ("models/x.onnx"); raises `MissingError` with what to run when it is not there."""
    path = FOLDER / name
    if not path.is_file():
        raise MissingError(f"{name} has not been fetched: run ./deploy/demo or ./deploy/test once from the clone")
    return path
