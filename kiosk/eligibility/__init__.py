"""Eligibility: the gateway port, the client of the centre, and the XML of the real interface."""
