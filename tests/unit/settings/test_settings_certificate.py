"""Certificates: lifetimes of ours, and the user's own files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from settings import Fault
from settings.rules import certificate, replication
from tests.unit.settings.authority import NAMES, YEAR, Authority, pem
from tests.unit.settings.valid import ABSENT, NOW, Stack

FILES = {"tls": {"files": {"certificate": "leaf.pem", "ca": "ca.pem"}}}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def own(stack: Stack, authority: Authority) -> Stack:
    """A stack with a certificate of its own, all fine."""
    (stack.base / "leaf.pem").write_bytes(pem(authority.issue()))
    (stack.base / "ca.pem").write_bytes(pem(authority.certificate))
    stack.secrets = {"tlsKey"}
    return stack.change(tls=FILES["tls"])


def only(faults: Any) -> Fault:
    (fault,) = faults
    return fault


@pytest.mark.parametrize(
    ("changes", "path", "says"),
    [
        ({"tls/validity": "20d"}, "tls.validity", "is not longer than tls.renewal (30d)"),
        ({"tls/validity": "30d"}, "tls.validity", "is not longer than tls.renewal (30d)"),
        ({"tls/caValidity": "365d"}, "tls.caValidity", "is not longer than tls.validity (365d)"),
        ({"tls/validity": "3651d", "tls/caValidity": "5000d"}, "tls.validity", "is longer than 3650d"),
        ({"tls/caValidity": "99999d"}, "tls.caValidity", "is longer than 36500d"),
        ({"tls/renewal": "23h"}, "tls.renewal", "is shorter than 1d"),
        ({"tls/validity": "9000m", "tls/renewal": "2d"}, "", ""),
        ({"tls/validity": "500001s", "tls/renewal": "2d"}, "tls.validity", "must be whole hours"),
    ],
)
def test_lifetimes_leave_room_for_renewal(stack: Stack, changes: dict[str, Any], path: str, says: str) -> None:
    """CA outlives certificate, certificate outlives renewal, all in whole hours and none for ever."""
    stack.change(**changes)
    faults = tuple(certificate.renewal_comes_before_the_end.faults(stack.given()))
    assert [fault.path for fault in faults] == ([path] if path else [])
    assert not path or says in faults[0].rule
    assert stack.faults() == faults


def test_own_certificate_accepted(own: Stack) -> None:
    """A certificate that names everybody loads, and its files come back absolute."""
    files = own.load().tls.files
    assert files is not None
    assert (files.certificate, files.ca) == (str(own.base / "leaf.pem"), str(own.base / "ca.pem"))


def test_own_certificate_accepted_by_wildcard_and_intermediate(own: Stack) -> None:
    """One `*` stands for one label, and the leaf may be issued by an intermediate that is in the file."""
    root = Authority("root")
    between = Authority("between", above=root)
    (own.base / "ca.pem").write_bytes(pem(root.certificate))
    (own.base / "leaf.pem").write_bytes(pem(between.issue(("*.example.com", *NAMES[1:])), between.certificate))
    assert own.faults() == ()


@pytest.mark.parametrize(
    ("names", "lacks"),
    [
        (NAMES[1:], "the name registry.example.com"),
        (("*.com", *NAMES[1:]), "the name registry.example.com"),
        ((*NAMES[:1], *NAMES[2:]), "the VIP 192.168.23.50"),
        (NAMES[:3], "registries.registry02 192.168.23.52"),
    ],
)
def test_own_certificate_lacks_a_name(own: Stack, authority: Authority, names: tuple[str, ...], lacks: str) -> None:
    """Name, VIP and each registry must be in subjectAltName; what lacks is named with the entry to ask for."""
    (own.base / "leaf.pem").write_bytes(pem(authority.issue(names)))
    fault = only(own.faults())
    assert (fault.path, fault.value) == ("tls.files.certificate", "leaf.pem")
    assert f"does not name {lacks}," in fault.rule
    assert "subjectAltName" in fault.remedy
    assert list(certificate.own_certificate_names_everybody.faults(own.given())) == [fault]


def test_own_certificate_without_names(own: Stack, authority: Authority) -> None:
    """A certificate with a common name alone lacks all four names, each a fault."""
    (own.base / "leaf.pem").write_bytes(pem(authority.issue(())))
    assert len(own.faults()) == len(NAMES)


@pytest.mark.parametrize(
    ("issue", "says"),
    [
        ({"last": NOW - timedelta(days=1)}, "expired on 2030-05-31"),
        ({"first": NOW + timedelta(days=1)}, "valid only from 2030-06-02"),
        ({"rsa_bits": 1024}, "RSA key of 1024 bits"),
    ],
)
def test_own_certificate_not_valid(own: Stack, authority: Authority, issue: dict[str, Any], says: str) -> None:
    """Expired, of tomorrow, or with a key too short: refused before any host is touched."""
    (own.base / "leaf.pem").write_bytes(pem(authority.issue(**issue)))
    fault = only(own.faults())
    assert fault.path == "tls.files.certificate"
    assert says in fault.rule
    assert list(certificate.own_certificate_is_valid_now.faults(own.given())) == [fault]


def test_own_certificate_of_another_ca(own: Stack) -> None:
    """A leaf that no listed CA issued would be refused by every client."""
    (own.base / "leaf.pem").write_bytes(pem(Authority().issue()))
    fault = only(own.faults())
    assert "is not issued by a certificate in tls.files.ca (ca.pem)" in fault.rule
    assert list(certificate.own_certificate_is_issued_by_its_ca.faults(own.given())) == [fault]


def test_own_ca_expired(own: Stack) -> None:
    """An expired CA makes every certificate worthless."""
    own.now = NOW + 10 * YEAR
    assert [(fault.path, fault.rule.split(" on ")[0]) for fault in own.faults()] == [
        ("tls.files.ca", "expired"),
        ("tls.files.certificate", "expired"),
    ]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"x" * (2**20 + 1), None]
)
@pytest.mark.parametrize("file", ["leaf.pem", "ca.pem"])
def test_own_certificate_unreadable(own: Stack, file: str, content: bytes | None) -> None:
    """A file that is missing, large or no certificate is one fault, though several rules look into it."""
    path = own.base / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    fault = only(own.faults())
    assert fault.path == f"tls.files.{'ca' if file == 'ca.pem' else 'certificate'}"


def test_own_certificate_takes_no_lifetimes(own: Stack) -> None:
    """What says how a certificate is made has no effect beside a ready one, so it is refused."""
    own.change(**{"tls/key": "RSA-4096", "tls/renewal": "30d"})
    faults = own.faults()
    assert [fault.path for fault in faults] == ["tls.key", "tls.renewal"]
    assert tuple(certificate.own_certificate_is_not_made_by_us.faults(own.given())) == faults


@pytest.mark.parametrize(("content", "says"), [(None, "does not exist"), (b"no PEM", "no PEM certificate"), (b"expired", "expired on")])
def test_image_ca_unusable(stack: Stack, authority: Authority, content: bytes | None, says: str) -> None:
    """The CA of the image's registry must be there, PEM and valid."""
    if content:
        (stack.base / "mirror.pem").write_bytes(pem(authority.issue(last=NOW - YEAR / 4)) if content == b"expired" else content)
    fault = only(stack.change(**{"registry/source/ca": "mirror.pem"}).faults())
    assert (fault.path, fault.value) == ("registry.source.ca", "mirror.pem")
    assert says in fault.rule
    assert list(certificate.image_ca_is_a_certificate.faults(stack.given())) == [fault]


