"""Rules over certificates: those we make, the user's own, and the CA of the image's registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtensionOID

from settings.fault import Fault, shown
from settings.given import AnyGiven, Given, KubeGiven, path_of, rule
from settings.model import TlsFiles
from settings.quantity import Duration
from settings.rules.file import certificates
from settings.secret import TLS_KEY

LONGEST = Duration("3650d")
LONGEST_CA = Duration("36500d")
SHORTEST_RENEWAL = Duration("1d")
LEAST_RSA_BITS = 2048
_CERTIFICATE, _CA = "tls.files.certificate", "tls.files.ca"


@rule("tls.validity", "tls.renewal", "tls.ca_validity")
def renewal_comes_before_the_end(given: AnyGiven) -> Iterator[Fault]:
    """CA outlives certificate, certificate outlives its renewal, all in whole hours."""
    tls = given.system.tls
    for key, duration, longest in (
        ("validity", tls.validity, LONGEST),
        ("renewal", tls.renewal, LONGEST),
        ("caValidity", tls.ca_validity, LONGEST_CA),
    ):
        if duration.amount % Duration.UNITS["h"]:
            yield Fault(f"tls.{key}", duration.text, "must be whole hours", "write it in h or d, e.g. 365d")
        if duration.amount > longest.amount:
            yield Fault(f"tls.{key}", duration.text, f"is longer than {longest}", "write a shorter time; `up` renews in time")
    if tls.renewal.amount < SHORTEST_RENEWAL.amount:
        yield Fault("tls.renewal", tls.renewal.text, f"is shorter than {SHORTEST_RENEWAL}", "write for example 30d")
    if tls.validity.amount <= tls.renewal.amount:
        rule_ = f"is not longer than tls.renewal ({tls.renewal}), so that every `up` would renew"
        yield Fault("tls.validity", tls.validity.text, rule_, "write a longer validity or a shorter renewal")
    if tls.ca_validity.amount <= tls.validity.amount:
        rule_ = f"is not longer than tls.validity ({tls.validity}), so that certificates would outlive their CA"
        yield Fault("tls.caValidity", tls.ca_validity.text, rule_, "write a longer caValidity or a shorter validity")


@rule("tls")
def own_certificate_is_not_made_by_us(given: AnyGiven) -> Iterator[Fault]:
    """With `tls.files` nothing is made, so how it would be made has no effect."""
    tls = given.system.tls
    if not vars(tls).get("files"):
        return
    for name in ("key", "validity", "renewal", "ca_validity"):
        if name in tls.model_fields_set:
            key = type(tls).model_fields[name].alias
            yield Fault(f"tls.{key}", shown(vars(tls).get(name)), "has no effect together with tls.files", "remove this one, or tls.files")


@rule("adopt", "tls.files")
def adopted_registry_keeps_its_certificate(given: Given) -> Iterator[Fault]:
    """Clients we do not list trust what the hand-made registry serves with; a CA of ours would lock them out."""
    if given.system.adopt and given.system.tls.files is None:
        rule_ = "would replace the certificate that the clients of the registry found there trust"
        remedy = f"copy its certificate here and name it in tls.files, and {given.set_secret(TLS_KEY, 'its private key')}"
        yield Fault("adopt", "true", rule_, remedy)


@rule("tls.files.certificate", "name", "vip.address", "registries", "fronts", "clients", "haproxy.mode", "adopt")
def own_certificate_names_everybody(given: Given) -> Iterator[Fault]:
    """Name, VIP and every host that ends TLS, so that clients may use each; of a certificate that is taken over, the name."""
    files, system = given.system.tls.files, given.system
    if files is None:
        return
    names, addresses = _names(_leaf(given, files))
    if not any(_covers(name, system.name) for name in names):
        yield _lacks(files, f"the name {system.name}", f"DNS:{system.name}")
    if system.adopt:
        return
    wanted = [("the VIP", system.vip.address.ip), *((path_of(system, host), host.address) for host in system.endpoints)]
    for what, address in wanted:
        if address not in addresses:
            yield _lacks(files, f"{what} {address}", f"IP:{address}")


@rule("tls.files.certificate", "name")
def own_certificate_names_the_registry(given: KubeGiven) -> Iterator[Fault]:
    """In a cluster only the name: with a certificate that is not ours nothing goes by the nodes' addresses."""
    files, name = given.system.tls.files, given.system.name
    if files and not any(_covers(pattern, name) for pattern in _names(_leaf(given, files))[0]):
        yield _lacks(files, f"the name {name}", f"DNS:{name}")


