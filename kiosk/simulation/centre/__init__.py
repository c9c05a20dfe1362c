"""A simulated eligibility centre: HTTPS on this machine, an authority of its own, and proofs that are really verified.

It is the other side of the wire format at the top of `kiosk.eligibility.centre`, written from that page and from nothing
else of it. What it knows about patients stands in `kiosk.simulation.patients`; what it answers, `kiosk.simulation.oqs_writer`
writes. In memory only: sessions and consents are gone with the process.
"""

from kiosk.simulation.centre.command import add_arguments, simulate_centre

__all__ = ["add_arguments", "simulate_centre"]
