"""Rules over addresses, names and ports of hosts and the VIP."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from settings.fault import Fault
from settings.given import AnyGiven, Given, roles, rule
from settings.model import Pair
from settings.reserved import OWN_PORTS

MEMBERS = 2
"""Hosts that may hold the VIP: the registries of a pair, the fronts before any number of registries."""
MAX_PORTS = 8
POINT_TO_POINT = 31
"""From this prefix on a network has no address of its own and no broadcast (RFC 3021)."""
ADVERT_STEP_MS, ADVERT_MAX_MS = 10, 1000


@rule("registries")
def pair_has_two_registries(given: Given) -> Iterator[Fault]:
    """A pair is exactly two."""
    count = len(given.system.registries)
    if isinstance(given.system, Pair) and count != MEMBERS:
        named = ", ".join(host.name for host in given.system.registries) or "none"
        yield Fault("registries", named, f"a pair is exactly {MEMBERS} registries, not {count}", "name two hosts, NAME: ADDRESS each")


@rule("registries", "fronts", "clients")
def hosts_have_names_of_their_own(given: Given) -> Iterator[Fault]:
    """No name stands in two roles."""
    first: dict[str, str] = {}
    for path, host in roles(given.system):
        other = first.setdefault(host.name, path)
        if other != path:
            yield Fault(path, host.name, f"is also {other}", _one_role(path, other))


@rule("registries", "fronts", "clients")
def hosts_have_addresses_of_their_own(given: Given) -> Iterator[Fault]:
    """No address stands twice: a registry and a front on one machine would both take its ports."""
    first: dict[object, str] = {}
    for path, host in roles(given.system):
        other = first.setdefault(host.address, path)
        if other != path:
            yield Fault(f"{path}.address", str(host.address), f"is also {other}.address", _one_role(path, other))


def _one_role(path: str, other: str) -> str:
    """What to do about a host that stands in the role of `path` and in that of `other`."""
    role, kept = path.split(".")[0], other.split(".")[0]
    if role == kept:
        return "write each host's own address"
    if role == "clients":
        return f"remove the client; {kept} trust the CA anyway"
    return "give the front a machine of its own: haproxy and a registry both take `ports` there"


@rule("vip.address", "registries", "fronts", "clients")
def vip_is_no_host(given: Given) -> Iterator[Fault]:
    """The VIP moves, so it is no host's own address."""
    vip = given.system.vip.address.ip
    for path, host in roles(given.system):
        if host.address == vip:
            yield Fault(
                "vip.address", str(vip), f"is the own address of {path}", f"choose a free address in the network of {_holders(given)}"
            )


@rule("vip.address", "registries", "fronts")
def vip_is_in_the_network_of_its_members(given: Given) -> Iterator[Fault]:
    """With a prefix, the VIP's network holds every host that may hold the VIP."""
    vip = given.system.vip.address
    if vip.network.prefixlen == vip.max_prefixlen:
        return
    for host in given.system.members:
        if host.address not in vip.network:
            rule_ = f"{_holders(given)}.{host.name} ({host.address}) is outside its network {vip.network}"
            yield Fault("vip.address", str(vip), rule_, "write the prefix that the interface has, or no prefix (then /32)")


@rule("vip.address")
def vip_is_an_address_of_a_host(given: Given) -> Iterator[Fault]:
    """Not the network's own address, nor its broadcast."""
    vip = given.system.vip.address
    yield from _ends("vip.address", str(vip), vip.ip, vip.network)


@rule("vip.address", "registries", "fronts", "clients")
def hosts_have_addresses_of_hosts(given: Given) -> Iterator[Fault]:
    """In the VIP's network neither."""
    for path, host in roles(given.system):
        yield from _ends(f"{path}.address", str(host.address), host.address, given.system.vip.address.network)


@rule("registries", "fronts", "clients")
def interfaces_carry_the_vip(given: Given) -> Iterator[Fault]:
    """An interface is named where the VIP may be, and nowhere else."""
    for path, host in roles(given.system):
        if host.interface and host not in given.system.members:
            rule_ = "has no effect: the VIP is never on this host"
            yield Fault(f"{path}.interface", host.interface, rule_, f"remove it, or write it beneath {_holders(given)}")


def _holders(given: Given) -> str:
    """The role of the hosts that may hold the VIP."""
    return "registries" if isinstance(given.system, Pair) else "fronts"


def _ends(path: str, value: str, address: object, network: IPv4Network) -> Iterator[Fault]:
    if network.prefixlen >= POINT_TO_POINT:
        return
    for end, what in ((network.network_address, "network address"), (network.broadcast_address, "broadcast address")):
        if address == end:
            yield Fault(path, value, f"is the {what} of {network}", "choose the address of a host in it")


