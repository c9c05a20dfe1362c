"""Delivery: the durable outbox, the courier that empties it, and the line that brings commands back."""