@rule("tls.files.certificate")
def own_certificate_is_valid_now(given: AnyGiven) -> Iterator[Fault]:
    """Neither expired nor of tomorrow, with a key that clients accept."""
    files = given.system.tls.files
    if files is None:
        return
    leaf = _leaf(given, files)
    yield from _dates(given, _CERTIFICATE, files.certificate, leaf)
    key = leaf.public_key()
    if isinstance(key, RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        rule_ = f"has an RSA key of {key.key_size} bits, which clients refuse"
        yield Fault(_CERTIFICATE, shown(files.certificate), rule_, f"have it issued with {LEAST_RSA_BITS} bits or more, or ECDSA P-256")


@rule("tls.files.certificate", "tls.files.ca")
def own_certificate_is_issued_by_its_ca(given: AnyGiven) -> Iterator[Fault]:
    """The file's certificates lead from the leaf to a CA that clients are told to trust."""
    files = given.system.tls.files
    if files is None:
        return
    authorities = certificates(given, _CA, files.ca)
    for authority in authorities:
        yield from _dates(given, _CA, files.ca, authority)
    chain = certificates(given, _CERTIFICATE, files.certificate)
    if not _leads_to(chain, authorities):
        rule_ = f"is not issued by a certificate in tls.files.ca ({shown(files.ca)})"
        yield Fault(
            _CERTIFICATE, shown(files.certificate), rule_, "append the intermediate certificates to it, or name the CA that issued it"
        )


@rule("registry.source.ca")
def image_ca_is_a_certificate(given: Given) -> Iterator[Fault]:
    """The CA of the registry that serves the image: there, PEM, valid."""
    yield from _authority(given, "registry.source.ca", given.system.registry.source.ca)


@rule("storage.s3.ca")
def store_ca_is_a_certificate(given: AnyGiven) -> Iterator[Fault]:
    """The CA of the bucket's endpoint: there, PEM, valid."""
    s3 = given.system.storage.s3
    yield from _authority(given, "storage.s3.ca", s3 and s3.ca)


@rule("cluster.issuer.ca")
def issuer_ca_is_a_certificate(given: KubeGiven) -> Iterator[Fault]:
    """The CA of cert-manager's issuer: there, PEM, valid."""
    issuer = given.system.cluster.issuer
    yield from _authority(given, "cluster.issuer.ca", issuer and issuer.ca)


def _authority(given: AnyGiven, setting: str, written: str | None) -> Iterator[Fault]:
    if written:
        for certificate in certificates(given, setting, written):
            yield from _dates(given, setting, written, certificate)


def _leaf(given: AnyGiven, files: TlsFiles) -> x509.Certificate:
    return certificates(given, _CERTIFICATE, files.certificate)[0]


def _dates(given: AnyGiven, setting: str, written: str, certificate: x509.Certificate) -> Iterator[Fault]:
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if last < given.now:
        yield Fault(setting, shown(written), f"expired on {last:%Y-%m-%d}", "put a new certificate there")
    if first > given.now:
        yield Fault(
            setting,
            shown(written),
            f"is valid only from {first:%Y-%m-%d}",
            "look at this machine's clock, or put a valid certificate there",
        )


def _names(leaf: x509.Certificate) -> tuple[list[str], list[object]]:
    """DNS names and addresses of the certificate; its common name is read by no client any more."""
    try:
        found = leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, ValueError):
        return [], []
    if not isinstance(found, x509.SubjectAlternativeName):
        return [], []
    return found.get_values_for_type(x509.DNSName), list(found.get_values_for_type(x509.IPAddress))


def addresses_of(given: AnyGiven, files: TlsFiles) -> list[object]:
    """The addresses for which the user's own certificate stands."""
    return _names(_leaf(given, files))[1]


def _covers(pattern: str, name: str) -> bool:
    """Whether a DNS name of a certificate stands for `name`; `*` is one whole label (RFC 6125 6.4.3)."""
    if pattern.lower() == name:
        return True
    return pattern.startswith("*.") and "." in name and pattern[2:].lower() == name.split(".", 1)[1]


def _lacks(files: TlsFiles, what: str, entry: str) -> Fault:
    rule_ = f"does not name {what}, which clients and peers verify"
    return Fault(_CERTIFICATE, shown(files.certificate), rule_, f"have it issued with subjectAltName {entry}")


def _leads_to(chain: Sequence[x509.Certificate], authorities: Sequence[x509.Certificate]) -> bool:
    current, rest = chain[0], list(chain[1:])
    while True:
        if any(current == authority or _issued(current, authority) for authority in authorities):
            return True
        above = next((other for other in rest if _issued(current, other)), None)
        if above is None:
            return False
        rest.remove(above)
        current = above


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


ANYWHERE = (
    renewal_comes_before_the_end,
    own_certificate_is_not_made_by_us,
    own_certificate_is_valid_now,
    own_certificate_is_issued_by_its_ca,
    store_ca_is_a_certificate,
)
RULES = (*ANYWHERE, adopted_registry_keeps_its_certificate, own_certificate_names_everybody, image_ca_is_a_certificate)
KUBE_RULES = (*ANYWHERE, own_certificate_names_the_registry, issuer_ca_is_a_certificate)