def test_image_ca_accepted(stack: Stack, authority: Authority) -> None:
    """A good CA loads, and comes back absolute."""
    (stack.base / "mirror.pem").write_bytes(pem(authority.certificate))
    stack.change(**{"registry/source/ca": "mirror.pem", "tls": ABSENT})
    assert stack.load().registry.source.ca == str(stack.base / "mirror.pem")


def test_adopted_registry_keeps_its_certificate(own: Stack, authority: Authority) -> None:
    """What is taken over serves on with the certificate its clients trust: required, and only the name must be in it."""
    own.system |= {"adopt": True, "replication": {"enabled": False}}
    (own.base / "leaf.pem").write_bytes(pem(authority.issue(NAMES[:1])))
    assert own.faults() == ()
    del own.system["tls"]
    own.secrets.discard("tlsKey")
    fault = only(own.faults())
    assert (fault.path, fault.value) == ("adopt", "true")
    assert "trust" in fault.rule
    assert "tls.files" in fault.remedy


def test_images_are_copied_by_certificates_that_name_both_hosts(own: Stack, authority: Authority) -> None:
    """A certificate that is taken over and names only the registry is a fault for each host where images are copied between them."""
    own.system["adopt"] = True
    assert own.faults() == ()
    (own.base / "leaf.pem").write_bytes(pem(authority.issue(NAMES[:1])))
    assert list(replication.taken_over_certificate_names_both_registries.faults(own.given())) == list(own.faults())
    assert [fault.path for fault in own.faults()] == ["tls.files.certificate"] * 2
    assert "registries.registry01 192.168.23.51" in own.faults()[0].rule
    assert "replication: {enabled: false}" in own.faults()[0].remedy
