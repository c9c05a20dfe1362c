"""Display, touch, text, widgets, theme: what pygame is for, and nothing of the clinic."""
