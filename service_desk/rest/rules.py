"""How an API key is made, written, taken apart and compared; pure, so that it can be read and tested alone."""

import hashlib
import hmac
import ipaddress
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

MARK = "sdk"
PREFIX_LENGTH = 8
SECRET_BYTES = 24  # 192 random bits: far beyond guessing, so one fast hash is enough to store it
LONGEST_LIFE = timedelta(days=366)
_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as it is shown once: its public prefix and the whole text."""

    prefix: str
    plaintext: str

    @property
    def digest(self) -> str:
        """What is stored instead of the key."""
        return digest_of(self.plaintext)


def new_key() -> KeyText:
    """A fresh random key."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(PREFIX_LENGTH))
    return KeyText(prefix, f"{MARK}_{prefix}_{secrets.token_hex(SECRET_BYTES)}")


def parse_key(text: str) -> KeyText | None:
    """The key's parts, or None when the text has not the form of a key."""
    parts = text.split("_")
    if len(parts) != 3 or parts[0] != MARK or len(parts[1]) != PREFIX_LENGTH:
        return None
    if not set(parts[1]) <= set(_ALPHABET) or len(parts[2]) != 2 * SECRET_BYTES or not parts[2].isascii():
        return None
    return KeyText(parts[1], text)


def digest_of(plaintext: str) -> str:
    """SHA-256 of the whole key, in hexadecimal digits."""
    return hashlib.sha256(plaintext.encode()).hexdigest()


def same_digest(one: str, other: str) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)


def normal_networks(networks: Iterable[str]) -> list[str]:
    """Addresses and networks in CIDR form; raises ValueError naming the first that is neither."""
    return [str(ipaddress.ip_network(text.strip(), strict=False)) for text in networks]


def address_in(address: str | None, networks: Iterable[str]) -> bool:
    """Whether the address lies in one of the networks; an unknown address lies in none."""
    if not address:
        return False
    ip = ipaddress.ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return any((mapped or ip) in ipaddress.ip_network(network) for network in networks)
