"""switch, a program on the host: changes the live slot without losing a request."""

from __future__ import annotations

import shutil

import pytest

from tests.golden.test_golden import check, tool
from tests.scripts.concerns import Concerns, with_file
from tests.scripts.sandbox import Sandbox

SWITCH = "/usr/local/lib/ha-registry/switch"
LIVE, SLOTS = "var/lib/ha-registry/live", "var/lib/ha-registry/slots"


def _live(host: Sandbox) -> str:
    return (host.root / LIVE).read_text().strip()


def _position(calls: list[str], start: str) -> int:
    found = [index for index, call in enumerate(calls) if call.startswith(start)]
    assert found, f"{start} was not called:\n" + "\n".join(calls)
    return found[0]


def test_switch_redirects_only_when_ready_and_retires_only_then(serving: Sandbox) -> None:
    """Order of a change: start the other slot, ask it, redirect in one transaction, then stop the old without waiting."""
    old = _live(serving)
    serving.program(SWITCH)
    new = _live(serving)
    assert {old, new} == {"a", "b"}
    calls = serving.calls
    started = _position(calls, f"systemctl start ha-registry@writer-{new}.service")
    asked = _position(calls, "curl")
    redirected = _position(calls, "nft -f")
    retired = _position(calls, f"systemctl stop --no-block ha-registry@writer-{old}.service")
    assert started < asked < redirected < retired
    assert not [call for call in calls[redirected:] if call.startswith("curl")]
    assert len([call for call in calls if call.startswith("nft -f")]) == 1


def test_switch_sends_pushers_to_the_writer_and_all_others_to_the_reader(serving: Sandbox) -> None:
    """The table of the live slot: local and foreign clients alike, reader for those who may not push."""
    table = serving.get("nft/ha-registry-live")
    slot = _live(serving)
    writer, reader = {"a": (15443, 15445), "b": (15444, 15446)}[slot]
    rules = [line.strip() for line in table.splitlines() if "redirect" in line]
    pushers, everybody = rules[0::2], rules[1::2]
    assert len(pushers) == len(everybody) == 2  # clients from outside, and on the host itself
    assert {rule.split()[-1] for rule in pushers} == {f":{reader}"}
    # .53 is in access.push; both registries give each other copies
    assert all("ip saddr != { 192.168.23.51/32, 192.168.23.52/31" in rule and "443, 80" in rule for rule in pushers)
    assert {rule.split()[-1] for rule in everybody} == {f":{writer}"}
    assert not [rule for rule in everybody if "saddr" in rule]


def test_table_of_the_live_slot_is_accepted_by_nft(serving: Sandbox) -> None:
    """nft itself loads the table, and loading it again replaces it."""
    nft = tool("nft", "nftables")
    table = serving.state / "nft/ha-registry-live"
    shown = f"$({nft} list ruleset)"
    twice = f'{nft} -f {table} && first="{shown}" && {nft} -f {table} && [ "$first" ] && [ "$first" = "{shown}" ]'
    ran = check("sh", "-c", twice)
    assert ran.returncode == 0, ran.stderr


def test_switch_keeps_the_old_slot_when_the_candidate_dies(serving: Sandbox) -> None:
    """A candidate that ends twice: exit 1 with its last words, nothing of it left, redirect and VIP state untouched."""
    old, table = _live(serving), serving.get("nft/ha-registry-live")
    serving.set("candidate-is-broken", "")
    ran = serving.program(SWITCH, expect=1)
    other = {"a": "b", "b": "a"}[old]
    assert ran.out.startswith("the new registry did not become ready")
    assert "the old one keeps serving" in ran.out
    assert "error parsing config.yml" in ran.out
    assert "goroutine" not in ran.out
    assert "cobra" not in ran.out
    assert all(len(line) <= 400 for line in ran.out.splitlines())
    assert _live(serving) == old
    assert serving.get("nft/ha-registry-live") == table
    assert not (serving.root / SLOTS / other).exists()
    assert not serving.has(f"units/active/ha-registry@writer-{other}.service")
    assert serving.has(f"units/active/ha-registry@writer-{old}.service")
    assert not [call for call in serving.calls if call.startswith("nft")]
    assert not [call for call in serving.calls if call.startswith("systemctl stop") and f"-{old}." in call]


def test_switch_that_was_killed_is_finished_by_the_next(serving: Sandbox) -> None:
    """kill -9 between redirect and retirement: the next switch ends with exactly one slot, both roles of it running."""
    serving.fault("block", "systemctl stop --no-block *")
    serving.kill_when_blocked(f'exec "{serving.root}{SWITCH}"\n')
    serving.program(SWITCH)
    active = sorted(path.name for path in (serving.state / "units/active").glob("ha-registry@*"))
    assert active == [f"ha-registry@{role}-{_live(serving)}.service" for role in ("reader", "writer")]


def test_slot_keeps_what_it_was_started_from(scripts: Concerns, serving: Sandbox) -> None:
    """Files that changed without a good switch do not reach the live slot: after a crash it starts as it was proved."""
    slot = serving.root / SLOTS / _live(serving)
    before = (slot / "writer.yml").read_text()
    serving.set("candidate-is-broken", "")
    serving.run(with_file(scripts["registry"], "writer.yml", "version: 9\n"), "apply", expect=75)
    assert (slot / "writer.yml").read_text() == before


