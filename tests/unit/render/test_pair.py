"""What a pair puts on its hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import yaml

from render import firewall, identity, precheck, proof, registry, trust, vip
from render.layout import PORTS_OF_ROLE
from render.plain import Authorities, plain_scripts, scripts_of
from render.script import Script, digest
from settings import Host, Pair, Vms
from tests.golden.cases import CASES, HOST_CASES
from tests.scripts.concerns import CA, material

Load = Callable[[Mapping[str, Any]], Pair]
STATE_LIMIT = 250_000
"""Bytes of state per host: stdin is kept in inputs and in outputs."""
MOST_COMMANDS = 8


def authorities_of(system: Vms) -> Authorities:
    """The CAs that a case names by file."""
    return Authorities(image=CA, storage=CA if system.storage.s3 and system.storage.s3.ca else "")


def all_scripts_of(system: Vms, host: Host) -> list[Script]:
    """All scripts of one host, secret ones included."""
    made = [precheck.script(system, host, "0" * 16), *scripts_of(system, host, authorities_of(system))]
    if host not in system.clients:
        made += [identity.script(host, material(system, host))]
    if host == (*system.clients, *system.members)[0]:
        made += [proof.script(system, host, ca_bundle=CA, user="admin", password="x" * 32, changes="0" * 16)]
    return made


@pytest.mark.parametrize("case", HOST_CASES)
def test_state_of_a_host_stays_small(case: str, load_system: Load) -> None:
    """At most 8 scripts per host beside the proof, at most 250 KB of state: every `up` moves it to the backend and back."""
    system = load_system(CASES[case]())
    for host in system.hosts:
        made = all_scripts_of(system, host)
        assert len([script for script in made if script.concern != "proof"]) <= MOST_COMMANDS
        assert 2 * sum(len(script.text.encode()) for script in made) < STATE_LIMIT


def test_concerns_are_unique_on_a_host(system: Pair) -> None:
    """Host and concern name the resource, so no pair of them comes twice."""
    names = [(script.host, script.concern) for host in system.hosts for script in all_scripts_of(system, host)]
    assert len(names) == len(set(names))


def test_digest_is_stable_and_follows_every_setting(load_system: Load) -> None:
    """Same settings, same digest; each case has its own, so each difference runs precheck and proof."""
    digests, again = ({case: _digest(load_system(make())) for case, make in HOST_CASES.items()} for _ in range(2))
    assert digests == again
    assert len(set(digests.values())) == len(HOST_CASES)


def _digest(system: Vms) -> str:
    return digest(plain_scripts(system, authorities_of(system)).values())


def test_plain_scripts_carry_no_secret_concern(system: Pair) -> None:
    """Neither identity, which carries secrets, nor precheck and proof, which carry the digest itself."""
    plain = {script.concern for script in plain_scripts(system, Authorities()).values()}
    assert plain == {"base", "firewall", "registry", "replication", "vip", "trust"}


# --- registry


def _config(system: Pair, *, read_only: bool = False) -> dict[str, Any]:
    return yaml.safe_load(registry.script(system, system.registries[0]).files["reader.yml" if read_only else "writer.yml"])


def test_config_is_the_same_on_every_host(system: Pair) -> None:
    """Replicas of one registry may not differ, and carry no secret."""
    first, second = (registry.script(system, host).files for host in system.registries)
    assert first["writer.yml"] == second["writer.yml"]
    assert "secret" not in first["writer.yml"].lower()


def test_config_merge_keeps_both(system_mapping: dict[str, Any], load_system: Load) -> None:
    """registry.config adds keys beside ours at any depth and takes none away."""
    more = {"registry": {"config": {"http": {"headers": {"X-Added": ["1"]}}, "notifications": {"endpoints": [{"name": "n"}]}}}}
    plain, merged = _config(load_system(system_mapping)), _config(load_system(system_mapping | more))
    assert merged["http"]["headers"] == {**plain["http"]["headers"], "X-Added": ["1"]}
    (ours,) = plain["notifications"]["endpoints"]
    assert merged["notifications"] == {"endpoints": [ours, {"name": "n"}]}
    assert merged["http"]["tls"] == plain["http"]["tls"]
    others = plain.keys() - {"http", "notifications"}
    assert {key: merged[key] for key in others} == {key: plain[key] for key in others}


def test_those_who_may_not_push_get_a_read_only_registry(system: Pair, load_system: Load, system_mapping: dict[str, Any]) -> None:
    """access.push makes a reader on the same data; without it there is one registry and no redirect by source."""
    script = registry.script(system, system.registries[0])
    assert script.facts["ROLES"] == ("writer", "reader")
    assert _config(system, read_only=True)["storage"]["maintenance"]["readonly"] == {"enabled": True}
    assert _config(system)["storage"]["maintenance"]["readonly"] == {"enabled": False}
    assert 'PUSH="192.168.23.51/32 192.168.23.52/31"' in script.files["container.env"], "the registries copy images to each other"
    everybody = load_system(system_mapping | {"access": {}})
    script = registry.script(everybody, everybody.registries[0])
    assert script.facts["ROLES"] == ("writer",)
    assert "reader.yml" not in script.files
    assert "PORT_reader" not in script.files["container.env"]


def test_two_purgers_never_run_on_the_same_data(system: Pair) -> None:
    """Only the writer purges uploads: the reader works on the same folder."""
    assert _config(system)["storage"]["maintenance"]["uploadpurging"]["enabled"] is True
    assert _config(system, read_only=True)["storage"]["maintenance"]["uploadpurging"]["enabled"] is False


def test_no_cache_and_no_health_file(system: Pair) -> None:
    """A cache in memory lies after a change through the other node; a failing file check would answer 503 to everything."""
    config = _config(system)
    assert "cache" not in config["storage"]
    assert "file" not in config["health"]


def test_slots_and_roles_have_ports_of_their_own() -> None:
    """Two slots run side by side during a change, so no port is used twice."""
    ports = [port for slots in PORTS_OF_ROLE.values() for port in slots.values()]
    assert len(ports) == len(set(ports)) == 4


# --- firewall


def _rules(system: Pair, host: Host | None = None) -> str:
    return firewall.script(system, host or system.registries[0]).files["firewall.nft"]


def test_firewall_without_access_pull_lets_everybody_reach_the_ports(system: Pair) -> None:
    """Only container ports, IPv6 and foreign VRRP are dropped."""
    drops = [line.split(" drop")[0].strip() for line in _rules(system).splitlines() if " drop" in line and " dport { 80, 443 }" in line]
    assert drops == ["meta nfproto ipv6 tcp dport { 80, 443 }"]


def test_firewall_with_access_pull_always_lets_the_stack_itself_in(load_system: Load) -> None:
    """Named networks, and the registries, clients and VIP, or a wrong access.pull would cut the system in two."""
    system = load_system(CASES["pair-minimal"]() | {"access": {"pull": ["10.1.0.0/16"]}, "clients": {"push01": "192.168.23.53"}})
    (rule,) = [line for line in _rules(system).splitlines() if "access.pull" in line]
    networks = [ip_network(text.strip()) for text in rule.split("{")[2].split("}")[0].split(",")]
    for address in ("10.1.2.3", "192.168.23.50", "192.168.23.51", "192.168.23.52", "192.168.23.53"):
        assert any(ip_address(address) in network for network in networks)
    assert not any(ip_address("192.168.23.54") in network for network in networks)


def test_firewall_knows_vrrp_from_peers_only(system: Pair) -> None:
    """Each host accepts adverts of the other registry and of nobody else."""
    for host, peer in zip(system.registries, reversed(system.registries), strict=True):
        (rule,) = [line for line in _rules(system, host).splitlines() if "vrrp ip saddr" in line]
        assert f"!= {{ {peer.address} }}" in rule


def test_firewall_never_touches_ssh(load_system: Load) -> None:
    """No rule names port 22 and the policy accepts: we cannot lock ourselves out."""
    for make in HOST_CASES.values():
        system = load_system(make())
        for host in system.hosts:
            if host not in system.clients:
                rules = _rules(system, host)
                assert "policy accept" in rules
                assert "22" not in {word.strip(",") for word in rules.split()}


# --- vip


def test_keepalived_priorities_fall_in_the_order_of_the_settings(system: Pair) -> None:
    """First registry: 254; each next 4 less; never 255, which is the address owner's."""
    texts = [vip.script(system, host).files["keepalived.conf"] for host in system.registries]
    assert [re.findall(r"^  priority (\d+)$", text, re.MULTILINE) for text in texts] == [["254"], ["250"]]


