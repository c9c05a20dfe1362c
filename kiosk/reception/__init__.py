"""The web service at the desk: the kiosk door, the staff door, the board."""
