"""`load` as a whole: every fault at once, no secret in any, no traceback for anything a file may hold."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from settings import AnySystem, SettingsError, load
from settings.fault import Fault
from settings.given import Rule, has
from settings.rules import KUBE_RULES, RULES, certificate, cluster, front, network, registry, replication, secret, ssh, storage
from settings.rules import before as before_cluster
from settings.section import Section
from settings.shape import is_hosts, section_of
from settings.topology import MODELS
from tests.unit.settings.authority import Authority, pem
from tests.unit.settings.valid import ABSENT, FULL_KUBERNETES, STORE_KEYS, Stack

FULL: dict[str, Any] = {
    "registry/source": {"ca": "ca.pem", "user": "robot", "proxy": "http://p.example:3128"},
    "tls": {"files": {"certificate": "leaf.pem", "ca": "ca.pem"}},
    "ssh/bastion": {"address": "192.168.23.9", "port": 22, "user": "jump"},
    "access/pull": ["192.168.16.0/20"],
    "trust": {"system": True},
}
ALL_RULES = list({id(rule): rule for rule in (*RULES, *KUBE_RULES)}.values())
"""Of every topology, each once."""
CANARY = "hunter2-Tr0ub4dor"
JUNK = (
    *(None, True, False, 0, -1, 5, 10**5000, 1.5, float("nan"), "", "x", "on", "5", "a\0b", "\u202e", "x" * 5000, "fd00::1", "[", "~x/y"),
    *([], {}, [[]], [None], {"a": None}, {None: 1}, {1: 2}, {"a": {"b": {"c": []}}}, ["x", "x"], {True: "192.168.23.9"}, b"x", ("x",)),
    *("192.168.23.51", "192.168.23.0/24", "{x}", "%s", "\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc"),
)


@pytest.fixture
def full(stack: Stack) -> Stack:
    """A stack in which every optional section is there."""
    authority = Authority()
    (stack.base / "ca.pem").write_bytes(pem(authority.certificate))
    (stack.base / "leaf.pem").write_bytes(pem(authority.issue()))
    stack.pin("192.168.23.9")
    stack.secrets = {"imagePassword", "tlsKey"}
    return stack.change(**FULL)


@pytest.fixture
def full_kubernetes(kubernetes: Stack) -> Stack:
    """The same in a cluster."""
    authority = Authority()
    (kubernetes.base / "ca.pem").write_bytes(pem(authority.certificate))
    (kubernetes.base / "leaf.pem").write_bytes(pem(authority.issue(("registry.example.com",))))
    kubernetes.secrets = {"imagePassword", "tlsKey"}
    return kubernetes.change(**FULL_KUBERNETES)


@pytest.fixture
def full_before(full_kubernetes: Stack, before: Stack) -> Stack:
    """The same with fronts before it."""
    authority = Authority()
    (before.base / "ca.pem").write_bytes(pem(authority.certificate))
    names = ("registry.example.com", "192.168.44.10", "192.168.44.11", "192.168.44.12")
    (before.base / "leaf.pem").write_bytes(pem(authority.issue(names)))
    before.pin("192.168.44.9")
    before.secrets = {"imagePassword", "tlsKey", "statsPassword"}
    return before.change(**{"ssh/bastion": {"address": "192.168.44.9"}, "haproxy/check/interval": "1s", "access/pull": ["192.168.44.0/24"]})


@pytest.fixture
def full_fronted(fronted: Stack) -> Stack:
    """The same behind fronts."""
    authority = Authority()
    (fronted.base / "ca.pem").write_bytes(pem(authority.certificate))
    names = ("registry.example.com", "10.20.0.10", "10.20.0.11", "10.20.0.12")
    (fronted.base / "leaf.pem").write_bytes(pem(authority.issue(names)))
    fronted.pin("10.20.0.9")
    fronted.secrets = {"imagePassword", "tlsKey", "statsPassword", *STORE_KEYS}
    fronted.change(**{**FULL, "ssh/bastion/address": "10.20.0.9", "access/pull": ["10.20.0.0/16"], "access/push": ["10.20.0.31"]})
    return fronted.change(**{"haproxy/balance": "source", "storage/s3/folder": "prod/images", "storage/s3/redirect": True})


def test_full_settings_accepted(full: Stack) -> None:
    """Everything at once is fine when each is."""
    assert full.faults() == ()


def test_full_settings_behind_fronts_accepted(full_fronted: Stack) -> None:
    """So it is in the other topology."""
    assert full_fronted.faults() == ()


def test_faults_all_at_once_and_sorted(stack: Stack) -> None:
    """Values, keys, rules, files and secrets are judged together; a rule runs over the sections that did parse."""
    stack.secrets = {"password-bob"}
    (stack.base / "id_ed25519").unlink()
    faults = stack.change(
        **{
            "vip/vrid": 0,
            "vip/address": "192.168.23.51/20",
            "tls/key": "RSA-1024",
            "tls/validity": "10d",
            "registries/registry02": "192.168.23.51",
            "registry/imgae": "x",
            "ports": [443, 443],
            "name": ABSENT,
        }
    ).faults()
    assert [fault.path for fault in faults] == [
        "ha-registry:password-bob",
        "name",
        "ports",
        "registries.registry02.address",
        "registry.imgae",
        "ssh.key",
        "tls.key",
        "tls.validity",
        "vip.address",
        "vip.address",
        "vip.vrid",
    ]


def test_fault_reads_as_one_line() -> None:
    """PATH: VALUE: RULE; REMEDY, the form in which hosts refuse too."""
    fault = Fault("vip.vrid", "0", "must be 1 to 255", "write the number")
    assert str(fault) == "vip.vrid: 0: must be 1 to 255; write the number"
    assert str(SettingsError([fault, fault])) == str(fault)


@pytest.mark.parametrize("raw", [None, [], "x", 5, True])
def test_system_is_no_mapping(stack: Stack, raw: Any) -> None:
    """A whole section of the wrong kind is a fault like any other."""
    with pytest.raises(SettingsError, match=r"ha-registry:system: .*must be a mapping"):
        load(raw, stack.base, "test", ())


def test_now_is_the_default_of_the_clock(full: Stack) -> None:
    """Without `now` the machine's own clock judges certificates: the fixture's are of a later time."""
    with pytest.raises(SettingsError, match="is valid only from 2029"):
        load(full.system, full.base, "test", full.secrets)


def test_alias_to_itself_is_refused(stack: Stack) -> None:
    """YAML can hold itself; that is a fault too."""
    endless: dict[str, Any] = {}
    endless["http"] = endless
    (fault,) = stack.change(**{"registry/config": endless}).faults()
    assert "nested deeper" in fault.rule


def attributes(section: Section, above: str = "") -> Iterator[str]:
    for name, value in vars(section).items():
        yield f"{above}{name}"
        if isinstance(value, Section):
            yield from attributes(value, f"{above}{name}.")


def without(system: AnySystem, path: str) -> AnySystem:
    made = copy.deepcopy(system)
    *above, last = path.split(".")
    holder: Any = made
    for name in above:
        holder = vars(holder)[name]
    del vars(holder)[last]
    return made


@pytest.mark.parametrize(
    ("topology", "rule"),
    [
        *((each, rule) for each in ("full", "full_fronted") for rule in RULES),
        *((each, rule) for each in ("full_kubernetes", "full_before") for rule in KUBE_RULES),
    ],
    ids=lambda value: value if isinstance(value, str) else value.check.__name__,
)
def test_rule_needs_no_more_than_it_says(rule: Any, topology: str, request: pytest.FixtureRequest) -> None:
    """A rule never meets a draft that lacks what it reads; and it says nothing where what it names is absent."""
    given = request.getfixturevalue(topology).given()
    for path in attributes(given.system):
        draft = without(given.system, path)
        vars_of_given = {**vars(given), "system": draft}
        assert tuple(rule.faults(type(given)(**vars_of_given))) == ()
        if path in rule.needs:
            assert not has(draft, path)


@pytest.mark.parametrize("rule", ALL_RULES, ids=[rule.check.__name__ for rule in ALL_RULES])
def test_rule_needs_settings_that_there_are(rule: Rule) -> None:
    """What a rule needs is a setting of one topology at least, so that a misspelt need is no need that is always met."""
    known = {name for model in MODELS.values() for name in names_of(model)}
    assert set(rule.needs) <= known


def names_of(model: type[Section], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{above}{name}"
        below = section_of(field)
        if below and not is_hosts(field):
            yield from names_of(below, f"{above}{name}.")


def test_every_rule_is_asked() -> None:
    """A rule that is written is in the list that `load` goes through, once."""
    written = [
        value
        for module in (before_cluster, certificate, cluster, front, network, registry, replication, secret, ssh, storage)
        for value in vars(module).values()
        if isinstance(value, Rule)
    ]
    assert sorted(rule.check.__qualname__ for rule in written) == sorted(rule.check.__qualname__ for rule in ALL_RULES)
    assert all(len(set(map(id, asked))) == len(asked) for asked in (RULES, KUBE_RULES))


SECRETS_IN_WRONG_PLACES: list[dict[str, Any]] = [
    {"users": {"admin": CANARY}},
    {"users": [f"admin:{CANARY}"]},
    {"users": [{"admin": CANARY}]},
    {"users": [f"{CANARY}!"]},
    {"password": CANARY},
    {"sshKey": CANARY},
    {"ssh/privateKey": CANARY},
    {"ssh/key": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}\n"},
    {"ssh": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}\n"},
    {"tls/key": f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n"},
    {"tls/files": {"certificate": "a", "ca": "b", "key": CANARY}},
    {"registry/source/user": f"robot:{CANARY}"},
    {"registry/source/password": CANARY},
    {"registry/source/proxy": f"http://robot:{CANARY}@proxy.example:3128"},
    {"registry/image": f"robot:{CANARY}@r.example/registry:3.1.1"},
    {"registry/image": f"https://robot:{CANARY}@r.example/registry:3.1.1"},
    {"registry/config": {"http": {"secret": CANARY}}},
    {"registry/config": {"auth": {"htpasswd": {"realm": CANARY}}}},
    {"registry/config": {"http": CANARY}},
    {"registry/auth": {"username": "robot", "password": CANARY}},
    {"storage": {"s3": {"bucket": "registry", "secretKey": CANARY}}},
    {"storage": {"s3": {"bucket": "registry", "endpoint": f"https://robot:{CANARY}@rgw.example"}}},
    {"storage": {"cephfs": {"monitors": ["10.0.0.1"], "user": f"client.{CANARY}"}}},
    {"storage": {"cephfs": {"monitors": ["10.0.0.1"], "key": CANARY}}},
    {"storage": {"nfs": {"server": "nas", "export": "/x", "options": [f"password={CANARY}"]}}},
    {"s3SecretKey": CANARY},
    {"topology": "fronted", "haproxy/stats/password": CANARY},
    {"topology": "fronted", "haproxy/stats/user": f"admin:{CANARY}"},
    {"topology": "fronted", "haproxy/stats/auth": f"admin:{CANARY}"},
]


@pytest.mark.parametrize("changes", SECRETS_IN_WRONG_PLACES, ids=str)
def test_secret_in_the_wrong_place_is_not_echoed(stack: Stack, changes: dict[str, Any]) -> None:
    """What looks like a secret put where it does not belong is refused without being shown."""
    faults = stack.change(**changes).faults()
    assert faults
    assert CANARY not in "\n".join(map(str, faults))


def places(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, below in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (*above, key)
        if isinstance(below, (dict, list)):
            yield from places(below, (*above, key))


def mutate(system: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    made = copy.deepcopy(system)
    for _ in range(chance.randint(1, 3)):
        *above, key = chance.choice(list(places(made)))
        holder: Any = made
        for part in above:
            holder = holder[part]
        what = chance.random()
        if what < 0.2:
            del holder[key]
        elif what < 0.4 and isinstance(holder, dict):
            holder[chance.choice(("vrid", "x y", 5, None, "", "\x1b[31m", key * 2 if isinstance(key, str) else key))] = copy.deepcopy(
                chance.choice(JUNK)
            )
        else:
            holder[key] = copy.deepcopy(chance.choice(JUNK))
        if not made:
            break
    return made


@pytest.mark.parametrize("topology", ["full", "full_fronted", "full_kubernetes", "full_before"])
def test_junk_is_refused_without_traceback(topology: str, request: pytest.FixtureRequest) -> None:
    """Whatever a file holds, `load` returns settings or raises SettingsError with one printable line per fault."""
    stack: Stack = request.getfixturevalue(topology)
    chance, valid, refused = random.Random(20240229), stack.system, 0
    for _ in range(1500):
        stack.system = mutate(valid, chance)
        faults = stack.faults()
        refused += bool(faults)
        assert list(faults) == sorted(set(faults))
        assert [line for line in map(str, faults) if not line.isprintable() or len(line) > 1500] == []
    assert refused > 1000
