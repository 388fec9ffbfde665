"""The way onto the hosts: private key, pinned host keys, bastion."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat

from settings import Fault
from settings.known_hosts import host_keys
from settings.rules import ssh
from tests.unit.settings.valid import ABSENT, HOST_KEY, Stack


def key_of(algorithm: str, filler: bytes) -> str:
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (algorithm.encode(), filler))
    return f"{algorithm} {base64.b64encode(blob).decode()}"


ED25519, ECDSA, RSA = key_of("ssh-ed25519", b"e" * 32), key_of("ecdsa-sha2-nistp256", b"c" * 80), key_of("ssh-rsa", b"r" * 270)


def hashed(host: str, salt: bytes = b"s" * 20) -> str:
    digest = hmac.new(salt, host.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def only(stack: Stack) -> Fault:
    (fault,) = stack.faults()
    return fault


def test_key_from_file(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is the home of who runs pulumi; the paths of the result are absolute."""
    monkeypatch.setenv("HOME", str(stack.base))
    loaded = stack.change(**{"ssh/key": "~/id_ed25519", "ssh/knownHosts": "~/known_hosts"}).load()
    assert (loaded.ssh.key, loaded.ssh.known_hosts) == (str(stack.base / "id_ed25519"), str(stack.base / "known_hosts"))


def test_key_from_secret(stack: Stack) -> None:
    """Without `ssh.key` the secret holds it; known_hosts is by default beside the stack file, named after the stack."""
    (stack.base / "known_hosts").rename(stack.base / "Pulumi.test.known_hosts")
    stack.secrets = {"sshKey"}
    loaded = stack.change(ssh=ABSENT).load()
    assert (loaded.ssh.key, loaded.ssh.known_hosts) == (None, str(stack.base / "Pulumi.test.known_hosts"))


@pytest.mark.parametrize("both", [True, False])
def test_key_from_one_place(stack: Stack, both: bool) -> None:
    """A key given twice could be either, one given nowhere reaches no host."""
    if both:
        stack.secrets = {"sshKey"}
    else:
        stack.change(**{"ssh/key": ABSENT})
    fault = only(stack)
    assert fault.path == "ssh.key"
    assert ("given twice" if both else "no secret sshKey") in fault.rule
    assert ("pulumi config rm --stack test sshKey" if both else "pulumi config set --stack test --secret sshKey") in fault.remedy
    assert list(ssh.ssh_key_comes_from_one_place.faults(stack.given())) == [fault]


@pytest.mark.parametrize(
    ("make", "says", "remedy"),
    [
        ("missing", "does not exist (looked for ", "write the path"),
        ("folder", "is no file", "write the path"),
        ("public", "is not a private key", "without .pub"),
        ("broken", "cannot be read", "ssh-keygen -t ed25519"),
        ("open", "used by others too (mode 0640)", "chmod 600"),
        ("passphrase", "has a passphrase", "ssh-keygen -t ed25519"),
        ("pem passphrase", "has a passphrase", "ssh-keygen -t ed25519"),
        ("rsa 1024", "RSA key of 1024 bits", "ssh-keygen -t ed25519"),
        ("nobody's home", "does not exist", "write the path"),
    ],
)
def test_key_file_unusable(stack: Stack, make: str, says: str, remedy: str) -> None:
    """A key file that ssh would refuse is refused here, with what is wrong with it."""
    spoil_key(stack, make)
    fault = only(stack)
    assert fault.path == "ssh.key"
    assert says in fault.rule
    assert remedy in fault.remedy
    assert list(ssh.ssh_key_file_is_usable.faults(stack.given())) == [fault]


def spoil_key(stack: Stack, how: str) -> None:
    path, new = stack.base / "id_ed25519", Ed25519PrivateKey.generate()
    locked = BestAvailableEncryption(b"secret")
    contents = {
        "public": lambda: new.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "broken": lambda: path.read_bytes()[:120],
        "passphrase": lambda: new.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, locked),
        "pem passphrase": lambda: ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked),
        "rsa 1024": lambda: rsa.generate_private_key(65537, 1024).private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        ),
    }
    if how in contents:
        path.write_bytes(contents[how]())
    elif how == "open":
        path.chmod(0o640)
    elif how == "nobody's home":
        stack.change(**{"ssh/key": "~no-such-user/id"})
    else:
        path.unlink()
        if how == "folder":
            path.mkdir()


