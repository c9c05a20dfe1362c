"""For all tests: hypothesis looks at what a test says, never at how long it takes. Machines are shared and noisy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("kiosk", deadline=None)
settings.load_profile("kiosk")
