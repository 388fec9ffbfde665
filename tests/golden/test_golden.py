"""Exact files of every case, each also read by the program for which it is meant."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from render.layout import CA, FRONT_PEM, STATS_LOGIN
from tests.golden.cases import CASES, own_certificate
from tests.golden.files import GOLDEN, rendered, stored

INTERFACES = ("ens192", "ens224", "eth0")


def tool(name: str, package: str) -> str:
    """Path of a checker; without it the test fails, it is never skipped."""
    found = shutil.which(name) or shutil.which(name, path=f"{Path(sys.executable).parent}:/usr/sbin:/sbin")
    assert found, f"{name} is needed to check rendered files: apt-get install {package}"
    return found


def goldens(name: str) -> Iterator[Path]:
    """Every stored file of this name whose text was not seen before: equal files need one check."""
    seen: set[str] = set()
    for path in sorted(GOLDEN.rglob(name)):
        text = path.read_text()
        if text not in seen:
            seen.add(text)
            yield path


def check(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a checker in a network namespace that has the interfaces of the cases and nothing else."""
    tool("unshare", "util-linux")
    tool("ip", "iproute2")
    links = "; ".join(f"ip link add {name} type bridge && ip link set {name} up" for name in INTERFACES)
    return subprocess.run(
        ["unshare", "--net", "sh", "-c", f'{links}; exec "$@"', "-", *map(str, command)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("case", CASES)
def test_rendered_files_are_the_stored_ones(case: str) -> None:
    """A change of any rendered byte shows in a diff that somebody reads: `make golden` writes it."""
    now, before = rendered(case), stored(case)
    different = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
    assert different == [], f"rendered otherwise than stored: {', '.join(different)}; run make golden and read the diff"


def test_stored_cases_are_the_cases() -> None:
    """No folder of a case that is gone, none missing."""
    assert {folder.name for folder in GOLDEN.iterdir() if folder.is_dir() and not folder.name.startswith("_")} == set(CASES)


def test_keepalived_accepts_its_configuration() -> None:
    """keepalived itself reads every keepalived.conf and has nothing to say against it."""
    keepalived = tool("keepalived", "keepalived")
    version = subprocess.run([keepalived, "--version"], capture_output=True, text=True, check=False).stderr
    for path in goldens("keepalived.conf"):
        ran = check(keepalived, "--config-test", "--use-file", path)
        passed = {0, -15, 143} if "v2.2.7" in version else {0}  # 2.2.7 ends a passed test by a signal
        assert ran.returncode in passed, f"{path}: {ran.stderr}"
        assert "Unknown keyword" not in ran.stderr, f"{path}: {ran.stderr}"
        assert "(Line" not in ran.stderr, f"{path}: {ran.stderr}"


def test_keepalived_check_finds_faults(tmp_path: Path) -> None:
    """The check above can fail: a misspelt keyword is found."""
    text = next(goldens("keepalived.conf")).read_text().replace("nopreempt", "noprempt").replace("advert_int", "advert_it")
    broken = tmp_path / "keepalived.conf"
    broken.write_text(text)
    ran = check(tool("keepalived", "keepalived"), "--config-test", "--use-file", broken)
    assert ran.returncode not in {0, -15, 143} or "(Line" in ran.stderr or "Unknown keyword" in ran.stderr


def haproxy_check(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """`haproxy -c` of a configuration, with a certificate, a CA and a login of the test where the host has its own."""
    certificate, key, ca = own_certificate()
    own = {FRONT_PEM: certificate + key, CA: ca, STATS_LOGIN: "AB" * 32 + "\n"}
    for path, content in own.items():
        at = folder / Path(path).name
        at.write_text(content)
        text = text.replace(path, str(at))
    config = folder / "haproxy.cfg"
    config.write_text(text)
    return check(tool("haproxy", "haproxy"), "-c", "-f", config)


def test_haproxy_accepts_its_configuration(tmp_path: Path) -> None:
    """haproxy itself reads every haproxy.cfg and warns of nothing."""
    for path in goldens("haproxy.cfg"):
        ran = haproxy_check(tmp_path, path.read_text())
        assert ran.returncode == 0, f"{path}: {ran.stdout}{ran.stderr}"
        assert "WARNING" not in ran.stdout + ran.stderr, f"{path}: {ran.stdout}{ran.stderr}"


def test_haproxy_check_finds_faults(tmp_path: Path) -> None:
    """The check above can fail: a misspelt keyword is refused, a rule that comes too late is warned of."""
    text = next(goldens("haproxy.cfg")).read_text()
    assert haproxy_check(tmp_path, text.replace("option redispatch", "option redispath")).returncode != 0
    late = text.replace("  default_backend registries\n", "  use_backend registries if TRUE\n  http-request deny if FALSE\n")
    assert "WARNING" in haproxy_check(tmp_path, late).stderr


def test_nft_accepts_the_firewall(tmp_path: Path) -> None:
    """nft itself reads every table, and refuses one with a fault."""
    nft = tool("nft", "nftables")
    for path in goldens("firewall.nft"):
        ran = check(nft, "-c", "-f", path)
        assert ran.returncode == 0, f"{path}: {ran.stderr}"
    broken = tmp_path / "broken.nft"
    broken.write_text(next(goldens("firewall.nft")).read_text().replace("tcp dport", "tcp dprt"))
    assert check(nft, "-c", "-f", broken).returncode != 0


def test_firewall_loads_twice_and_replaces_itself() -> None:
    """Loading the table again replaces it in one transaction: no rule doubles."""
    nft = tool("nft", "nftables")
    for path in goldens("firewall.nft"):
        load, shown = f"{nft} -f {path}", f"$({nft} list ruleset)"
        twice = f'{load} && first="{shown}" && {load} && [ "$first" ] && [ "$first" = "{shown}" ]'
        ran = check("sh", "-c", twice)
        assert ran.returncode == 0, f"{path}: {ran.stdout}{ran.stderr}"


@pytest.mark.parametrize("program", ["switch", "prober", "replicator", "receiver", "history"])
def test_programs_are_clean_shell(program: str) -> None:
    """bash parses every program and shellcheck finds nothing (SC2153: names that come from a file of settings)."""
    shellcheck = tool("shellcheck", "shellcheck")
    for path in goldens(program):
        subprocess.run(["bash", "-n", path], check=True)
        ran = subprocess.run([shellcheck, "--exclude=SC2153", path], capture_output=True, text=True, check=False)
        assert ran.stdout == "", f"{path}: {ran.stdout}"


def test_units_are_accepted_by_systemd(tmp_path: Path) -> None:
    """systemd-analyze verify has nothing to say against any unit: no unknown key, no missing program."""
    analyze = tool("systemd-analyze", "systemd")
    for number, folder in enumerate(sorted({path.parents[1] for path in GOLDEN.rglob("ha-registry-prober.service")})):
        units = _units_below(tmp_path / str(number), folder)
        ran = subprocess.run(
            [analyze, "verify", "--man=no", f"--root={tmp_path / str(number)}", *units], capture_output=True, text=True, check=False
        )
        ours = [line for line in ran.stderr.splitlines() if "ha-registry" in line]
        assert ours == [], "\n".join(ours)
        assert ran.returncode == 0, ran.stderr


def _units_below(root: Path, folder: Path) -> list[str]:
    """A root with the units of one host, the programs they name and the units they stand beside."""
    at = root / "etc/systemd/system"
    at.mkdir(parents=True)
    units = {path: path.name for kind in ("service", "socket") for path in folder.rglob(f"*.{kind}") if path.is_file()}
    for path in folder.rglob("storage/unit"):
        facts = dict(line.split("=", 1) for line in (path.parent / "facts.sh").read_text().splitlines())
        (units[path],) = shlex.split(facts["UNIT"])
    drop_ins = {path: f"{path.name.removesuffix('.conf')}.d/{path.name}" for path in folder.rglob("*.service.conf")}
    assert len(units) >= 2
    for unit in ("docker.service", "nftables.service", *(path.name.removesuffix(".conf") for path in drop_ins)):
        (at / unit).write_text("[Service]\nExecStart=/usr/bin/env\n")
    for path, name in (units | drop_ins).items():
        (at / name).parent.mkdir(exist_ok=True)
        shutil.copy(path, at / name)
    words = "".join(path.read_text() for path in at.rglob("*") if path.is_file())
    for program in {"/usr/bin/env", *re.findall(r"^Exec\w+=-?(/\S+)", words, re.MULTILINE)}:
        stand_in = root / program.lstrip("/")
        stand_in.parent.mkdir(parents=True, exist_ok=True)
        stand_in.write_text("#!/bin/sh\n")
        stand_in.chmod(0o755)
    for target in ("sysinit", "basic", "shutdown", "multi-user", "network-online", "sockets", "umount"):
        (at / f"{target}.target").write_text("[Unit]\nDescription=stand-in\n")
    for slice_ in ("system.slice", "-.slice"):
        (at / slice_).write_text("[Unit]\nDescription=stand-in\n")
    tested = [*units.values(), *(path.name.removesuffix(".conf") for path in drop_ins)]
    return [name.replace("@.", "@writer-a.") for name in tested]


def test_configurations_parse() -> None:
    """config.yml is YAML with the registry's version, hosts.toml is TOML with the CA it names."""
    for path in goldens("*.yml"):
        assert yaml.safe_load(path.read_text())["version"] == 0.1
    for path in goldens("hosts.toml_*"):
        (host,) = tomllib.loads(path.read_text())["host"].values()
        assert host["ca"].startswith("/etc/containerd/certs.d/")


def test_container_environment_is_plain_assignments() -> None:
    """Programs source it: every line is a comment or one assignment, and sourcing it prints nothing."""
    for path in goldens("container.env"):
        ran = subprocess.run(["bash", "-euc", f". '{path}'"], capture_output=True, text=True, check=True, env={})
        assert ran.stdout + ran.stderr == ""
        for line in path.read_text().splitlines():
            assert line.startswith("#") or line.partition("=")[0].isidentifier()
