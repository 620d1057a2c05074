"""What this computer is called, and the certificate that is made for it."""

import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from posecore.errors import CertificateError
from posecore.lan import LanNames, choose_addresses, choose_host_names, find_names
from posecore.lan_certificate import HOLDS_DAYS, provide_certificate, read_certificate

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NAMES = ("192.168.1.20", "fd00::20", "wall", "wall.local", "localhost", "127.0.0.1", "::1")


def test_addresses_that_only_this_computer_reaches_are_left_out():
    found = ["127.0.0.1", "::1", "fe80::1%eth0", "169.254.3.4", "224.0.0.1", "0.0.0.0", "nonsense"]
    assert choose_addresses(found) == ()
    found += ["10.0.0.5", "192.168.1.20", "192.168.1.20"]
    assert choose_addresses(found, first="192.168.1.20") == ("192.168.1.20", "10.0.0.5")


@pytest.mark.parametrize(
    ("called", "names"),
    [
        ("Wall", ("wall", "wall.local")),
        ("wall.local", ("wall.local",)),
        ("wall.home.arpa.", ("wall.home.arpa", "wall.local")),
        ("localhost", ()),
        ("wand\u00e4", ()),
        ("a,b|c", ()),
        ("", ()),
    ],
)
def test_names_are_those_that_a_certificate_may_hold(called, names):
    assert choose_host_names(called) == names


def test_every_name_is_named_once_and_this_computers_own_are_among_them():
    names = LanNames(addresses=("192.168.1.20",), host_names=("wall.local",))
    assert names.all == ("192.168.1.20", "wall.local", "localhost", "127.0.0.1")
    assert len(set(find_names().all)) == len(find_names().all)


@pytest.fixture
def certificate(tmp_path):
    return provide_certificate(tmp_path / "lan", NAMES, now=NOW)


def test_the_certificate_names_all_addresses_and_holds_for_servers_alone(certificate):
    leaf, authority = x509.load_pem_x509_certificates(certificate.path.read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"wall", "wall.local", "localhost"}
    addresses = {"192.168.1.20", "fd00::20", "127.0.0.1", "::1"}
    assert set(names.get_values_for_type(x509.IPAddress)) == {ip_address(a) for a in addresses}
    assert set(certificate.names) == set(NAMES)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert leaf.not_valid_before_utc < NOW
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(days=398)
    assert authority.fingerprint(hashes.SHA256()) != leaf.fingerprint(hashes.SHA256())
    assert certificate.fingerprint == leaf.fingerprint(hashes.SHA256()).hex(":").upper()


def test_the_authority_can_sign_nothing_else_for_its_key_is_nowhere(certificate):
    leaf, authority = x509.load_pem_x509_certificates(certificate.path.read_bytes())
    leaf.verify_directly_issued_by(authority)
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert x509.load_der_x509_certificate(certificate.authority) == authority
    assert sorted(path.name for path in certificate.path.parent.iterdir()) == [
        "certificate.pem",
        "key.pem",
    ]
    assert authority.public_key() != leaf.public_key()


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_the_key_is_readable_to_its_owner_alone(certificate):
    assert stat.S_IMODE(certificate.key_path.stat().st_mode) == 0o600
    certificate.key_path.chmod(0o644)
    provide_certificate(certificate.path.parent, NAMES, now=NOW)
    assert stat.S_IMODE(certificate.key_path.stat().st_mode) == 0o600


def test_it_is_used_again_while_it_names_all_addresses_and_holds(certificate):
    folder = certificate.path.parent
    later = NOW + timedelta(days=HOLDS_DAYS - 8)
    assert provide_certificate(folder, NAMES[:3], now=later) == certificate
    nearly_over = NOW + timedelta(days=HOLDS_DAYS - 6)
    assert provide_certificate(folder, NAMES, now=nearly_over) != certificate


def test_addresses_that_are_not_served_make_no_new_certificate(tmp_path):
    """The second of IPv6 is another one every day."""

    def provide(*found):
        names = LanNames(addresses=choose_addresses(found), host_names=("wall",))
        return provide_certificate(tmp_path, names.all, now=NOW)

    first = provide("192.168.1.20", "2001:db8::20", "2001:db8::a1b2:c3d4:1")
    assert first.names == ("192.168.1.20", "127.0.0.1", "wall", "localhost")
    assert provide("192.168.1.20", "2001:db8::20", "2001:db8::e5f6:a7b8:2") == first
    assert provide("192.168.1.20") == first
    assert provide("192.168.1.21") != first


def test_a_new_address_a_foreign_key_or_a_damaged_file_makes_a_new_one(certificate, tmp_path):
    folder = certificate.path.parent
    moved = provide_certificate(folder, (*NAMES, "10.0.0.7"), now=NOW)
    assert "10.0.0.7" in moved.names
    assert moved.fingerprint != certificate.fingerprint
    other = provide_certificate(tmp_path / "other", NAMES, now=NOW)
    moved.key_path.write_bytes(other.key_path.read_bytes())
    anew = provide_certificate(folder, NAMES, now=NOW)
    assert anew.fingerprint != moved.fingerprint
    anew.path.write_bytes(b"no certificate")
    with pytest.raises(CertificateError, match="--lan"):
        read_certificate(anew.path)
    assert provide_certificate(folder, NAMES, now=NOW).fingerprint != anew.fingerprint


def test_a_folder_that_cannot_be_written_to_is_a_sentence(tmp_path):
    (tmp_path / "lan").write_text("a file")
    with pytest.raises(CertificateError, match="POSECORE_DATA"):
        provide_certificate(tmp_path / "lan", NAMES)


def test_whoever_trusts_the_authority_is_served_under_these_names_and_no_other(tmp_path):
    made = provide_certificate(tmp_path, NAMES)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(made.path, made.key_path)
    trusting = ssl.create_default_context(cadata=made.authority)

    def shake_hands(name):
        ours, theirs = socket.socketpair()

        def serve():
            try:
                serving.wrap_socket(ours, server_side=True).close()
            except (ssl.SSLError, OSError):
                ours.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with trusting.wrap_socket(theirs, server_hostname=name) as line:
                return line.version()
        finally:
            theirs.close()
            thread.join()

    for name in ("192.168.1.20", "wall.local", "127.0.0.1"):
        assert shake_hands(name) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands("192.168.1.21")


def test_the_command_prints_where_the_certificate_is(tmp_path):
    found = subprocess.run(
        [sys.executable, "-m", "posecore.lan_certificate"],
        capture_output=True,
        text=True,
        env=os.environ | {"POSECORE_DATA": str(tmp_path)},
    )
    if not find_names().addresses:
        assert found.returncode == 1
        assert "--lan" in found.stderr
        return
    made = json.loads(found.stdout)
    assert found.returncode == 0
    assert set(made["hosts"]) == {*find_names().addresses, *find_names().host_names}
    assert set(made["hosts"]) < set(read_certificate(tmp_path / "lan" / "certificate.pem").names)
    assert made["key"].endswith("key.pem")
    assert "PRIVATE" not in found.stdout
