"""A user's password and its bcrypt hash, stable from one preview to the next."""

from __future__ import annotations

import base64

import bcrypt
import pulumi
import pulumi_random as random

GENERATED_LENGTH, GENERATED_COST, OWN_COST = 32, 5, 10
"""The registry checks bcrypt on every request: cost 10 is 57 ms of CPU, cost 5 is 1.8 ms (measured); 190 random bits need no more."""
_RADIX_64 = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)
"""From RFC 4648 to bcrypt's own order of the same 64 characters."""


class Password:
    """The user's own password, or a generated one; the salt lives in the state, else every preview would differ."""

    text: pulumi.Output[str]
    hash: pulumi.Output[str]

    def __init__(self, name: str, own: pulumi.Output[str] | None, mine: pulumi.ResourceOptions) -> None:
        salt = random.RandomBytes(f"{name}-salt", length=16, opts=mine)
        if own is None:
            generated = random.RandomPassword(name, length=GENERATED_LENGTH, special=False, opts=mine)
            self.text, cost = generated.result, GENERATED_COST
        else:
            self.text, cost = own, OWN_COST
        self.hash = pulumi.Output.secret(
            pulumi.Output.all(self.text, salt.base64).apply(lambda known: bcrypt_hash(known[0], known[1], cost))
        )


def bcrypt_hash(password: str, salt: str, cost: int) -> str:
    """`$2b$` hash of `password` with `salt` (16 bytes in base64); same input, same hash. Raises ValueError on another salt."""
    raw = base64.b64decode(salt)
    if len(raw) != 16:
        raise ValueError(f"a bcrypt salt has 16 bytes, this one {len(raw)}")
    text = base64.b64encode(raw).decode().rstrip("=").translate(_RADIX_64)
    return bcrypt.hashpw(password.encode(), f"$2b${cost:02d}${text}".encode()).decode()
