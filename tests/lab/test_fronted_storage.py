"""The storage behind all registries is away, or away for a moment: an alarm, and no reason to move the VIP."""

from __future__ import annotations

import pytest

from tests.lab.client import Client
from tests.lab.fronted import Fronted
from tests.lab.pushes import Pushes
from tests.lab.serving import Moves, await_standing
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

NOTICED_S = 60
BEGIN_AGAIN = ("PATCH: status 416", "PUT blob: status 400")
"""Of an upload whose part was answered with 202 and did not reach the store: the registry writes it after its answer (3.1.1)."""
CONCURRENT = 20


def addresses(whole: Fronted) -> list[str]:
    return [str(host.address) for host in whole.registries]


def test_stopped_storage_is_an_alarm_and_moves_nothing(whole: Fronted, pusher: Client) -> None:
    """While S3 does not answer, /health and the API say 503 and the VIP stays on a front that keeps running; afterwards all serve."""
    holder, standby = await_standing(whole)
    digest = pusher.push("storage/kept:1")
    with Moves(whole) as moves:
        with whole.storage_stopped():
            eventually(lambda: whole.health().status, lambda seen: seen == "503", what="/health says 503", within_s=NOTICED_S)
            assert set(whole.health().replicas.values()) == {"down"}
            assert pusher.status("/v2/storage/kept/manifests/1") == "503"
            assert whole.vip_holders() == [holder.name]
        assert await_standing(whole) == (holder, standby)
    moves.assert_at_most(0)
    pusher.pull("storage/kept:1", digest)
    pusher.push_and_pull()


def test_restarted_storage_loses_no_acknowledged_push(whole: Fronted) -> None:
    """S3 restarts twice under pushes: they fail with 5xx or lose an upload, none of what was acknowledged (201); the VIP stays."""
    with Moves(whole) as moves, Pushes(whole, read_at=addresses(whole), clients=4, at_least=10) as pushes:
        for _ in range(2):
            whole.restart_storage()
            eventually(lambda: whole.health().status, lambda seen: seen == "200", what="/health says 200", within_s=NOTICED_S)
    whole.await_replicas()
    moves.assert_at_most(0)
    report = pushes.read_back()
    assert report.acknowledged > 0, report
    assert report.lost == [], report
    assert [cause for cause in report.causes if "status 5" not in cause and not cause.endswith(BEGIN_AGAIN)] == [], report


def test_concurrent_pushes_cross_replicas(whole: Fronted) -> None:
    """20 clients push images of 4 layers at once, the requests of one upload on different replicas: none fails, all are everywhere."""
    since = {host.name: whole.now(host.name) for host in whole.registries}
    with Pushes(whole, read_at=addresses(whole), clients=CONCURRENT, layers=4, at_least=2) as pushes:
        pass
    report = pushes.read_back()
    assert report.failed == 0, report
    assert report.acknowledged >= 2 * CONCURRENT, report
    assert report.lost == [], report
    served = [host.name for host in whole.registries if "PATCH" in whole.journal(host.name, "ha-registry@*", since[host.name])]
    assert served == [host.name for host in whole.registries], "every replica must have had a part of the uploads"
