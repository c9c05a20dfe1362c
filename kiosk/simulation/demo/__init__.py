"""`kiosk demo`: the main job on embedded defaults, played by a person at a window or by a player without one."""
