"""KubernetesTopology: what each setting makes, and what a change touches."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from components.kubernetes import KubernetesTopology
from components.secrets import Secrets
from components.topology import TopologyArgs
from tests.golden.cases import CASES
from tests.unit.components.cluster import made, objects, text
from tests.unit.components.conftest import Run, secrets_of
from tests.unit.components.engine_double import secret

# --- who gets in


def test_certificate_names_the_nodes_only_where_clients_reach_them(run: Run) -> None:
    """With node ports clients may use any node's address; behind a load balancer no address is promised."""
    (request,) = made(run, "kubernetes-password").of("tls:index/certRequest:CertRequest")
    assert request.inputs["dnsNames"] == ["registry.c.example"]
    assert request.inputs["ipAddresses"] == ["192.168.44.25", "192.168.44.26", "192.168.44.27"]
    (request,) = made(run, "kubernetes-nfs").of("tls:index/certRequest:CertRequest")
    assert request.inputs.get("ipAddresses", []) == []


def test_pull_secrets_log_in_under_every_name(run: Run) -> None:
    """In each listed namespace, called as the registry is, for each port, with the password of the chosen user."""
    found = objects(made(run, "kubernetes-nfs", users=["admin", "puller"], pullUser="puller"))
    for namespace in ("default", "build", "registry"):
        secret = found[f"pull-secret-{namespace}"]
        assert secret.inputs["metadata"]["name"] == "registry.c.example"
        assert secret.inputs["type"] == "kubernetes.io/dockerconfigjson"
        auths = json.loads(text(secret, ".dockerconfigjson"))["auths"]
        assert set(auths) == {"registry.c.example", "registry.c.example:5000"}
        assert {base64.b64decode(each["auth"]).decode() for each in auths.values()} == {"puller:generated identity-puller"}


def test_service_accounts_are_patched_only_where_asked(run: Run) -> None:
    """The default account of a listed namespace uses the pull secret; it is changed, never made or deleted."""
    patches = made(run, "kubernetes-s3").of("kubernetes:core/v1:ServiceAccountPatch")
    assert [(each.inputs["metadata"]["namespace"], each.inputs["imagePullSecrets"]) for each in patches] == [
        (namespace, [{"name": "registry.c.example"}]) for namespace in ("default", "build")
    ]
    assert made(run, "kubernetes-password").of("kubernetes:core/v1:ServiceAccountPatch") == []


