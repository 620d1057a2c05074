"""A certificate for this computer's own addresses, made by ``python -m posecore.lan_certificate``.

Browsers give the camera to pages on https only, and nobody outside gives a certificate for an
address of a home. So one is made: an authority signs it, and its key is thrown away at once. Who
trusts the authority therefore trusts this one certificate, for nobody can sign another.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from posecore.errors import CertificateError
from posecore.lan import LanNames, find_names
from posecore.settings import Settings

HOLDS_DAYS: Final = 397
"""Phones refuse certificates that hold for longer than 398 days."""
RENEWED_DAYS: Final = 7
"""So long before its end a new one is made."""
FOLDER: Final = "lan"
_CERTIFICATE: Final = "certificate.pem"
_KEY: Final = "key.pem"
_NAME: Final = "posecore on this network"


@dataclass(frozen=True, kw_only=True)
class LanCertificate:
    """A certificate on the disk.

    Attributes
    ----------
    path, key_path : Path
        The certificate with its authority behind it, and its key, which only its owner reads.
    names : tuple of str
        Addresses and names that it holds for.
    ends_at : datetime
        UTC, aware.
    fingerprint : str
        SHA-256 as browsers show it: two letters at a time.
    authority : bytes
        What signed it, as phones take it to trust it (DER).
    """

    path: Path
    key_path: Path
    names: tuple[str, ...]
    ends_at: datetime
    fingerprint: str
    authority: bytes


def provide_certificate(
    folder: Path, names: Sequence[str], *, now: datetime | None = None
) -> LanCertificate:
    """Return the certificate in a folder, made anew where it does not do any more.

    It does while it names all of ``names``, holds for another week, and its key belongs to it.

    Raises
    ------
    CertificateError
        If the folder cannot be written to.
    """
    now = now or datetime.now(UTC)
    kept = _read_usable(folder, names, now)
    if kept is not None:
        return kept
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _make(folder, names, now)
    except OSError as error:
        raise CertificateError(
            f"No certificate could be made in {folder} ({error.strerror or error}); let the data "
            "folder be written to, or choose another with POSECORE_DATA."
        ) from error
    return read_certificate(folder / _CERTIFICATE)


def read_certificate(path: Path) -> LanCertificate:
    """Read a certificate that was made here.

    Raises
    ------
    CertificateError
        If it is not there or is none.
    """
    try:
        leaf, authority = x509.load_pem_x509_certificates(path.read_bytes())
        alternatives = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        raise CertificateError(
            f"The certificate {path.name} cannot be read; delete it and start posecore again with "
            "--lan, which makes a new one."
        ) from error
    addresses = [str(each) for each in alternatives.get_values_for_type(x509.IPAddress)]
    return LanCertificate(
        path=path,
        key_path=path.with_name(_KEY),
        names=(*addresses, *alternatives.get_values_for_type(x509.DNSName)),
        ends_at=leaf.not_valid_after_utc,
        fingerprint=leaf.fingerprint(hashes.SHA256()).hex(":").upper(),
        authority=authority.public_bytes(serialization.Encoding.DER),
    )


def _read_usable(folder: Path, names: Sequence[str], now: datetime) -> LanCertificate | None:
    try:
        kept = read_certificate(folder / _CERTIFICATE)
        leaf = x509.load_pem_x509_certificate(kept.path.read_bytes())
        key = serialization.load_pem_private_key(kept.key_path.read_bytes(), password=None)
        kept.key_path.chmod(0o600)
    except (CertificateError, OSError, ValueError, TypeError):
        return None
    holds = leaf.not_valid_before_utc <= now < kept.ends_at - timedelta(days=RENEWED_DAYS)
    is_its_key = key.public_key() == leaf.public_key()
    return kept if holds and is_its_key and set(names) <= set(kept.names) else None


def _make(folder: Path, names: Sequence[str], now: datetime) -> None:
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _sign(authority_key, authority_key.public_key(), now, _say_who("authority"), None)
    leaf = _sign(authority_key, key.public_key(), now, authority.subject, names)
    pem = serialization.Encoding.PEM
    # The key first: a certificate without its key is made anew, and so is one with another's.
    _write(
        folder / _KEY,
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        mode=0o600,
    )
    _write(folder / _CERTIFICATE, leaf.public_bytes(pem) + authority.public_bytes(pem), mode=0o644)


def _sign(
    authority_key: ec.EllipticCurvePrivateKey,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    issuer: x509.Name,
    names: Sequence[str] | None,
) -> x509.Certificate:
    """Sign an authority, or with ``names`` a certificate for them."""
    is_authority = names is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(issuer if is_authority else _say_who("certificate"))
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        # Clocks of phones differ a little.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=HOLDS_DAYS))
        .add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
        .add_extension(_say_use(is_authority), True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), False
        )
    )
    if names is not None:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        alternatives = x509.SubjectAlternativeName([_to_general_name(name) for name in names])
        builder = builder.add_extension(usage, False).add_extension(alternatives, False)
    return builder.sign(authority_key, hashes.SHA256())


def _say_who(what: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{_NAME} ({what})")])


def _say_use(is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _to_general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file whole, and never for a moment readable to more than ``mode`` says."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def main() -> int:
    """Provide the certificate of this computer and print, as one line of JSON, where it is."""
    names: LanNames = find_names()
    try:
        if not names.addresses:
            raise CertificateError(
                "This computer is in no network, so no phone can reach it; connect it to one, or "
                "start without --lan."
            )
        certificate = provide_certificate(Settings.from_env().data_dir / FOLDER, names.all)
    except CertificateError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        json.dumps(
            {
                "certificate": str(certificate.path.resolve()),
                "key": str(certificate.key_path.resolve()),
                "hosts": [*names.addresses, *names.host_names],
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
