"""A small certificate authority and a server certificate for a hub, made once, renewed in time.

Keys are readable by the owner only. Certificates are dated by the system's clock and no other,
because that is the clock they are judged by.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from lims.errors import ConfigError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

CA_DAYS = 3_650
SERVER_DAYS = 397
RENEW_DAYS = 30
"""A server certificate with less than this left is made anew at the next start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where the authority and the server keep certificate and key."""

    ca: Path
    ca_key: Path
    certificate: Path
    key: Path


def ensure(folder: Path, hosts: tuple[str, ...] = ("127.0.0.1", "localhost")) -> TlsFiles:
    """Return the hub's TLS files, making or renewing what is needed.

    Parameters
    ----------
    folder : Path
        The hub folder; files go into ``tls/``. Labs pin ``tls/ca.pem``.
    hosts : tuple of str
        Names and addresses a new server certificate is valid for.

    Raises
    ------
    ConfigError
        The authority is only half there, or a file is not what its name says.
    """
    place = folder / "tls"
    files = TlsFiles(
        ca=place / "ca.pem",
        ca_key=place / "ca.key",
        certificate=place / "hub.pem",
        key=place / "hub.key",
    )
    if files.ca.is_file() != files.ca_key.is_file():
        raise ConfigError(
            f"{place} holds only one of {files.ca.name} and {files.ca_key.name}",
            hint="Restore the other, or remove the folder: every lab must then be configured anew.",
        )
    place.mkdir(parents=True, exist_ok=True)
    try:
        if not files.ca.is_file():
            _make_authority(files)
        if not _still_good(files, hosts):
            _make_server(files, hosts)
    except ValueError as error:
        raise ConfigError(
            f"a file in {place} cannot be read as a certificate or key: {error}",
            hint="Restore it, or remove the folder: every lab must then be configured anew.",
        ) from error
    return files


def _make_authority(files: TlsFiles) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("fol hub authority")
    certificate = (
        _builder(name, name, key, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(files.ca_key, key)
    files.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _make_server(files: TlsFiles, hosts: tuple[str, ...]) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
    ca_key = serialization.load_pem_private_key(files.ca_key.read_bytes(), password=None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise ConfigError(f"{files.ca_key} is not the key this hub made")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_name(hosts[0]), ca.subject, key, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    _write_key(files.key, key)
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _still_good(files: TlsFiles, hosts: tuple[str, ...]) -> bool:
    from cryptography import x509

    if not (files.certificate.is_file() and files.key.is_file()):
        return False
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    wanted = {_general_name(host) for host in hosts}
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    return wanted <= set(names) and left > timedelta(days=RENEW_DAYS)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    from cryptography import x509

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general_name(host: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_key(path: Path, key: EllipticCurvePrivateKey) -> None:
    from cryptography.hazmat.primitives import serialization

    data = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    # Made with its narrow mode: there is no moment in which another account could read it.
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