def test_keepalived_peers_are_all_the_others(system: Pair) -> None:
    """Unicast from the host's own address to every other member: a peer missing on one side is two holders."""
    for host in system.registries:
        text = vip.script(system, host).files["keepalived.conf"]
        peers = text.split("unicast_peer {")[1].split("}")[0].split()
        assert peers == [str(member.address) for member in system.registries if member != host]
        assert f"unicast_src_ip {host.address}\n" in text


def test_keepalived_of_a_stranger_is_refused(system: Pair) -> None:
    """A host that is no member has no priority."""
    with pytest.raises(ValueError, match="not in"):
        vip.script(system, system.clients[0])


@pytest.mark.parametrize(("advert", "text", "orphan"), [("100ms", "0.1", "0.60"), ("10ms", "0.01", "0.33"), ("1s", "1", "3.32")])
def test_keepalived_advert_in_seconds(advert: str, text: str, orphan: str, load_system: Load) -> None:
    """advert_int is in seconds; a dead keepalived's address goes after the last in line has taken over, plus a margin."""
    mapping = CASES["pair"]()
    mapping["vip"]["advert"] = advert
    system = load_system(mapping)
    files = vip.script(system, system.registries[0]).files
    assert f"advert_int {text}\n" in files["keepalived.conf"]
    assert f"sleep {orphan}\n" in files["keepalived.service.conf"]


