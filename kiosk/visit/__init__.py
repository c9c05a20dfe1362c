"""THE HEART: what the kiosk does with everything that can happen.

    appliance', effects = step(appliance, event)        # kiosk.visit.flow

Pure: the standard library and `kiosk.record` only. Everything that can happen is an `Event`, everything the visit wants
from outside is an `Effect`; nothing here knows pygame, a socket, a thread or the clock on the wall.

Read in this order: `appliance` (what there is), `events`, `effects`, `flow` (what is true of every stage), `stages/` (one
file a stage), `profiles` (what differs between facilities, as data).
"""
