"""A device with passkeys, in a few lines: it makes one, and signs with it, as the standard of WebAuthn says."""

import hashlib
import json
import secrets

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url as text

PRESENT, VERIFIED, NEW = 1, 4, 64


class Device:
    """What it tells can be bent: the site, the origin, whether it saw its owner, how often it says it signed."""

    def __init__(self, site="localhost", origin="http://localhost"):
        self.key, self.id = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16)
        self.site, self.origin, self.flags, self.signed = site, origin, PRESENT | VERIFIED, 0

    def _told(self, act, options):
        challenge = json.loads(options)["challenge"]
        return json.dumps({"type": f"webauthn.{act}", "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, flags=0):
        site = hashlib.sha256(self.site.encode()).digest()
        return site + bytes([self.flags | flags]) + self.signed.to_bytes(4, "big")

    def _answer(self, **response):
        parts = {name: text(value) for name, value in response.items()}
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": parts})

    def make(self, options):
        """A new passkey, with its public key."""
        point = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        data = self._data(NEW) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(clientDataJSON=self._told("create", options), attestationObject=made)

    def sign(self, options, counts=True):
        """One signature more; a copy of the device counts on from where it was copied."""
        self.signed += counts
        told, data = self._told("get", options), self._data()
        signature = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(SHA256()))
        return self._answer(clientDataJSON=told, authenticatorData=data, signature=signature)
