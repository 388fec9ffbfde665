"""A CA and a leaf that is in its renewal window from the start, or never while the test runs."""

import pulumi
import pulumi_tls as tls

ca_key = tls.PrivateKey("ca-key", algorithm="ECDSA", ecdsa_curve="P256")
ca = tls.SelfSignedCert(
    "ca",
    private_key_pem=ca_key.private_key_pem,
    subject=tls.SelfSignedCertSubjectArgs(common_name="test CA"),
    is_ca_certificate=True,
    validity_period_hours=24,
    allowed_uses=["cert_signing"],
)
key = tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P256")
request = tls.CertRequest("request", private_key_pem=key.private_key_pem, dns_names=["registry.test"])
tls.LocallySignedCert(
    "leaf",
    cert_request_pem=request.cert_request_pem,
    ca_private_key_pem=ca_key.private_key_pem,
    ca_cert_pem=ca.cert_pem,
    validity_period_hours=2,
    early_renewal_hours=pulumi.Config().require_int("early"),
    allowed_uses=["server_auth"],
)