@rule("vip.advert")
def advert_is_what_vrrp_can_say(given: Given) -> Iterator[Fault]:
    """VRRPv3 counts centiseconds; above a second a fault is noticed too late."""
    advert = given.system.vip.advert
    millis = advert.amount
    if millis > ADVERT_MAX_MS or millis % ADVERT_STEP_MS:
        yield Fault(
            "vip.advert", advert.text, "must be 10ms to 1s in steps of 10ms (RFC 5798 counts centiseconds)", "write for example 100ms"
        )


@rule("ports")
def ports_are_some(given: AnyGiven) -> Iterator[Fault]:
    """At least one, each once, few enough to be meant."""
    ports = given.system.ports
    if not ports:
        yield Fault("ports", "a list", "is empty, so no client could connect", "write [443], or leave it out")
    if len(ports) > MAX_PORTS:
        yield Fault("ports", f"{len(ports)} ports", f"are more than {MAX_PORTS}", "keep those that clients write")
    for port in sorted({port for port in ports if ports.count(port) > 1}):
        yield Fault("ports", str(port), "stands there twice", "write each port once")


@rule("ports")
def ports_are_not_ours(given: Given) -> Iterator[Fault]:
    """The containers listen on ports of their own, to which those of the clients are redirected; the agent on another."""
    for port in sorted(set(given.system.ports) & set(OWN_PORTS)):
        yield Fault("ports", str(port), f"is taken on every registry host by us: {OWN_PORTS[port]}", "choose another port")


@rule("ports", "ssh.port")
def ports_leave_ssh_alone(given: Given) -> Iterator[Fault]:
    """A redirected SSH port locks everybody out."""
    for port in sorted(set(given.system.ports) & {22, given.system.ssh.port}):
        yield Fault("ports", str(port), "is where SSH listens; redirected, nobody reaches the host any more", "choose another port")


@rule("ssh.port")
def ssh_port_is_not_ours(given: Given) -> Iterator[Fault]:
    """And where sshd listens, nothing of ours can."""
    port = given.system.ssh.port
    if port in OWN_PORTS:
        yield Fault("ssh.port", str(port), f"is taken on every registry host by us: {OWN_PORTS[port]}", "let sshd listen elsewhere")


@rule("hosts_entries", "name", "registries", "fronts", "clients")
def name_is_no_host(given: Given) -> Iterator[Fault]:
    """With `hostsEntries` the name means the VIP on every host, also on the one that is called so."""
    if not given.system.hosts_entries:
        return
    for path, host in roles(given.system):
        if host.name == given.system.name:
            yield Fault(
                "name", host.name, f"is also the name of {path}, and hostsEntries maps it to the VIP", "rename the host, or the registry"
            )


@rule("access.push", "access.pull")
def pushers_may_pull(given: Given) -> Iterator[Fault]:
    """Who pushes also reads; `access.pull` decides who gets in at all."""
    pull = given.system.access.pull
    for network in given.system.access.push:
        if pull and not any(network.subnet_of(allowed) for allowed in pull):
            yield Fault("access.push", str(network), f"is not inside access.pull ({_listed(pull)})", "add it to access.pull too")


@rule("ssh.bastion.address", "vip.address", "registries", "fronts", "clients")
def bastion_is_no_host(given: Given) -> Iterator[Fault]:
    """The jump host stands before the others, so it is none of them."""
    bastion = given.system.ssh.bastion
    if bastion is None:
        return
    taken: defaultdict[object, list[str]] = defaultdict(list, {given.system.vip.address.ip: ["the VIP"]})
    for path, host in roles(given.system):
        taken[host.address].append(path)
    for path in taken[bastion.address]:
        remedy = "write the jump host's own address, or leave ssh.bastion out"
        yield Fault("ssh.bastion.address", str(bastion.address), f"is the address of {path}", remedy)


def _listed(networks: Iterable[IPv4Network]) -> str:
    return ", ".join(map(str, networks))


ANYWHERE = (ports_are_some,)
RULES = (
    *ANYWHERE,
    pair_has_two_registries,
    hosts_have_names_of_their_own,
    hosts_have_addresses_of_their_own,
    vip_is_no_host,
    vip_is_in_the_network_of_its_members,
    vip_is_an_address_of_a_host,
    hosts_have_addresses_of_hosts,
    interfaces_carry_the_vip,
    advert_is_what_vrrp_can_say,
    ports_are_not_ours,
    ports_leave_ssh_alone,
    ssh_port_is_not_ours,
    name_is_no_host,
    pushers_may_pull,
    bastion_is_no_host,
)