def test_users_change_without_new_pods(run: Run) -> None:
    """Another user, another password: htpasswd and pull secrets change, the pods stay; another certificate starts them anew."""
    before, after = (objects(made(run, "kubernetes-password", users=users)) for users in (["admin"], ["admin", "robot"]))
    changed = {name for name in before if before[name].inputs != after[name].inputs}
    assert changed == {"secret-registry-users"}
    mount = before["deployment-registry"].inputs["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    assert {"name": "users", "mountPath": "/auth", "readOnly": True} in mount


def test_pods_start_anew_with_their_configuration_and_certificate(run: Run) -> None:
    """What a registry reads only at its start is in the pod's annotations: config.yml as a digest, secrets as a random value."""
    engine = made(run, "kubernetes-s3")
    annotations = objects(engine)["deployment-registry"].inputs["spec"]["template"]["metadata"]["annotations"]
    (generation,) = [each for each in engine.of("random:index/randomId:RandomId") if each.name == "identity-started-with"]
    kept = generation.inputs["keepers"].values()
    assert all(set(each) == set(secret("x")) for each in kept)
    assert {"generated identity-http-secret", "s3AccessKey-text", "s3SecretKey-text"} < {each["value"] for each in kept}
    other = made(run, "kubernetes-s3", registry={"delete": False})
    assert annotations["ha-registry/configuration"] not in json.dumps(objects(other)["deployment-registry"].inputs)


def test_metrics_are_closed_unless_named(run: Run) -> None:
    """The port that also has Go's profiler lets in nobody, or the named namespaces."""
    rules = objects(made(run, "kubernetes-password"))["networkpolicy-registry"].inputs["spec"]["ingress"]
    assert [port["port"] for rule in rules for port in rule["ports"]] == [5443]
    rules = objects(made(run, "kubernetes-s3"))["networkpolicy-registry"].inputs["spec"]["ingress"]
    (metrics,) = [rule for rule in rules if rule["ports"][0]["port"] == 5001]
    assert metrics["from"][0]["namespaceSelector"]["matchExpressions"][0]["values"] == ["monitoring"]


def test_cert_manager_issues_what_clients_see_and_pods_keep_ours(run: Run) -> None:
    """An Ingress or a Gateway reads a renewed certificate; pods do not, so theirs is ours, verified by what is before them."""
    found = objects(made(run, "kubernetes-s3"))
    ingress = found["ingress-registry"].inputs
    assert ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "company"
    assert ingress["spec"]["tls"][0]["secretName"] == "registry-issued-tls"
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-ssl-secret"] == "registry/registry-tls"
    assert found["trust-files"].inputs["data"]["ca.crt"] != found["configmap-registry-ca"].inputs["data"]["ca.crt"]
    gateway = objects(made(run, "kubernetes-gateway"))["gateway-registry"].inputs
    assert gateway["metadata"]["annotations"] == {"cert-manager.io/issuer": "letsencrypt"}
    assert gateway["spec"]["listeners"][0]["tls"]["certificateRefs"][0]["name"] == "registry-issued-tls"


# --- nodes


def test_nodes_are_told_how_to_reach_the_registry(run: Run) -> None:
    """containerd asks each node's own port, so that no name server and no single node is needed; else the name."""
    data = objects(made(run, "kubernetes-password"))["trust-files"].inputs["data"]
    for address in ("192.168.44.25", "192.168.44.26", "192.168.44.27"):
        assert f'[host."https://{address}:30500"]' in data["hosts-0.toml"]
    data = objects(made(run, "kubernetes-nfs"))["trust-files"].inputs["data"]
    assert '[host."https://registry.c.example:5000"]' in data["hosts-1.toml"]


def test_pods_that_write_to_nodes_have_a_namespace_of_their_own(run: Run) -> None:
    """Host paths are not for the restricted namespace; and where nobody is told, there is no such pod."""
    found = objects(made(run, "kubernetes-s3"))
    daemon = found["trust-nodes"].inputs
    assert daemon["metadata"]["namespace"] == "registry-trust" != found["deployment-registry"].inputs["metadata"]["namespace"]
    paths = {each["hostPath"]["path"] for each in daemon["spec"]["template"]["spec"]["volumes"] if "hostPath" in each}
    assert paths == {"/etc/containerd/certs.d", "/etc/docker/certs.d", "/etc/containers/certs.d"}
    assert not [name for name in objects(made(run, "kubernetes-gateway")) if name.startswith("trust-")]


def test_private_image_is_fetched_in_both_namespaces(run: Run) -> None:
    """The pods on the nodes take the registry's own image, so they need its login too."""
    mapping = CASES["kubernetes-s3"]()
    del mapping["trust"]["image"]
    found = objects(run(mapping, secrets=secrets_of(mapping)))
    assert text(found["trust-login"], ".dockerconfigjson") == text(found["secret-registry-image"], ".dockerconfigjson")
    pod = found["trust-nodes"].inputs["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": found["trust-login"].inputs["metadata"]["name"]}]


# --- proof


def test_a_change_is_proved_anew_and_no_change_is_not(run: Run) -> None:
    """What is pulled differs whenever an object does, so both Jobs are made again; the same settings give the same image."""
    images = [
        objects(made(run, "kubernetes-password", **changes))["proof-pull"].inputs["spec"]["template"]["spec"]["containers"][0]["image"]
        for changes in ({}, {}, {"registry": {"delete": False}})
    ]
    assert images[0].startswith("registry.c.example:30500/ha-registry/proof@sha256:")
    assert images[0] == images[1] != images[2]


