"""The XML interface of the eligibility terminal (domain/oqs-interface.md)."""
