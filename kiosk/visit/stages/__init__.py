"""One file a stage: what it reacts to, what it asks, where it goes.

Each has `react(scene, stage, event) -> Outcome`. What is true of every stage (stop, call staff, a pulled card, asks that
are not outstanding) is in `kiosk.visit.flow` and never reaches a stage.
"""