def test_container_runs_without_privileges(serving: Sandbox) -> None:
    """No root, no capability, no writable root, no new privileges, no image pulled behind our back; secrets by file only."""
    serving.program(SWITCH, "run", f"writer-{_live(serving)}")
    words = serving.get("docker/run").splitlines()
    for flag, value in {"--user": "990:990", "--cap-drop": "ALL", "--security-opt": "no-new-privileges", "--pull": "never"}.items():
        assert words[words.index(flag) + 1] == value
    assert {"--read-only", "--rm"} <= set(words)
    assert "--privileged" not in words
    assert "HTTP-SECRET-TEXT" not in serving.get("docker/run")
    assert words[words.index("--memory") + 1] == str(1 << 30)
    mounts = [words[index + 1] for index, word in enumerate(words) if word == "--volume"]
    assert [mount for mount in mounts if not mount.endswith(":ro")] == ["/data/registry:/var/lib/registry"]


@pytest.mark.parametrize(("verb", "value"), [("started", "0"), ("stopped", "1")])
def test_only_the_live_writer_speaks_for_the_host(verb: str, value: str, serving: Sandbox) -> None:
    """unit.down follows the live writer; the other slot and the reader may come and go."""
    down = serving.root / "run/ha-registry/unit.down"
    down.write_text("unchanged\n")
    live = _live(serving)
    other = {"a": "b", "b": "a"}[live]
    for instance in (f"writer-{other}", f"reader-{live}", f"reader-{other}"):
        serving.program(SWITCH, verb, instance)
    assert down.read_text() == "unchanged\n"
    serving.program(SWITCH, verb, f"writer-{live}")
    assert down.read_text() == f"{value}\n"


def _replaced(host: Sandbox, *, clients: int) -> str:
    """The writer of the slot that is not live, running, with clients that leave after having been looked for so often."""
    slot = {"a": "b", "b": "a"}[_live(host)]
    shutil.copytree(host.root / SLOTS / _live(host), host.root / SLOTS / slot)
    host.teach("sleep")
    host.container(f"ha-registry-writer-{slot}", publish="", data="")
    host.set(f"docker/containers/ha-registry-writer-{slot}/running", "true")
    host.set(f"clients/{ {'a': 15443, 'b': 15444}[slot] }", str(clients))
    host.forget_calls()
    return slot


def test_replaced_container_is_told_to_end_when_its_last_client_has_left(serving: Sandbox) -> None:
    """No SIGTERM while a connection is open: Go would close an idle one with a request on its way."""
    slot = _replaced(serving, clients=3)
    serving.program(SWITCH, "halt", f"writer-{slot}")
    calls = serving.calls
    looks = [index for index, call in enumerate(calls) if call.startswith("ss ")]
    assert len(looks) == 4
    assert looks[-1] < _position(calls, "docker kill -s TERM") < _position(calls, "docker stop")


def test_replaced_container_may_finish_what_clients_began(serving: Sandbox) -> None:
    """After SIGTERM it is waited for; `docker stop`, which ends in a kill, comes only after that."""
    slot = _replaced(serving, clients=0)
    serving.set("docker/busy", "")
    serving.fault("block", "docker ps -qf *")
    serving.kill_when_blocked(f'exec "{serving.root}{SWITCH}" halt writer-{slot}\n')
    assert [call for call in serving.calls if call.startswith("docker kill -s TERM")]
    assert not [call for call in serving.calls if call.startswith("docker stop")]


def test_slot_that_is_wanted_again_does_not_wait_for_idle_connections(serving: Sandbox) -> None:
    """Two changes shortly after each other: clients of the first may finish requests, not keep the slot by a connection."""
    slot = _replaced(serving, clients=1000)
    (serving.root / SLOTS / slot / "wanted").touch()
    serving.program(SWITCH, "halt", f"writer-{slot}")
    assert not [call for call in serving.calls if call.startswith("ss ")]
    assert _position(serving.calls, "docker kill -s TERM") < _position(serving.calls, "docker stop")


def test_switch_says_that_it_wants_the_slot_before_it_waits_for_it(serving: Sandbox) -> None:
    """Otherwise a kept connection would hold up the next change for the whole time of a drain."""
    other = {"a": "b", "b": "a"}[_live(serving)]
    (serving.root / SLOTS / other).mkdir(parents=True)
    serving.fault("block", f"systemctl stop ha-registry@writer-{other}.service")
    serving.kill_when_blocked(f'exec "{serving.root}{SWITCH}"\n')
    assert (serving.root / SLOTS / other / "wanted").exists()


def test_live_container_ends_soon(serving: Sandbox) -> None:
    """At the end of its host, or of the stack, nothing replaces it, and nobody waits."""
    live = _live(serving)
    serving.container(f"ha-registry-writer-{live}", publish="", data="")
    serving.forget_calls()
    serving.program(SWITCH, "halt", f"writer-{live}")
    assert [call for call in serving.calls if call.startswith("docker")] == [f"docker stop -t 10 ha-registry-writer-{live}"]


def test_switch_of_an_unknown_verb_ends_with_64(serving: Sandbox) -> None:
    """A unit file of another version meets a clear no."""
    assert "no verb explode" in serving.program(SWITCH, "explode", expect=64).err
