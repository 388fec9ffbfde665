"""Rules over the way onto the hosts: the private key and the pinned host keys."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from settings.fault import MISSING, Fault, shown
from settings.given import Given, known_hosts, roles, rule
from settings.known_hosts import host_keys, scan_command
from settings.rules.file import content
from settings.secret import SSH_KEY

OTHERS = 0o077
"""Mode bits of group and others: OpenSSH refuses a key that has any."""
LEAST_RSA_BITS = 2048


@rule("ssh.key")
def ssh_key_comes_from_one_place(given: Given) -> Iterator[Fault]:
    """A file or a secret, not both, not neither."""
    key, is_secret = given.system.ssh.key, SSH_KEY in given.secrets
    if key and is_secret:
        rule_ = f"is given twice: this file and the secret {SSH_KEY}"
        yield Fault("ssh.key", shown(key), rule_, f"remove ssh.key, or run `pulumi config rm --stack {given.stack} {SSH_KEY}`")
    if not key and not is_secret:
        remedy = f"name the private key's file in ssh.key, or {given.set_secret(SSH_KEY, 'the private key')}"
        yield Fault("ssh.key", MISSING, f"is needed to reach the hosts, as there is no secret {SSH_KEY} either", remedy)


@rule("ssh.key")
def ssh_key_file_is_usable(given: Given) -> Iterator[Fault]:
    """There, private to its owner, a private key without passphrase."""
    written = given.system.ssh.key
    if not written:
        return
    data, path = content(given, "ssh.key", written), given.file(written)
    if path.stat().st_mode & OTHERS:
        mode = f"{path.stat().st_mode & 0o777:04o}"
        yield Fault("ssh.key", shown(written), f"may be used by others too (mode {mode})", f"run `chmod 600 {shlex.quote(str(path))}`")
    why = _unusable(data)
    if why:
        yield Fault("ssh.key", shown(written), *why)


def _unusable(data: bytes) -> tuple[str, str] | None:
    """The rule that a private key breaks, and the remedy; None where it is fine."""
    make = "make one with `ssh-keygen -t ed25519 -N '' -f FILE`"
    if b"PRIVATE KEY-----" not in data:
        return "is not a private key", f"name the file without .pub, or {make}"
    load = load_ssh_private_key if b"BEGIN OPENSSH PRIVATE KEY" in data else load_pem_private_key
    try:
        key = load(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if "password" in str(error).lower() or "encrypted" in str(error).lower():
            return "has a passphrase, which nobody can type during `pulumi up`", f"{make} for this purpose alone, or use a key without one"
        return "is a private key that cannot be read", make
    if isinstance(key, RSAPrivateKey) and key.key_size < LEAST_RSA_BITS:
        return f"is an RSA key of {key.key_size} bits, which sshd refuses", make
    return None


@rule("ssh.known_hosts", "ssh.port", "ssh.bastion.address", "ssh.bastion.port", "registries", "fronts", "clients")
def every_host_key_is_pinned(given: Given) -> Iterator[Fault]:
    """A host whose key is unknown could be another host."""
    system, path = given.system, known_hosts(given, given.system.ssh)
    bastion, hosts = system.ssh.bastion, dict(roles(system))
    wanted = {str(host.address): name for name, host in hosts.items()}
    written = system.ssh.known_hosts or path.name
    compare = f"compare the fingerprint (`ssh-keygen -lf {shlex.quote(str(path))}`) with what the host's console says"
    where = "on the bastion run" if bastion else "run"
    if not path.is_file():
        command = scan_command(path, wanted, system.ssh.port)
        yield Fault("ssh.knownHosts", shown(written), f"is missing (looked for {path})", f"{where} `{command}`, and {compare}")
        return
    content(given, "ssh.knownHosts", str(path))
    known = host_keys(path, wanted, system.ssh.port)
    for address, name in wanted.items():
        if address not in known:
            command = scan_command(path, [address], system.ssh.port)
            rule_ = f"has no ed25519 or ECDSA host key in {path}"
            yield Fault(f"{name}.address", address, rule_, f"{where} `{command}`, and {compare}")
    if bastion and not host_keys(path, [bastion.address], bastion.port):
        command = scan_command(path, [bastion.address], bastion.port)
        yield Fault(
            "ssh.bastion.address", str(bastion.address), f"has no ed25519 or ECDSA host key in {path}", f"run `{command}`, and {compare}"
        )


RULES = (ssh_key_comes_from_one_place, ssh_key_file_is_usable, every_host_key_is_pinned)
