"""What kiosk and reception both must understand of staff: commands on the line, grants of one visual check."""
