"""The installation's key: what it signs, seals and evidence packages, anybody can check with the public half.

Ed25519 (RFC 8032). The private key never leaves the home folder; losing it breaks nothing that was signed
before, as long as the public key was published.
"""

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from data_access.private_files import kept_private
from data_access.settings import settings


class UnusableKey(Exception):
    """What should be a key is none; the message says what to do."""


def private_key() -> Ed25519PrivateKey:
    """The key of this installation, made on first use and kept in `home/signing-key`, mode 0600.

    Raises:
        UnusableKey: the file is there but holds no Ed25519 key.
    """
    file = settings().home / "signing-key"
    made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kept = kept_private(file, made.decode())
    try:
        key = load_pem_private_key(kept.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKey(
            f"签名密钥 {file} 已损坏，请从备份恢复 / "
            f"the signing key {file} is damaged; restore it from a backup"
        )
    return key


def public_key_pem() -> str:
    """The public half of the installation's key, which everybody may have."""
    found = private_key().public_key()
    return found.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(data: bytes) -> bytes:
    """The installation's signature, 64 bytes."""
    return private_key().sign(data)


def is_signed(data: bytes, signature: bytes, pem: str) -> bool:
    """True when the key in `pem` belongs to the one that signed exactly these bytes.

    Raises:
        UnusableKey: `pem` holds no public Ed25519 key.
    """
    try:
        _public(pem).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def fingerprint(pem: str) -> str:
    """What people compare a public key by: SHA-256 of its 32 bytes, as groups of four hexadecimal digits.

    Raises:
        UnusableKey: `pem` holds no public Ed25519 key.
    """
    told = hashlib.sha256(_public(pem).public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()
    return " ".join(told[at : at + 4] for at in range(0, len(told), 4))


def _public(pem: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UnusableKey("不是 Ed25519 公钥（PEM 格式） / not a public Ed25519 key in PEM format")
    return key
