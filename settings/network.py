"""Names, addresses, networks and ports as a stack file writes them; IPv4 only."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, IPv6Interface, NetmaskValueError
from typing import Annotated

from settings.fault import refused
from settings.value import Parsed, text, whole

_OCTETS = r"([0-9]{1,3}\.){3}[0-9]{1,3}"
_ADDRESS = rf"^{_OCTETS}$"
_WITH_PREFIX = rf"^{_OCTETS}(/[0-9]{{1,2}})?$"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DNS_NAME = rf"^{_LABEL}(\.{_LABEL})*$"
MAX_DNS_NAME = 253
MIN_VIP_PREFIX = 8


def is_ipv6(value: str) -> bool:
    """Whether the text is an IPv6 address, with or without brackets and prefix."""
    try:
        IPv6Interface(value.strip("[]"))
    except ValueError:
        return False
    return True


def _written(value: object, pattern: str, example: str) -> str:
    """The text of an address, refused by name where it is IPv6."""
    if isinstance(value, str) and is_ipv6(value):
        raise refused("IPv6 is not supported", "write the IPv4 address")
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise refused("must be an IPv4 address as text", f"write for example {example}")
    return value


def _usable(address: IPv4Address) -> IPv4Address:
    kinds = (
        ("loopback", address.is_loopback),
        ("multicast", address.is_multicast),
        ("unspecified", address.is_unspecified or address in IPv4Network("0.0.0.0/8")),
        ("link-local", address.is_link_local),
        ("reserved", address.is_reserved),
    )
    for kind, is_it in kinds:
        if is_it:
            raise refused(f"is a {kind} address, which no host can be reached at", "write the host's own address on the network")
    return address


def _address(value: object) -> IPv4Address:
    if isinstance(value, IPv4Address) and not isinstance(value, IPv4Interface):
        return value
    written = _written(value, _ADDRESS, "192.168.23.51")
    try:
        return _usable(IPv4Address(written))
    except AddressValueError as error:
        raise refused("is not an IPv4 address", "write four numbers from 0 to 255, without leading zeros") from error


def _vip_address(value: object) -> IPv4Interface:
    if isinstance(value, IPv4Interface):
        return value
    written = _written(value, _WITH_PREFIX, "192.168.23.50/20, or no prefix (then /32)")
    try:
        interface = IPv4Interface(written)
    except (AddressValueError, NetmaskValueError) as error:
        raise refused("is not an IPv4 address with prefix", "write for example 192.168.23.50/20, or no prefix (then /32)") from error
    if interface.network.prefixlen < MIN_VIP_PREFIX:
        raise refused(f"has a prefix below /{MIN_VIP_PREFIX}, which no network of hosts has", "write the prefix that the interface has")
    _usable(interface.ip)
    return interface


def _network(value: object) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    written = _written(value, _WITH_PREFIX, "192.168.23.0/24, or 192.168.23.53 for one machine")
    try:
        interface = IPv4Interface(written)
    except (AddressValueError, NetmaskValueError) as error:
        raise refused("is not an IPv4 network", "write for example 192.168.23.0/24, or 192.168.23.53 for one machine") from error
    if interface.ip != interface.network.network_address:
        raise refused(
            f"has host bits set: with /{interface.network.prefixlen} the network is {interface.network}",
            f"write {interface.network} for the network, or {interface.ip} for that one machine",
        )
    return interface.network


def _dns_name(value: object) -> str:
    remedy = "write the name alone, in lower case, e.g. registry.example.com"
    if not isinstance(value, str) or not value:
        raise refused("must be a DNS name", remedy)
    for found, rule in (
        ("://" in value, "has a scheme in it; clients reach it by TLS only"),
        (re.fullmatch(_ADDRESS, value) or is_ipv6(value), "is an IP address; certificates and image names are made for a DNS name"),
        (re.search(r":[0-9]*$", value), "has a port in it; ports are the setting `ports`"),
        ("/" in value, "has a path in it; image names come after the registry's name"),
        (value != value.lower(), "has upper-case letters, which image names refuse"),
        (value == "localhost", "is every host's own loopback"),
        (
            len(value) > MAX_DNS_NAME or not re.fullmatch(_DNS_NAME, value),
            "is not a DNS name: labels of letters, digits and '-', with dots",
        ),
        (value.rsplit(".", 1)[-1].isdigit(), "ends in a number, so clients take it for an IP address"),
    ):
        if found:
            raise refused(rule, remedy)
    return value


Port = Annotated[int, whole(1, 65535, "a TCP port")]
Vrid = Annotated[int, whole(1, 255, "the virtual router id, unique on the layer-2 network (RFC 5798 5.2.3)")]
Address = Annotated[IPv4Address, Parsed(_address, (("type", "string"), ("pattern", _ADDRESS)))]
VipAddress = Annotated[IPv4Interface, Parsed(_vip_address, (("type", "string"), ("pattern", _WITH_PREFIX)))]
Network = Annotated[IPv4Network, Parsed(_network, (("type", "string"), ("pattern", _WITH_PREFIX)))]
DnsName = Annotated[str, Parsed(_dns_name, (("type", "string"), ("pattern", _DNS_NAME), ("maxLength", MAX_DNS_NAME)))]
HostName = Annotated[
    str,
    text(
        rf"^{_LABEL}$",
        "must be one DNS label: lower-case letters, digits and '-', at most 63",
        "write the host's short name, e.g. registry01",
    ),
]
InterfaceName = Annotated[
    str,
    text(
        r"^(?!lo$)[A-Za-z0-9][A-Za-z0-9._-]{0,14}$",
        "must be the name of a network interface: at most 15 letters, digits, '.', '_' and '-', and not lo",
        "write the interface that carries the hosts' addresses, as `ip -brief address` names it",
    ),
]
