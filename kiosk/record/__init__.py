"""What the whole house speaks: ids, dates, identity, consent, eligibility, the check-in and its JSON.

Standard library only. Values are parsed once, at the edge, and are right ever after; whatever holds a person has a
`repr` that shows none of it.
"""


class RecordError(ValueError):
    """A value or a JSON document that is not what the contract says: one sentence, what and where."""
