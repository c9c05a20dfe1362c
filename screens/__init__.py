"""One file a screen: `build(appliance, ui) -> list of widgets`. No screen has state, a thread, or an `if lang ==`."""