def test_keepalived_tracks_one_file_per_writer_without_weight(system: Pair) -> None:
    """unit, prober and planned move have a file each; with nopreempt a weight would never move the VIP."""
    text = vip.script(system, system.registries[0]).files["keepalived.conf"]
    for writer in ("unit", "probe", "moved"):
        assert f"file /run/ha-registry/{writer}.down\n" in text
        assert f"    {writer} weight 0\n" in text
    assert "state BACKUP\n" in text
    assert "  nopreempt\n" in text


def test_keepalived_uses_the_interface_of_the_host(load_system: Load) -> None:
    """A host may name its own interface."""
    system = load_system(CASES["pair-full"]())
    texts = [vip.script(system, host).files["keepalived.conf"] for host in system.registries]
    assert ["interface ens192\n" in texts[0], "interface ens224\n" in texts[1]] == [True, True]
    assert "nopreempt" not in texts[0]


# --- trust, precheck, proof


@pytest.mark.parametrize(
    ("ports", "endpoints"),
    [([443], ["r.example.com"]), ([5000], ["r.example.com:5000"]), ([443, 80], ["r.example.com", "r.example.com:80"])],
)
def test_endpoints_are_written_as_in_image_names(ports: list[int], endpoints: list[str], load_system: Load) -> None:
    """443 is never written in an image name, every other port is: folders of certs.d must match that."""
    system = load_system(CASES["pair-minimal"]() | {"name": "r.example.com", "ports": ports})
    assert list(trust.endpoints(system)) == endpoints


def test_trust_writes_only_the_named_stores(load_system: Load) -> None:
    """trust.* decide which stores are touched."""
    system = load_system(CASES["pair-full"]())
    script = trust.script(system, system.registries[0], CA)
    assert script.facts["STORES"] == ["/etc/docker/certs.d"]
    assert script.facts["SYSTEM_STORE"] == "yes"
    assert not [name for name in script.files if name.startswith("hosts.toml")]


@pytest.mark.parametrize(
    ("image", "proxy", "endpoint"),
    [
        ("docker.io/library/registry:3.1.1", None, "registry-1.docker.io 443"),
        ("library/registry:3.1.1", None, "registry-1.docker.io 443"),
        ("mirror.dev.com/registry:3.1.1", None, "mirror.dev.com 443"),
        ("mirror.dev.com:5000/library/registry:3.1.1", None, "mirror.dev.com 5000"),
        ("mirror.dev.com:5000/library/registry:3.1.1", "http://proxy.dev.com:3128", "proxy.dev.com 3128"),
    ],
)
def test_precheck_knows_where_the_image_comes_from(image: str, proxy: str | None, endpoint: str, load_system: Load) -> None:
    """Host and port as Docker reads the first part of a reference; through a proxy, the proxy."""
    mapping = CASES["pair-minimal"]() | {"registry": {"image": image, "source": {"proxy": proxy} if proxy else {}}}
    system = load_system(mapping)
    assert precheck.script(system, system.registries[0], "").facts["FETCH_FROM"] == endpoint


def test_proof_writes_only_from_where_pushing_is_allowed(system: Pair) -> None:
    """A host outside access.push is not asked to push."""
    facts = {
        host.name: proof.script(system, host, ca_bundle=CA, user="admin", password="x", changes="").facts["WRITES"] for host in system.hosts
    }
    assert facts == {"registry01": "no", "registry02": "no", "push01": "yes"}


def test_material_does_not_show_in_a_traceback(system: Pair) -> None:
    """The repr of what carries secrets has none."""
    shown = repr(material(system, system.registries[0]))
    assert not [secret for secret in ("PRIVATE-KEY-TEXT", "HTTP-SECRET-TEXT", "HASH-TEXT", "PULL-PASSWORD") if secret in shown]