def test_known_hosts_missing(stack: Stack) -> None:
    """Without the file there is one fault with the one command that makes it, and the reminder to compare."""
    (stack.base / "known_hosts").unlink()
    fault = only(stack)
    assert fault.path == "ssh.knownHosts"
    assert f"ssh-keyscan -t ed25519,ecdsa 192.168.23.51 192.168.23.52 192.168.23.53 >> {stack.base}/known_hosts" in fault.remedy
    assert "compare the fingerprint" in fault.remedy
    assert list(ssh.every_host_key_is_pinned.faults(stack.given())) == [fault]


def test_known_hosts_lacks_a_host(stack: Stack) -> None:
    """A host without key is named, with the command that fetches its key; RSA alone does not count."""
    (stack.base / "known_hosts").write_text(f"192.168.23.51 {HOST_KEY}\n192.168.23.52 {RSA}\n")
    assert [fault.path for fault in stack.faults()] == ["clients.push01.address", "registries.registry02.address"]
    assert "ssh-keyscan -t ed25519,ecdsa 192.168.23.52 >>" in stack.faults()[1].remedy


def test_known_hosts_behind_a_bastion(stack: Stack) -> None:
    """The bastion's own key is pinned at its own port; what lies behind it is scanned from there."""
    stack.change(**{"ssh/bastion": {"address": "192.168.23.9", "port": 2222}, "ssh/port": 2200})
    (stack.base / "known_hosts").write_text("")
    faults = {fault.path: fault for fault in stack.faults()}
    assert set(faults) == {
        "ssh.bastion.address",
        "clients.push01.address",
        "registries.registry01.address",
        "registries.registry02.address",
    }
    assert "run `ssh-keyscan -p 2222 -t ed25519,ecdsa 192.168.23.9 >>" in faults["ssh.bastion.address"].remedy
    assert "on the bastion run `ssh-keyscan -p 2200" in faults["clients.push01.address"].remedy
    stack.pin("[192.168.23.9]:2222", *(f"[192.168.23.{last}]:2200" for last in (51, 52, 53)))
    assert stack.faults() == ()


@pytest.mark.parametrize(
    ("lines", "port", "expected"),
    [
        ([f"10.0.0.1 {ED25519}"], 22, ED25519),
        ([f"10.0.0.1 {RSA}", f"10.0.0.1 {ECDSA}", f"10.0.0.1 {ED25519} a comment"], 22, ED25519),
        ([f"10.0.0.1 {RSA}", f"10.0.0.1 {ECDSA}"], 22, ECDSA),
        ([f"10.0.0.1 {RSA}"], 22, None),
        ([f"{hashed('10.0.0.1')} {ED25519}"], 22, ED25519),
        ([f"{hashed('10.0.0.2')} {ED25519}"], 22, None),
        ([f"{hashed('[10.0.0.1]:2200')} {ED25519}"], 2200, ED25519),
        ([f"[10.0.0.1]:2200 {ED25519}"], 2200, ED25519),
        ([f"[10.0.0.1]:2200 {ED25519}"], 22, None),
        ([f"10.0.0.1 {ED25519}"], 2200, None),
        ([f"node1,10.0.0.1 {ED25519}"], 22, ED25519),
        ([f"10.0.0.* {ED25519}"], 22, ED25519),
        ([f"10.0.0.*,!10.0.0.1 {ED25519}"], 22, None),
        ([f"10.0.0.12 {ED25519}"], 22, None),
        ([f"@revoked 10.0.0.1 {ED25519}", f"10.0.0.1 {ED25519}"], 22, None),
        ([f"@cert-authority 10.0.0.1 {ED25519}"], 22, None),
        ([f"#10.0.0.1 {ED25519}", f"# 10.0.0.1 {ED25519}"], 22, None),
        ([f"10.0.0.1 {ED25519[:40]}", f"10.0.0.1 {ECDSA}"], 22, ECDSA),
        (["10.0.0.1 ssh-ed25519", "|1|xx ssh-ed25519 AAAA", "10.0.0.1 ssh-ed25519 ****"], 22, None),
    ],
)
def test_host_key_found(tmp_path: Path, lines: list[str], port: int, expected: str | None) -> None:
    """The key that OpenSSH would accept for the address, ed25519 first, or none."""
    path = tmp_path / "known_hosts"
    path.write_text("\n".join(lines) + "\n")
    assert host_keys(path, ["10.0.0.1"], port) == ({"10.0.0.1": expected} if expected else {})
