"""The outside world, in processes of its own: a virtual card, an eligibility centre, a camera. Never in production."""
