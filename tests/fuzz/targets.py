"""Everything that is fuzzed, by name."""

from __future__ import annotations

from tests.fuzz import card_targets, face_targets

TARGETS = {**card_targets.TARGETS, **face_targets.TARGETS}