def test_every_node_is_a_way_in_that_is_proved(run: Run) -> None:
    """With node ports each node is asked, else the Service on the port that leads to the pods."""
    ways = {
        case: {each["name"]: each.get("value") for each in _container(run, case)["env"]}["WAYS"]
        for case in ("kubernetes-password", "kubernetes-nfs", "kubernetes-s3")
    }
    assert ways == {
        "kubernetes-password": "192.168.44.25:30500 192.168.44.26:30500 192.168.44.27:30500",
        "kubernetes-nfs": "registry.registry.svc:443",
        "kubernetes-s3": "registry.registry.svc:443",
    }


def _container(run: Run, case: str) -> dict[str, Any]:
    return objects(made(run, case))["proof-push"].inputs["spec"]["template"]["spec"]["containers"][0]


def test_other_topologies_are_refused(run: Run, system: Any) -> None:
    """A program that mixes settings and topology up is a mistake of ours, found at once."""
    with pytest.raises(TypeError, match="in no cluster"):
        KubernetesTopology("registry", TopologyArgs(system=system, secrets=Secrets(None, (), ())))  # type: ignore[arg-type]


# --- page


def test_page_serves_page_and_registry_under_one_origin(run: Run) -> None:
    """The browser logs in once: the page's own users are the registry's, and the registry is behind it, verified."""
    found = objects(made(run, "kubernetes-password"))
    nginx = found["configmap-registry-ui"].inputs["data"]["nginx.conf"]
    assert 'auth_basic "registry.c.example";' in nginx
    assert "proxy_pass https://registry.docker-registry.svc:30500;" in nginx
    assert "proxy_ssl_verify on;" in nginx
    pod = found["deployment-registry-ui"].inputs["spec"]["template"]["spec"]
    mounted = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    assert mounted == {"registry-users", "registry-tls"}
    assert found["service-registry-ui"].inputs["spec"]["ports"][0]["nodePort"] == 30501


@pytest.mark.parametrize(
    ("ui", "methods", "told"), [({"port": 30501}, "GET", "false"), ({"port": 30501, "delete": True}, "GET DELETE", "true")]
)
def test_page_deletes_only_where_asked(run: Run, ui: dict[str, Any], methods: str, told: str) -> None:
    """By default neither the page offers it nor its server lets it through."""
    found = objects(made(run, "kubernetes-password", ui=ui))
    assert f"limit_except {methods} {{" in found["configmap-registry-ui"].inputs["data"]["nginx.conf"]
    (container,) = found["deployment-registry-ui"].inputs["spec"]["template"]["spec"]["containers"]
    assert {each["name"]: each["value"] for each in container["env"]}["DELETE_IMAGES"] == told


def test_page_behind_a_controller_is_told_apart_by_its_path(run: Run) -> None:
    """One name, one port, one origin: the API's path leads to the registry, all others to the page."""
    (rule,) = objects(made(run, "kubernetes-s3"))["ingress-registry"].inputs["spec"]["rules"]
    assert [(path["path"], path["backend"]["service"]["name"]) for path in rule["http"]["paths"]] == [
        ("/v2", "registry"),
        ("/", "registry-ui"),
    ]
    rules = objects(made(run, "kubernetes-gateway"))["httproute-registry"].inputs["spec"]["rules"]
    assert [(each["matches"][0]["path"]["value"], each["backendRefs"][0]["name"]) for each in rules] == [
        ("/v2", "registry"),
        ("/", "registry-ui"),
    ]


def test_no_page_unless_wanted(run: Run) -> None:
    """Nothing of it is there by default."""
    assert not [name for name in objects(made(run, "kubernetes-rbd")) if name.endswith("-ui")]
