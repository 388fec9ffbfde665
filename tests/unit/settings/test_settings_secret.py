"""Secrets beside the settings: only their names are known here, and those must fit."""

from __future__ import annotations

from typing import Any

import pytest

from settings import Fault, secret_names
from settings.given import Rule
from settings.rules import secret
from tests.unit.settings.valid import ABSENT, STORE_KEYS, Stack

NEW = "give it the new value on standard input"


@pytest.mark.parametrize(
    ("rule", "secrets", "plain", "expected"),
    [
        (secret.pull_user_has_a_password, {"imagePassword"}, (), ("ha-registry:imagePassword", "has no use", "registry.source.user")),
        (secret.own_certificate_has_a_key, {"tlsKey"}, (), ("ha-registry:tlsKey", "has no use", "tls.files")),
        (secret.passwords_belong_to_users, {"password-bob"}, (), ("ha-registry:password-bob", "bob, who is not in users", "add the user")),
        (secret.secrets_are_encrypted, (), {"password-admin"}, ("ha-registry:password-admin", "in plain text", NEW)),
        (secret.storage_has_its_keys, {"s3AccessKey"}, (), ("ha-registry:s3AccessKey", "has no use", "storage.s3")),
        (secret.storage_has_its_keys, {"cephKey"}, (), ("ha-registry:cephKey", "has no use", "storage.cephfs")),
        (secret.stats_password_has_a_page, {"statsPassword"}, (), ("ha-registry:statsPassword", "has no use", "topology: fronted")),
        (secret.secrets_are_encrypted, (), {"s3SecretKey"}, ("ha-registry:s3SecretKey", "in plain text", NEW)),
        (secret.secrets_are_known, {"s3secretkey"}, (), ("ha-registry:s3secretkey", "is not a key", "did you mean s3SecretKey?")),
        (secret.secrets_are_known, {"tlskey"}, (), ("ha-registry:tlskey", "is not a key", "did you mean tlsKey?")),
        (secret.secrets_are_known, (), {"vip"}, ("ha-registry:vip", "is not a key", "known are sshKey")),
    ],
)
def test_secret_refused(stack: Stack, rule: Rule, secrets: set[str], plain: set[str], expected: tuple[str, str, str]) -> None:
    """A secret that nothing reads, or in plain text, is one fault that shows its name alone."""
    stack.secrets, stack.plain = secrets, plain
    faults = stack.faults()
    assert [(fault.path, fault.value) for fault in faults] == [(expected[0], "(not shown)")]
    assert expected[1] in faults[0].rule
    assert expected[2] in faults[0].remedy
    assert tuple(rule.faults(stack.given())) == faults


def test_pull_user_needs_a_password(stack: Stack) -> None:
    """Who pulls the image has a password, read from standard input, never an argument."""
    stack.change(**{"registry/source/user": "robot$mirror"})
    expected = Fault(
        "registry.source.user",
        "robot$mirror",
        "has no password: the secret imagePassword is not set",
        "run `pulumi config set --stack test --secret imagePassword` and give it the password on standard input",
    )
    assert stack.faults() == (expected,)
    assert tuple(secret.pull_user_has_a_password.faults(stack.given())) == (expected,)
    stack.secrets = {"imagePassword"}
    assert stack.faults() == ()


def test_own_certificate_needs_a_key(stack: Stack) -> None:
    """A certificate of the user's own is nothing without its key."""
    stack.change(tls={"files": {"certificate": "absent.pem", "ca": "absent.pem"}})
    (fault,) = secret.own_certificate_has_a_key.faults(stack.given())
    assert (fault.path, fault.value) == ("tls.files", "(missing)")
    assert "--secret tlsKey" in fault.remedy
    assert fault in stack.faults()


def test_passwords_of_users_accepted(stack: Stack) -> None:
    """A user's password may be given."""
    stack.secrets = {"password-admin"}
    assert stack.faults() == ()


def test_secret_names_follow_the_settings(stack: Stack) -> None:
    """Which secrets the program reads follows from the settings."""
    assert secret_names(stack.load()) == {"password-admin"}
    stack.change(**{"ssh/key": ABSENT, "registry/source/user": "bob", "users": ["a", "b"]})
    stack.secrets = {"sshKey", "imagePassword"}
    assert secret_names(stack.load()) == {"password-a", "password-b", "sshKey", "imagePassword"}


@pytest.mark.parametrize(
    ("storage", "missing"),
    [
        ({"s3": {"bucket": "registry"}}, ["s3AccessKey", "s3SecretKey"]),
        ({"cephfs": {"monitors": ["10.0.0.1"]}}, ["cephKey"]),
    ],
)
def test_storage_needs_its_keys(fronted: Stack, storage: dict[str, Any], missing: list[str]) -> None:
    """Each missing key is a fault with the command that sets it, and with all of them there is none."""
    fronted.secrets = ()
    faults = fronted.change(storage=storage).faults()
    assert [(fault.path, fault.value) for fault in faults] == [(f"storage.{next(iter(storage))}", "(missing)") for _ in missing]
    assert all(f"--secret {name}`" in fault.remedy for name, fault in zip(missing, faults, strict=True))
    assert tuple(secret.storage_has_its_keys.faults(fronted.given())) == faults
    fronted.secrets = set(missing)
    assert fronted.faults() == ()
    assert secret_names(fronted.load()) == {"password-admin", "statsPassword", *missing}


def test_stats_password_may_be_given(fronted: Stack) -> None:
    """It is generated, unless it is set."""
    fronted.secrets = STORE_KEYS | {"statsPassword"}
    assert fronted.faults() == ()
