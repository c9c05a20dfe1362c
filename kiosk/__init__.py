"""The check-in kiosk: a patient checks in alone with the My Number Card, and reception knows within a second.

Read `kiosk.record` and `kiosk.visit` and you know the product; all other rooms are plumbing around them.
"""

__version__ = "0.1.0"
