"""Display, touch, text, widgets, theme: what pygame is for, and nothing of the clinic."""

import os

# pygame greets on standard output when it is imported; what a command prints there is for whoever called it.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
