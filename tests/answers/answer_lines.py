"""The table of answers: what the national system says, what kind of site asks, and where that leads. Data, to be read.

Every expected value is written by hand from the documents: flow-and-rules (F) and oqs-interface (O), by section. The
patient is 試験 花子, an invented woman of 46 with an invented insurance, unless a line says otherwise; it is 2026-10-05.
"""

from __future__ import annotations

from typing import Final

from tests.answers.coded_answers import CODED
from tests.answers.default_site import ANSWERED
from tests.answers.known_patients import LOOKED_UP
from tests.answers.other_sites import SITES

LINES: Final = (*ANSWERED, *SITES, *LOOKED_UP, *CODED)
