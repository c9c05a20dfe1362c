"""A passkey in software (ES256, attestation "none"), as a browser and its device answer with it (WebAuthn level 2)."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, MADE = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One passkey on one device."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0

    def made(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """What a browser answers to the options of a registration."""
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        about = self._about(options["rp"]["id"], PRESENT | VERIFIED | MADE) + bytes(16)
        about += len(self.credential_id).to_bytes(2, "big") + self.credential_id + encode_cbor(public)
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": about})
        client = self._client("webauthn.create", options, origin)
        return self._told({"clientDataJSON": client, "attestationObject": attestation})

    def signs(self, options: dict[str, Any], origin: str, *, verified: bool = True) -> dict[str, Any]:
        """What it answers to the options of a sign-in; `verified`: whether the device looked who it is."""
        self.count += 1
        about = self._about(options["rpId"], PRESENT | (VERIFIED if verified else 0))
        client = self._client("webauthn.get", options, origin)
        signature = self.key.sign(about + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._told({"clientDataJSON": client, "authenticatorData": about, "signature": signature})

    def _about(self, rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any], origin: str) -> bytes:
        challenge = bytes_to_base64url(base64url_to_bytes(options["challenge"]))
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _told(self, response: dict[str, bytes]) -> dict[str, Any]:
        named = bytes_to_base64url(self.credential_id)
        told = {name: bytes_to_base64url(value) for name, value in response.items()}
        return {"id": named, "rawId": named, "type": "public-key", "response": told, "clientExtensionResults": {}}
