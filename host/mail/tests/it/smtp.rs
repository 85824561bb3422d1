//! Conversations with good and bad servers: what each ending means for the message.

use std::time::Duration;

use signalbox_mail::address::Address;
use signalbox_mail::smtp::{
    BodyError, Cause, Class, Config, ConfigError, Credentials, Needs, Pool, PoolConfig, Security,
    SendError, Session, Stage, Timeouts, TlsContext, Urgency,
};
use signalbox_mail::transport::{BeginError, HandOverError, Handed, Outgoing, Ready, Transport};

use crate::server::{Answer, Script, Server};

const MESSAGE: &[u8] = b"Subject: hello\r\n\r\nfirst\r\n.starts with a dot\r\n..two\r\nlast\r\n";

fn config(server: &Server) -> Config {
    Config {
        host: "127.0.0.1".to_owned(),
        port: server.address.port(),
        security: Security::None,
        extra_roots: None,
        credentials: None,
        hello_name: "mail.example.com".to_owned(),
        timeouts: Timeouts::all(Duration::from_millis(400)),
    }
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

async fn open(server: &Server) -> Result<Session, SendError> {
    let config = config(server);
    let tls = TlsContext::new(&config).unwrap();
    Session::open(&config, &tls).await
}

async fn begin(session: &mut Session) -> Result<(), SendError> {
    session
        .begin(
            &address("shop@example.com"),
            &address("ann@example.org"),
            Needs::default(),
        )
        .await
}

/// One message through a server with this script: the error that ends it.
async fn failed(script: Script) -> Result<BodyError, SendError> {
    let server = Server::start(script).await;
    let mut session = open(&server).await?;
    begin(&mut session).await?;
    Ok(session.body(MESSAGE).await.unwrap_err())
}

#[tokio::test]
async fn a_message_arrives_byte_for_byte_and_the_connection_carries_the_next() {
    let server = Server::start(Script::default()).await;
    let mut session = open(&server).await.unwrap();
    for _ in 0..2 {
        begin(&mut session).await.unwrap();
        let accepted = session.body(MESSAGE).await.unwrap();
        assert_eq!(
            (accepted.reply.code, accepted.reply.text.as_str()),
            (250, "2.0.0 queued as 1")
        );
    }
    session.quit().await;
    let seen = server.seen();
    assert_eq!(seen.connections, 1);
    assert_eq!(
        seen.messages,
        vec![String::from_utf8(MESSAGE.to_vec()).unwrap(); 2]
    );
    let one = [
        "MAIL FROM:<shop@example.com>",
        "RCPT TO:<ann@example.org>",
        "DATA",
    ];
    let mut expected = vec!["EHLO mail.example.com"];
    expected.extend(one);
    expected.extend(one);
    expected.push("QUIT");
    assert_eq!(seen.commands, expected);
}

#[tokio::test]
async fn abandoning_at_354_delivers_nothing() {
    let server = Server::start(Script::default()).await;
    let mut session = open(&server).await.unwrap();
    begin(&mut session).await.unwrap();
    session.abandon();
    // A second connection goes through the same server after the first has ended.
    let mut session = open(&server).await.unwrap();
    begin(&mut session).await.unwrap();
    session.body(b"Subject: second\r\n\r\n").await.unwrap();
    assert_eq!(server.seen().messages, ["Subject: second\r\n\r\n"]);
}

#[tokio::test]
async fn refusals_are_classed_by_their_codes() {
    let cases: &[(&str, Stage, bool, Class)] = &[
        ("450 4.2.0 try later", Stage::Rcpt, true, Class::Transient),
        ("452 4.7.1 too many", Stage::Rcpt, true, Class::Policy),
        (
            "550 5.1.1 no such user",
            Stage::Rcpt,
            false,
            Class::HardBounce,
        ),
        ("550 no such user", Stage::Rcpt, false, Class::HardBounce),
        ("550 5.7.1 blocked", Stage::Rcpt, false, Class::Policy),
        ("554 no", Stage::Rcpt, false, Class::Permanent),
        ("552 5.2.2 full", Stage::Rcpt, true, Class::Transient),
        ("550 5.1.0 refused", Stage::Rcpt, false, Class::HardBounce),
        ("553 5.1.4 ambiguous", Stage::Rcpt, false, Class::HardBounce),
        ("550 5.1.8 sender", Stage::Rcpt, false, Class::Permanent),
        // No recipient was named yet: whatever address these speak of is the sender's.
        ("550 5.1.0 refused", Stage::Mail, false, Class::Permanent),
        ("550 5.1.1 unknown", Stage::Mail, false, Class::Permanent),
        ("550 5.1.2 no domain", Stage::Mail, false, Class::Permanent),
        ("550 5.2.1 disabled", Stage::Mail, false, Class::Permanent),
        ("550 unknown", Stage::Mail, false, Class::Permanent),
        ("550 5.7.1 blocked", Stage::Mail, false, Class::Policy),
        ("450 4.1.8 later", Stage::Mail, true, Class::Transient),
    ];
    for (reply, stage, retry, class) in cases {
        let mut script = Script::default();
        match stage {
            Stage::Mail => script.mail = Answer::Say(reply),
            _ => script.rcpt = Answer::Say(reply),
        }
        let error = failed(script).await.unwrap_err();
        assert!(error.connection_usable(), "{reply}");
        match error {
            SendError::Retry {
                stage: at,
                class: found,
                ..
            } => assert_eq!((at, found, true), (*stage, *class, *retry)),
            SendError::Permanent {
                stage: at,
                class: found,
                ..
            } => {
                assert_eq!((at, found, false), (*stage, *class, *retry), "{reply}");
            }
            other => panic!("{reply}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_refusal_after_the_dot_is_not_in_doubt() {
    let later = failed(Script {
        end: Answer::Say("451 4.3.0 later"),
        ..Script::default()
    })
    .await
    .unwrap();
    assert!(
        matches!(
            later,
            BodyError::Refused(SendError::Retry {
                stage: Stage::Body,
                ..
            })
        ),
        "{later}"
    );
    let never = failed(Script {
        end: Answer::Say("554 5.6.0 content"),
        ..Script::default()
    })
    .await
    .unwrap();
    assert!(
        matches!(
            never,
            BodyError::Refused(SendError::Permanent {
                stage: Stage::Body,
                ..
            })
        ),
        "{never}"
    );
}

#[tokio::test]
async fn silence_and_junk_after_the_dot_are_in_doubt() {
    for end in [
        Answer::Silence,
        Answer::Close,
        Answer::Say("what is this"),
        Answer::Say("354 again?"),
        Answer::FloodOfLines,
        Answer::FloodWithoutLineEnd,
    ] {
        let name = format!("{end:?}");
        let error = failed(Script {
            end,
            ..Script::default()
        })
        .await
        .unwrap();
        assert!(
            matches!(
                error,
                BodyError::InDoubt {
                    end_written: true,
                    ..
                }
            ),
            "{name}: {error}"
        );
    }
}

#[tokio::test]
async fn what_happens_before_a_message_is_in_play_never_refuses_it() {
    for (script, stage) in [
        (
            Script {
                greeting: Answer::SayAndClose("421 busy"),
                ..Script::default()
            },
            Stage::Greeting,
        ),
        (
            Script {
                greeting: Answer::SayAndClose("554 no service"),
                ..Script::default()
            },
            Stage::Greeting,
        ),
        (
            Script {
                greeting: Answer::Silence,
                ..Script::default()
            },
            Stage::Greeting,
        ),
        (
            Script {
                greeting: Answer::Say("junk"),
                ..Script::default()
            },
            Stage::Greeting,
        ),
        (
            Script {
                greeting: Answer::FloodWithoutLineEnd,
                ..Script::default()
            },
            Stage::Greeting,
        ),
        (
            Script {
                mail: Answer::Close,
                ..Script::default()
            },
            Stage::Mail,
        ),
        (
            Script {
                rcpt: Answer::FloodOfLines,
                ..Script::default()
            },
            Stage::Rcpt,
        ),
        (
            Script {
                rcpt: Answer::Silence,
                ..Script::default()
            },
            Stage::Rcpt,
        ),
        (
            Script {
                data: Answer::Say("250 fine"),
                ..Script::default()
            },
            Stage::Data,
        ),
    ] {
        let error = failed(script).await.unwrap_err();
        assert!(
            matches!(&error, SendError::Connection { stage: at, .. } if *at == stage),
            "{stage}: {error}"
        );
        assert!(!error.connection_usable());
    }
}

#[tokio::test]
async fn a_server_that_speaks_out_of_turn_is_not_believed() {
    // A second reply in one breath would otherwise be taken for the answer to the next command, and in the
    // end a refusal for an acceptance.
    let script = Script {
        mail: Answer::Say("250 ok\r\n250 ok"),
        rcpt: Answer::Say("550 no"),
        ..Script::default()
    };
    let error = failed(script).await.unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Connection {
                cause: Cause::Protocol,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_421_drops_the_connection_and_is_tried_later() {
    let error = failed(Script {
        mail: Answer::SayAndClose("421 4.3.2 closing"),
        ..Script::default()
    })
    .await
    .unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Retry {
                connection_usable: false,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn required_starttls_sends_nothing_where_it_is_not_offered() {
    let server = Server::start(Script::default()).await;
    let config = Config {
        security: Security::StartTls,
        ..config(&server)
    };
    let tls = TlsContext::new(&config).unwrap();
    let error = Session::open(&config, &tls).await.err().unwrap();
    assert_eq!(
        error,
        SendError::Connection {
            stage: Stage::StartTls,
            cause: Cause::NoStartTls
        }
    );
    assert_eq!(server.seen().commands, ["EHLO mail.example.com"]);

    let config = Config {
        security: Security::StartTlsIfOffered,
        ..config
    };
    let mut session = Session::open(&config, &tls).await.unwrap();
    assert!(!session.is_encrypted());
    begin(&mut session).await.unwrap();
    session.body(MESSAGE).await.unwrap();
}

#[tokio::test]
async fn what_a_server_does_not_offer_is_refused_by_name() {
    let server = Server::start(Script {
        hello: Answer::Say("250 test"),
        ..Script::default()
    })
    .await;
    let mut session = open(&server).await.unwrap();
    let (from, to) = (address("shop@example.com"), address("ann@example.org"));
    for (needs, name) in [
        (
            Needs {
                eight_bit: true,
                utf8: false,
            },
            "8BITMIME",
        ),
        (
            Needs {
                eight_bit: false,
                utf8: true,
            },
            "SMTPUTF8",
        ),
    ] {
        assert_eq!(
            session.begin(&from, &to, needs).await.unwrap_err(),
            SendError::Unsupported(name)
        );
    }
    session.begin(&from, &to, Needs::default()).await.unwrap();
}

#[tokio::test]
async fn settings_that_cannot_be_right_are_refused_before_any_connection() {
    let server = Server::start(Script::default()).await;
    let good = config(&server);
    good.check().unwrap();
    let secret = Credentials {
        name: "shop".to_owned(),
        password: "hunter2".to_owned(),
    };
    let clear = Config {
        credentials: Some(secret),
        ..good.clone()
    };
    assert!(matches!(
        clear.check(),
        Err(ConfigError::CredentialsInClear)
    ));
    assert!(!format!("{clear:?}").contains("hunter2"));
    let hello = Config {
        hello_name: "a\r\nQUIT".to_owned(),
        ..good.clone()
    };
    assert!(matches!(hello.check(), Err(ConfigError::HelloName)));
    let roots = Config {
        extra_roots: Some("/nonexistent/ca.pem".into()),
        ..good
    };
    assert!(matches!(
        TlsContext::new(&roots),
        Err(ConfigError::Roots { .. })
    ));
}

fn outgoing() -> Outgoing {
    Outgoing {
        from: address("shop@example.com"),
        to: address("ann@example.org"),
        needs: Needs::default(),
        urgency: Urgency::Ordinary,
        subject: "hello".to_owned(),
        workflow: "welcome".to_owned(),
        message_id: "1@example.com".to_owned(),
        at_ms: 1_000,
    }
}

fn pool(server: &Server, limits: PoolConfig) -> (Pool, Transport) {
    let pool = Pool::new(config(server), limits).unwrap();
    (pool.clone(), Transport::Smtp(pool))
}

async fn send(transport: &Transport) -> Result<Handed, HandOverError> {
    transport
        .begin(&outgoing())
        .await
        .unwrap()
        .body(MESSAGE.to_vec())
        .await
}

#[tokio::test]
async fn the_pool_reuses_connections_up_to_their_count_of_messages() {
    let server = Server::start(Script::default()).await;
    let limits = PoolConfig {
        messages_per_connection_max: 3,
        ..PoolConfig::default()
    };
    let (pool, transport) = pool(&server, limits);
    for _ in 0..7 {
        assert!(matches!(send(&transport).await.unwrap(), Handed::Smtp(_)));
    }
    assert_eq!(server.seen().connections, 3);
    assert_eq!(pool.idle_count(), 1);
    transport.close().await;
    assert_eq!(server.seen().messages.len(), 7);
    assert!(matches!(
        transport.begin(&outgoing()).await,
        Err(BeginError::Smtp(SendError::Connection { .. }))
    ));
}

#[tokio::test]
async fn the_pool_never_holds_more_connections_than_allowed() {
    let server = Server::start(Script::default()).await;
    let (_, transport) = pool(
        &server,
        PoolConfig {
            connections_max: 1,
            ..PoolConfig::default()
        },
    );
    let first = transport.begin(&outgoing()).await.unwrap();
    let waiting =
        tokio::time::timeout(Duration::from_millis(100), transport.begin(&outgoing())).await;
    assert!(waiting.is_err(), "the second had to wait");
    first.abandon();
    let second = transport.begin(&outgoing()).await.unwrap();
    assert!(matches!(second, Ready::Smtp(_)));
    assert_eq!(
        server.seen().connections,
        2,
        "an abandoned connection is not used again"
    );
}

#[tokio::test]
async fn ordinary_messages_leave_a_connection_to_urgent_ones() {
    let server = Server::start(Script::default()).await;
    let (_, transport) = pool(
        &server,
        PoolConfig {
            connections_max: 4,
            ..PoolConfig::default()
        },
    );
    let mut in_hand = Vec::new();
    for _ in 0..3 {
        in_hand.push(transport.begin(&outgoing()).await.unwrap());
    }
    let ordinary = outgoing();
    let mut waiting = std::pin::pin!(transport.begin(&ordinary));
    let waited = tokio::time::timeout(Duration::from_millis(100), &mut waiting).await;
    assert!(waited.is_err(), "the fourth connection is kept free");

    let urgent = Outgoing {
        urgency: Urgency::Urgent,
        ..outgoing()
    };
    let last = transport.begin(&urgent).await.unwrap();
    assert!(matches!(last, Ready::Smtp(_)));
    in_hand.pop().unwrap().abandon();
    assert!(matches!(waiting.await.unwrap(), Ready::Smtp(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_share_a_pool() {
    let server = Server::start(Script::default()).await;
    let (_, transport) = pool(
        &server,
        PoolConfig {
            connections_max: 4,
            ..PoolConfig::default()
        },
    );
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let transport = transport.clone();
        tasks.spawn(async move {
            for _ in 0..10 {
                send(&transport).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let seen = server.seen();
    assert_eq!(seen.messages.len(), 200);
    assert!(seen.connections <= 8, "{} connections", seen.connections);
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced_without_an_error() {
    // The server closes after each message, as servers do with connections that lie idle.
    let server = Server::start(Script {
        end: Answer::SayAndClose("250 ok, closing"),
        ..Script::default()
    })
    .await;
    let (_, transport) = pool(&server, PoolConfig::default());
    for _ in 0..3 {
        send(&transport).await.unwrap();
    }
    let seen = server.seen();
    assert_eq!((seen.connections, seen.messages.len()), (3, 3));
}

#[tokio::test]
async fn a_refused_recipient_leaves_the_connection_for_the_next_message() {
    let server = Server::start(Script {
        rcpt: Answer::Say("550 5.1.1 no"),
        ..Script::default()
    })
    .await;
    let (pool, transport) = pool(&server, PoolConfig::default());
    for _ in 0..2 {
        assert!(matches!(
            transport.begin(&outgoing()).await,
            Err(BeginError::Smtp(SendError::Permanent { .. }))
        ));
    }
    assert_eq!(pool.idle_count(), 1);
    let seen = server.seen();
    assert_eq!(seen.connections, 1);
    assert!(seen.commands.iter().any(|command| command == "RSET"));
}

#[tokio::test]
async fn small_messages_do_not_wait_for_acknowledgements() {
    // Without TCP_NODELAY each of these would take 40 ms (findings section 5): 4 s in all.
    let server = Server::start(Script::default()).await;
    let (_, transport) = pool(
        &server,
        PoolConfig {
            messages_per_connection_max: 1_000,
            ..PoolConfig::default()
        },
    );
    let hundred = async {
        for _ in 0..100 {
            send(&transport).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(2), hundred)
        .await
        .expect("a hundred messages within two seconds");
}
