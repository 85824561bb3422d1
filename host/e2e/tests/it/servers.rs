//! Mail servers from the registries: aiosmtpd for TLS, AUTH, refusals and stalls, maildev for what people look at.
//!
//! `cargo xtask setup` installs both; a test whose server is missing fails and says so.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use serde_json::{Value as Json, json};
use signalbox_e2e::{
    http::Api,
    mail::Mail,
    server::{Home, Server},
    tools, wait,
};

use crate::support::{START, on_event, outcomes, post, send, start};

const SOON: Duration = Duration::from_secs(30);

/// A process that is ended with the test.
struct Process {
    child: Child,
    lines: Receiver<String>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let pipe = child.stdout.take().unwrap();
        let reader = thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            lines,
            reader: Some(reader),
        }
    }

    fn line(&self, what: &str) -> String {
        self.lines
            .recv_timeout(SOON)
            .unwrap_or_else(|error| panic!("{what}: {error}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// aiosmtpd on a free port.
struct Aiosmtpd {
    process: Process,
    port: u16,
}

impl Aiosmtpd {
    fn start(mut told: Json) -> Self {
        told["port"] = 0.into();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers.py");
        let process = Process::start(
            Command::new(tools::python().unwrap())
                .arg(script)
                .arg(told.to_string()),
        );
        let ready = process.line("aiosmtpd is ready");
        let port = ready
            .strip_prefix("ready ")
            .unwrap_or_else(|| panic!("{ready}"))
            .parse()
            .unwrap();
        Self { process, port }
    }

    fn mail(&self) -> Json {
        serde_json::from_str(&self.process.line("a mail at aiosmtpd")).unwrap()
    }

    fn got_nothing(&self) -> bool {
        self.process.lines.try_recv().is_err()
    }
}

/// A certificate authority with a certificate for `localhost`, as files.
struct Certificates {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

fn certificates(folder: &Path) -> Certificates {
    fs::create_dir_all(folder).unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    Certificates {
        authority: write("authority.pem", authority.pem()),
        certificate: write("certificate.pem", certificate.pem()),
        key: write("key.pem", key.serialize_pem()),
    }
}

/// A home that sends to `localhost`, with a login in an owner-only file.
fn home(port: u16, password: &str) -> Home {
    let mut home = Home::new().unwrap();
    home.smtp(port)
        .manual_clock(START)
        .set("smtp.host", "localhost");
    let file = home.beside("password");
    fs::write(&file, password).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    home.set("smtp.name", "signalbox")
        .set("smtp.password_file", file.display());
    home
}

fn order(home: &Home) -> Server {
    let server = home.start().unwrap();
    start(
        &server.api,
        &on_event(
            "order",
            "order_completed",
            &json!([send("confirm", "transactional")]),
        ),
    );
    server
}

fn deferred_only(api: &Api, contact: &str) -> bool {
    let outcomes = outcomes(api, contact);
    !outcomes.is_empty()
        && outcomes
            .iter()
            .all(|line| line.starts_with("deferred confirm") && line.ends_with("connection_failed"))
}

#[test]
fn aiosmtpd_gets_mail_over_tls_and_after_a_login_only() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = certificates(folder.path());
    let told = json!({ "certificate": certificates.certificate, "key": certificates.key, "name": "signalbox", "password": "right" });
    let aiosmtpd = Aiosmtpd::start(told);

    // The authority is not known: nothing is sent.
    let mut unknowing = home(aiosmtpd.port, "right");
    unknowing.set("smtp.security", "starttls");
    let server = order(&unknowing);
    post(&server.api, "ann", "order_completed", "o1");
    server.api.settle().unwrap();
    assert!(
        deferred_only(&server.api, "ann"),
        "{:?}",
        outcomes(&server.api, "ann")
    );
    server.stop().unwrap();

    // The password is wrong: nothing is sent, and the password stands in no log.
    let mut wrong = home(aiosmtpd.port, "wr0ng-secret");
    wrong
        .set("smtp.security", "starttls")
        .set("smtp.extra_roots", certificates.authority.display());
    let server = order(&wrong);
    post(&server.api, "ann", "order_completed", "o1");
    server.api.settle().unwrap();
    assert!(
        deferred_only(&server.api, "ann"),
        "{:?}",
        outcomes(&server.api, "ann")
    );
    assert!(!server.log_tail().contains("wr0ng-secret"));
    server.stop().unwrap();
    assert!(aiosmtpd.got_nothing());

    // All is well.
    let mut right = home(aiosmtpd.port, "right");
    right
        .set("smtp.security", "starttls")
        .set("smtp.extra_roots", certificates.authority.display());
    let server = order(&right);
    post(&server.api, "ann", "order_completed", "o1");
    server.api.settle().unwrap();
    let mail = aiosmtpd.mail();
    assert_eq!(
        (&mail["tls"], &mail["authenticated"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(mail["to"], json!(["ann@example.com"]));
    assert!(
        mail["data"]
            .as_str()
            .unwrap()
            .contains("Subject: order o1\r\n")
    );
    assert_eq!(outcomes(&server.api, "ann"), ["sent confirm"]);
    server.stop().unwrap();
}

#[test]
fn aiosmtpd_refuses_and_stalls() {
    let aiosmtpd = Aiosmtpd::start(json!({}));
    let mut home = Home::new().unwrap();
    home.smtp(aiosmtpd.port)
        .manual_clock(START)
        .set("smtp.timeouts.block_s", 1)
        .set("smtp.timeouts.end_s", 1);
    let server = order(&home);
    for contact in ["refuse450", "refuse550", "stall", "fine"] {
        post(&server.api, contact, "order_completed", "o1");
    }
    server.api.wind("2026-03-02T09:00:30Z", "through").unwrap();
    assert_eq!(aiosmtpd.mail()["to"], json!(["fine@example.com"]));
    server.api.wind("2026-03-02T09:10:00Z", "through").unwrap();
    assert_eq!(aiosmtpd.mail()["to"], json!(["refuse450@example.com"]));
    let first = |contact: &str| outcomes(&server.api, contact)[0].clone();
    assert!(
        first("refuse450").starts_with("deferred confirm"),
        "{}",
        first("refuse450")
    );
    assert_eq!(
        outcomes(&server.api, "refuse550"),
        ["refused confirm smtp_550"]
    );
    assert_eq!(first("stall"), "in doubt confirm true");
    assert!(aiosmtpd.got_nothing());
    server.stop().unwrap();
}

/// A port that nobody had a moment ago: maildev takes no port 0.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn maildev_shows_the_mail_as_it_was_meant() {
    let (smtp, web) = (free_port(), free_port());
    let mut command = Command::new(tools::maildev().unwrap());
    command.args([
        "--ip",
        "127.0.0.1",
        "--web-ip",
        "127.0.0.1",
        "--smtp",
        &smtp.to_string(),
        "--web",
        &web.to_string(),
    ]);
    let _maildev = Process::start(&mut command);
    let page = Api::new(&format!("http://127.0.0.1:{web}"), "");
    wait::until("maildev is ready", SOON, || {
        Ok(page
            .get("/email")
            .ok()
            .filter(|answer| answer.status == 200)
            .map(drop))
    })
    .unwrap();

    let mut home = Home::new().unwrap();
    home.smtp(smtp).manual_clock(START);
    let server = home.start().unwrap();
    let mut document = on_event(
        "order",
        "order_completed",
        &json!([send("confirm", "transactional")]),
    );
    document["templates"]["note"] = json!({
        "subject": "Größe {{ event.size }} für {{ contact.first_name }}",
        "mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>Hallo <b>{{ contact.first_name }}</b>, größer geht es nicht.</mj-text><mj-button href=\"https://shop.example/o?id={{ event.key | url_encode }}\">Ansehen</mj-button></mj-column></mj-section></mj-body></mjml>",
        "text": "Hallo {{ contact.first_name }}, größer geht es nicht.\n",
    });
    start(&server.api, &document);
    let body = json!({
        "contact": "zoe", "name": "order_completed", "fields": { "key": "o 1", "size": "XL" },
        "attributes": { "email": "zoe@example.com", "first_name": "Zoë & <Co>" },
    });
    server
        .api
        .post("/v1/events", &body)
        .unwrap()
        .good("posting")
        .unwrap();
    server.api.settle().unwrap();
    // It says 250 before it has parsed the mail.
    let mails = wait::until("maildev lists the mail", SOON, || {
        let mails = page.get("/email")?.good("listing the mails")?;
        Ok(mails.as_array().filter(|mails| !mails.is_empty()).cloned())
    })
    .unwrap();
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail["subject"], "Größe XL für Zoë & <Co>");
    assert_eq!(
        mail["from"],
        json!([{ "address": "hello@shop.example", "name": "Shop" }])
    );
    assert_eq!(mail["to"][0]["address"], "zoe@example.com");
    assert_eq!(
        mail["text"].as_str().unwrap().trim(),
        "Hallo Zoë & <Co>, größer geht es nicht."
    );
    let html = mail["html"].as_str().unwrap();
    assert!(html.contains("Zoë &amp; &lt;Co&gt;"), "{html}");
    assert!(
        html.contains("https://shop.example/o?id=o%201")
            || html.contains("https://shop.example/o?id=o+1"),
        "{html}"
    );
    assert_eq!(outcomes(&server.api, "zoe"), ["sent confirm"]);
    server.stop().unwrap();
}

/// The sink reads mail as maildev does: our own reading of mails is not kinder to us than others'.
#[test]
fn aiosmtpd_and_our_own_sink_see_the_same_mail() {
    let aiosmtpd = Aiosmtpd::start(json!({}));
    let sink = signalbox_e2e::smtp::Sink::start().unwrap();
    let mut bytes = Vec::new();
    for port in [aiosmtpd.port, sink.port()] {
        let mut home = Home::new().unwrap();
        home.smtp(port).manual_clock(START);
        let server = order(&home);
        post(&server.api, "ann", "order_completed", "o1");
        server.api.settle().unwrap();
        server.stop().unwrap();
        bytes.push(if port == sink.port() {
            sink.mails().remove(0)
        } else {
            let mail = aiosmtpd.mail();
            let to = vec![mail["to"][0].as_str().unwrap().to_owned()];
            Mail {
                from: mail["from"].as_str().unwrap().to_owned(),
                to,
                bytes: mail["data"].as_str().unwrap().into(),
            }
        });
    }
    let [theirs, ours] = bytes.try_into().unwrap();
    assert_eq!((&theirs.from, &theirs.to), (&ours.from, &ours.to));
    assert_eq!(theirs.subject(), ours.subject());
    assert_eq!(theirs.text_part(), ours.text_part());
    assert_eq!(theirs.html_part(), ours.html_part());
    let names = |mail: &Mail| {
        ["From", "To", "Subject", "Date", "MIME-Version"].map(|name| mail.header(name))
    };
    assert_eq!(names(&theirs), names(&ours));
}
