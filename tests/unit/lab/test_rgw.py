"""How requests to the S3 gateway are signed."""

from pathlib import Path

from lab.rgw import Gateway


def test_signature_is_the_one_of_the_specification() -> None:
    """The example of Amazon's documentation of version 2, a GET of an object, gets the signature printed there."""
    gateway = Gateway("https://none.example", Path("ca.pem"), "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    signed = gateway.authorization("GET", "/awsexamplebucket1/photos/puppy.jpg", "Tue, 27 Mar 2007 19:36:42 +0000")
    assert signed == "AWS AKIAIOSFODNN7EXAMPLE:qgk2+6Sv9/oM7G3qLEjTH1a1l1g="
    assert "wJalr" not in repr(gateway)
