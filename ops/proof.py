"""proof: what ends each `up`, run again by hand."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ops.deployed import APPLY, Deployed
from ops.deployment import DeploymentError
from ops.ssh import done

PROOF_S = 600
"""For all pushes and pulls; in the lab it takes about 10 s."""


async def prove(deployed: Deployed) -> Sequence[str]:
    """Pushes and pulls a fresh image from the host that proved the last `up`; returns what was left out, and how long it took.

    Raises:
        DeploymentError: the last `up` did not come as far as its proof.
        HostError: that host cannot be asked.
        VerbError: something was not as it must be.
    """
    script = next(iter(deployed.with_concern("proof").values()), None)
    if script is None:
        raise DeploymentError(f"{deployed.stack}: the last up ended before its proof; run: pulumi up --stack {deployed.stack}")
    begun = time.monotonic()
    said = await done(script, APPLY, limit_s=PROOF_S)
    return [*said, f"proved from {script.host} in {time.monotonic() - begun:.1f} s"]
