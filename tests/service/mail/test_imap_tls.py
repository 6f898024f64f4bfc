"""TLS to a real IMAP server: from the start or by STARTTLS, and only with a certificate that is trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.mail.source import SourceError
from tests.service.dovecot_server import DovecotServer
from tests.service.mail.inbox import MemoryInbox, letter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service.mail.conftest import OpenImap

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a self-signed certificate for localhost, and its key."""
    directory = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return directory


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[DovecotServer]:
    """A server with that certificate."""
    with DovecotServer(tls=certificate) as started:
        yield started


def port(server: DovecotServer, security: str) -> int:
    """Where the server speaks so."""
    return server.tls_port if security == "tls" else server.port


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_comes_over_tls(
    server: DovecotServer,
    certificate: Path,
    security: str,
    user: str,
    open_imap: OpenImap,
    inbox: MemoryInbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From a server whose certificate is trusted here, with IDLE and large answers."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    server.append(user, letter("one", "x" * 90_000), letter("two"))
    source = open_imap(port(server, security), host="localhost", security=security)
    source.sync(inbox)
    assert inbox.subjects() == ["one", "two"]
    server.append(user, letter("three"))
    source.wait(60)
    source.sync(inbox)
    assert inbox.subjects() == ["one", "two", "three"]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_is_not_trusted_is_refused(
    server: DovecotServer, security: str, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Before any password is sent; the sentence says what is wrong with it."""
    with pytest.raises(SourceError, match=r"shows a certificate that is not trusted \(self-signed certificate\): use "):
        open_imap(port(server, security), host="localhost", security=security).sync(inbox)


def test_a_certificate_for_another_name_is_refused(
    server: DovecotServer,
    certificate: Path,
    open_imap: OpenImap,
    inbox: MemoryInbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though it is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    with pytest.raises(SourceError, match=r"not trusted \(IP address mismatch, .*\): use the name that"):
        open_imap(server.tls_port, security="tls").sync(inbox)


def test_a_server_without_tls_is_not_trusted_with_a_password(
    dovecot: DovecotServer, open_imap: OpenImap, inbox: MemoryInbox
) -> None:
    """Neither where TLS was chosen nor where STARTTLS was."""
    with pytest.raises(SourceError, match="does not speak TLS as it should: 'tls' goes with port 993 as a rule"):
        open_imap(dovecot.port, security="tls").sync(inbox)
    with pytest.raises(SourceError, match="has no STARTTLS: choose 'tls'"):
        open_imap(dovecot.port, security="starttls").sync(inbox)
