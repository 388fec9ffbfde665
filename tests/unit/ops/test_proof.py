"""What `ops proof` makes of the deployed proof, run through a real sshd."""

from __future__ import annotations

import re

from tests.unit.ops.conftest import Ops


def test_proof_is_applied_on_its_host_alone(ops: Ops) -> None:
    """The script of the concern `proof`, with the verb of `up`; what it left out is said, and how long it took."""
    ops.script("registry01", "vip", f"touch {ops.folder}/touched\n")
    ops.script("push01", "proof", '[ "$1" = apply ] && echo "skipped proof.client no Docker on push01"\n')
    said = ops("proof").stdout
    assert re.fullmatch(r"skipped proof\.client no Docker on push01\nproved from push01 in \d+\.\d s\n", said)
    assert not (ops.folder / "touched").exists()


def test_failed_proof_says_what_it_expected(ops: Ops) -> None:
    """Its own words and its own exit code; the password in its text is in neither stream."""
    password = "the-password-in-the-proof"
    ops.script("push01", "proof", f"# {password}\necho 'failed push01 proof: 192.168.23.50:443: expected 200, got 503' >&2\nexit 75\n")
    said = ops("proof", expect=75)
    assert said.stderr == "failed push01 proof: 192.168.23.50:443: expected 200, got 503\n"
    assert password not in said.stdout + said.stderr


def test_stack_without_proof_is_told_to_run_up(ops: Ops) -> None:
    """The last `up` ended before its proof: exit 1, and what to do."""
    ops.script("registry01", "vip", "exit 0\n")
    assert ops("proof", expect=1).stderr == "x: the last up ended before its proof; run: pulumi up --stack x\n"
