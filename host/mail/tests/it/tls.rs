//! TLS: what is trusted, what is not, and that nothing is ever sent in the clear instead.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use signalbox_mail::address::Address;
use signalbox_mail::smtp::{
    Cause, Config, Credentials, Needs, Security, SendError, Session, Stage, Timeouts, TlsContext,
};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::server::{Answer, Script, Server};

struct Authority {
    file: NamedTempFile,
    acceptor: TlsAcceptor,
}

/// A certificate authority and a server certificate for `name`: one certificate as both is refused by rustls.
fn authority(name: &str) -> Authority {
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &ca)
        .unwrap();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ca.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    Authority {
        file,
        acceptor: TlsAcceptor::from(Arc::new(config)),
    }
}

fn config(server: &Server, security: Security, trusted: Option<&Authority>) -> Config {
    Config {
        host: "127.0.0.1".to_owned(),
        port: server.address.port(),
        security,
        extra_roots: trusted.map(|authority| authority.file.path().to_owned()),
        credentials: None,
        hello_name: "mail.example.com".to_owned(),
        timeouts: Timeouts::all(Duration::from_secs(2)),
    }
}

async fn open(config: &Config) -> Result<Session, SendError> {
    Session::open(config, &TlsContext::new(config).unwrap()).await
}

fn offering(authority: &Authority) -> Script {
    Script {
        hello: Answer::Say("250-test\r\n250 STARTTLS"),
        start_tls: Answer::Say("220 go"),
        tls: Some(authority.acceptor.clone()),
        ..Script::default()
    }
}

async fn send(session: &mut Session) {
    let (from, to) = (
        Address::parse("shop@example.com").unwrap(),
        Address::parse("ann@example.org").unwrap(),
    );
    session.begin(&from, &to, Needs::default()).await.unwrap();
    session
        .body(b"Subject: hello\r\n\r\nover TLS\r\n")
        .await
        .unwrap();
}

#[tokio::test]
async fn starttls_and_implicit_tls_carry_a_message() {
    let authority = authority("127.0.0.1");
    let server = Server::start(offering(&authority)).await;
    for security in [Security::StartTls, Security::StartTlsIfOffered] {
        let mut session = open(&config(&server, security, Some(&authority)))
            .await
            .unwrap();
        assert!(session.is_encrypted());
        send(&mut session).await;
    }
    assert_eq!(server.seen().messages.len(), 2);

    let script = Script {
        implicit: true,
        tls: Some(authority.acceptor.clone()),
        ..Script::default()
    };
    let server = Server::start(script).await;
    let mut session = open(&config(&server, Security::Implicit, Some(&authority)))
        .await
        .unwrap();
    send(&mut session).await;
    assert_eq!(
        server.seen().messages,
        ["Subject: hello\r\n\r\nover TLS\r\n"]
    );
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_not_for_this_host_stops_everything() {
    let (right, wrong) = (authority("127.0.0.1"), authority("mail.example.net"));
    for (offered, trusted) in [
        (&right, None),
        (&right, Some(&wrong)),
        (&wrong, Some(&wrong)),
    ] {
        let server = Server::start(offering(offered)).await;
        for security in [Security::StartTls, Security::StartTlsIfOffered] {
            let error = open(&config(&server, security, trusted))
                .await
                .err()
                .unwrap();
            assert!(
                matches!(
                    error,
                    SendError::Connection {
                        stage: Stage::Tls,
                        cause: Cause::Tls(_)
                    }
                ),
                "{error}"
            );
        }
        assert!(
            server
                .seen()
                .commands
                .iter()
                .all(|command| !command.starts_with("MAIL"))
        );
    }
}

#[tokio::test]
async fn text_slipped_in_before_the_handshake_ends_the_connection() {
    let authority = authority("127.0.0.1");
    let script = Script {
        start_tls: Answer::Say("220 go\r\n250 injected"),
        ..offering(&authority)
    };
    let server = Server::start(script).await;
    let error = open(&config(&server, Security::StartTls, Some(&authority)))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(
            error,
            SendError::Connection {
                stage: Stage::Tls,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn logging_in_works_over_tls_and_a_wrong_password_shows_nowhere() {
    let authority = authority("127.0.0.1");
    let credentials = Some(Credentials {
        name: "shop".to_owned(),
        password: "hunter2".to_owned(),
    });
    let accepting = Script {
        auth: Answer::Say("235 2.7.0 welcome"),
        ..offering(&authority)
    };
    let server = Server::start(accepting).await;
    let with = Config {
        credentials,
        ..config(&server, Security::StartTls, Some(&authority))
    };
    send(&mut open(&with).await.unwrap()).await;
    // base64 of "\0shop\0hunter2"
    assert!(
        server
            .seen()
            .commands
            .iter()
            .any(|command| command == "AUTH PLAIN AHNob3AAaHVudGVyMg==")
    );

    let server = Server::start(offering(&authority)).await;
    let with = Config {
        port: server.address.port(),
        ..with
    };
    let error = open(&with).await.err().unwrap();
    assert!(
        matches!(&error, SendError::Connection { stage: Stage::Auth, cause: Cause::Refused(reply) } if reply.code == 535)
    );
    for shown in [format!("{error:?}"), error.to_string(), format!("{with:?}")] {
        assert!(
            !shown.contains("hunter2") && !shown.contains("AHNob3A"),
            "{shown}"
        );
    }
}
