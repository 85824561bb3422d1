//! A mail server that goes wrong in every way that threats.md names: what becomes of the mail, by class.

use std::time::Duration;

use serde_json::json;
use signalbox_e2e::{
    http::Api,
    smtp::{Fault, Sink, Stage},
};

use crate::support::{home, on_event, outcomes, post, send, start};

const MIB: u64 = 1024 * 1024;
const SOON: Duration = Duration::from_secs(20);

fn reply(text: &str) -> Fault {
    Fault::Reply(text.to_owned())
}

fn order(api: &Api) {
    start(
        api,
        &on_event(
            "order",
            "order_completed",
            &json!([send("confirm", "transactional")]),
        ),
    );
}

/// To whom mail came, sorted.
fn received(sink: &Sink) -> Vec<String> {
    let mut to: Vec<String> = sink.mails().into_iter().flat_map(|mail| mail.to).collect();
    to.sort();
    to
}

#[test]
fn marketing_that_a_server_does_not_answer_holds_up_no_order() {
    const STUCK: usize = 12;
    let sink = Sink::start().unwrap();
    let mut home = home(&sink);
    home.set("smtp.connections_max", "4")
        .set("limits.engine.sends_in_flight_max", "8");
    let server = home.start().unwrap();
    let api = &server.api;
    order(api);
    start(
        api,
        &on_event("news", "signed_up", &json!([send("news", "marketing")])),
    );
    for number in 0..STUCK {
        let contact = format!("reader{number}");
        let to = format!("{contact}@example.com");
        sink.plan_for(&to, Stage::Rcpt, Fault::Silence, 1);
        post(api, &contact, "signed_up", "s1");
    }
    // One connection in four is never used for marketing.
    sink.wait_wrong(3, SOON).unwrap();
    post(api, "ann", "order_completed", "o1");
    post(api, "bo", "order_completed", "o1");
    sink.wait("both orders", SOON, |mails| {
        (mails.len() == 2).then_some(())
    })
    .unwrap();
    assert_eq!(received(&sink), ["ann@example.com", "bo@example.com"]);
    server.kill();
}

#[test]
fn a_domain_that_refuses_us_gets_its_marketing_slowly_and_others_at_once() {
    let sink = Sink::start().unwrap();
    let refusal = "550 5.7.1 your mail is unwelcome";
    sink.plan_for("ann@example.com", Stage::Rcpt, reply(refusal), 1);
    let home = home(&sink);
    let server = home.start().unwrap();
    let api = &server.api;
    order(api);
    start(
        api,
        &on_event("news", "signed_up", &json!([send("news", "marketing")])),
    );
    for contact in ["ann", "bo", "cid"] {
        post(api, contact, "signed_up", "s1");
        api.settle().unwrap();
    }
    let elsewhere = json!({
        "contact": "dan", "name": "signed_up", "id": "s1",
        "fields": { "key": "s1" }, "attributes": { "email": "dan@example.org" },
    });
    api.post("/v1/events", &elsewhere)
        .unwrap()
        .good("an event")
        .unwrap();
    post(api, "eve", "order_completed", "o1");
    api.settle().unwrap();
    assert_eq!(
        received(&sink),
        ["dan@example.org", "eve@example.com"],
        "another domain, and an order"
    );
    api.wind("2026-03-02T10:00:00Z", "through").unwrap();
    assert_eq!(
        received(&sink),
        [
            "bo@example.com",
            "cid@example.com",
            "dan@example.org",
            "eve@example.com"
        ]
    );
    assert_eq!(outcomes(api, "ann"), ["refused news policy_refused"]);
    for contact in ["bo", "cid"] {
        let told = outcomes(api, contact).join("; ");
        assert!(
            told.contains("domain_slowed") && told.ends_with("sent news"),
            "{told}"
        );
    }
    server.stop().unwrap();
}

#[test]
fn an_order_is_given_up_after_a_day_and_news_after_four() {
    let sink = Sink::start().unwrap();
    let home = home(&sink);
    let server = home.start().unwrap();
    let api = &server.api;
    order(api);
    start(
        api,
        &on_event("news", "signed_up", &json!([send("news", "marketing")])),
    );
    for (contact, event) in [("ann", "order_completed"), ("bo", "signed_up")] {
        let busy = reply("450 4.2.0 mailbox busy");
        let to = format!("{contact}@example.com");
        sink.plan_for(&to, Stage::Rcpt, busy, 1_000);
        post(api, contact, event, "o1");
    }
    let given_up = |at: &str| {
        api.wind(at, "through").unwrap();
        let ends = |contact| {
            let told = outcomes(api, contact).join("; ");
            assert!(told.contains("deferred"), "{told}");
            told.contains("expired")
        };
        (ends("ann"), ends("bo"))
    };
    // Tries end with the first that would come later than a day, or four days, after the first try.
    assert_eq!(given_up("2026-03-03T07:55:00Z"), (false, false));
    assert_eq!(given_up("2026-03-03T09:05:00Z"), (true, false));
    assert_eq!(given_up("2026-03-06T07:55:00Z"), (true, false));
    assert_eq!(given_up("2026-03-06T09:05:00Z"), (true, true));
    assert_eq!(received(&sink), [""; 0]);
    server.stop().unwrap();
}

#[test]
fn refusals_are_retried_or_final_by_their_class() {
    let sink = Sink::start().unwrap();
    let plans = [
        ("mailbox_busy", Stage::Rcpt, "450 4.2.0 mailbox busy"),
        ("greylisted", Stage::Rcpt, "451 4.7.1 come back later"),
        ("no_space", Stage::Data, "452 4.3.1 no space"),
        ("error_after_dot", Stage::End, "451 4.3.0 local error"),
        ("mailbox_full", Stage::Rcpt, "552 5.2.2 mailbox full"),
        ("closing", Stage::End, "421 4.3.2 closing"),
        ("unknown", Stage::Rcpt, "550 5.1.1 no such mailbox"),
        ("disliked", Stage::End, "554 5.6.0 content refused"),
        ("blocked", Stage::Mail, "550 5.7.1 blocked"),
        ("bare", Stage::Rcpt, "554 no"),
    ];
    // At MAIL nobody knows the recipient yet, so that one is planned alone.
    for (contact, stage, text) in plans.iter().filter(|plan| plan.1 != Stage::Mail) {
        sink.plan_for(&format!("{contact}@example.com"), *stage, reply(text), 1);
    }
    let home = home(&sink);
    let server = home.start().unwrap();
    let api = &server.api;
    order(api);
    for (contact, ..) in plans.iter().filter(|plan| plan.1 != Stage::Mail) {
        post(api, contact, "order_completed", "o1");
    }
    api.settle().unwrap();
    assert_eq!(received(&sink), [""; 0], "nothing was taken yet");
    sink.plan(Stage::Mail, reply("550 5.7.1 blocked"), 1);
    post(api, "blocked", "order_completed", "o1");
    api.settle().unwrap();

    // The first retry comes after a minute, with a tenth of jitter.
    api.wind("2026-03-02T09:00:59Z", "through").unwrap();
    assert_eq!(received(&sink), [""; 0]);
    api.wind("2026-03-02T09:10:00Z", "through").unwrap();
    let retried = [
        "closing",
        "error_after_dot",
        "greylisted",
        "mailbox_busy",
        "mailbox_full",
        "no_space",
    ];
    assert_eq!(
        received(&sink),
        retried.map(|contact| format!("{contact}@example.com"))
    );
    api.wind("2026-03-09T09:00:00Z", "through").unwrap();
    assert_eq!(
        sink.count(),
        retried.len(),
        "nothing comes twice, and what is final stays so"
    );

    let mut told = String::new();
    for (contact, ..) in plans {
        let outcomes = outcomes(api, contact).join("; ");
        // Retries have jitter: only that there is an instant matters here.
        let words: Vec<&str> = outcomes
            .split(' ')
            .filter(|word| !word.starts_with("2026-") && !word.contains(':'))
            .collect();
        told = format!("{told}{contact}: {}\n", words.join(" "));
    }
    assert_eq!(
        told,
        "mailbox_busy: deferred confirm smtp_450; message sent confirm\n\
         greylisted: deferred confirm policy_deferred; sent confirm\n\
         no_space: deferred confirm smtp_452; sent confirm\n\
         error_after_dot: deferred confirm smtp_451; sent confirm\n\
         mailbox_full: deferred confirm smtp_552; sent confirm\n\
         closing: deferred confirm smtp_421; sent confirm\n\
         unknown: refused confirm hard_bounce\n\
         disliked: refused confirm smtp_554\n\
         blocked: refused confirm policy_refused\n\
         bare: refused confirm smtp_554\n"
            .replace("; message sent", "; sent")
    );
    server.stop().unwrap();
}

#[test]
fn a_server_that_does_not_talk_sense_delays_mail_and_costs_no_memory() {
    let sink = Sink::start().unwrap();
    let mut home = home(&sink);
    home.set("smtp.messages_per_connection_max", 1)
        .set("smtp.timeouts.greeting_s", 1)
        .set("smtp.timeouts.command_s", 1)
        .set("smtp.timeouts.rcpt_s", 1);
    let server = home.start().unwrap();
    let api = &server.api;
    order(api);
    let before = server.resident_bytes().unwrap();
    let faults = [
        (Stage::Connect, reply("421 4.3.2 too busy")),
        (Stage::Connect, reply("554 5.3.2 no mail here")),
        (Stage::Connect, Fault::HangUp),
        (Stage::Connect, Fault::Silence),
        (Stage::Connect, Fault::Flood(64 << 20)),
        (Stage::Hello, reply("451 4.3.0 not now")),
        (Stage::Hello, Fault::HangUp),
        (Stage::Rcpt, reply("this is no reply at all")),
        (Stage::Rcpt, reply("999 7.7.7 nor this")),
        (Stage::Rcpt, Fault::Flood(64 << 20)),
        (Stage::Rcpt, Fault::Silence),
        (Stage::Data, Fault::HangUp),
    ];
    for (index, (stage, fault)) in faults.iter().enumerate() {
        sink.plan(*stage, fault.clone(), 1);
        let key = format!("o{index}");
        post(api, "ann", "order_completed", &key);
        api.settle().unwrap();
        assert_eq!(
            sink.count(),
            index,
            "{stage:?} {fault:?}: not taken at the first try"
        );
        let now = api.now().unwrap();
        let later = now.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_mins(10);
        api.wind(&later.to_string(), "through").unwrap();
        assert_eq!(
            sink.count(),
            index + 1,
            "{stage:?} {fault:?}: {:?}",
            outcomes(api, "ann")
        );
    }
    let grown = server.resident_bytes().unwrap().saturating_sub(before);
    assert!(grown < 100 * MIB, "{grown} bytes more");
    let subjects: Vec<String> = sink
        .mails()
        .iter()
        .map(signalbox_e2e::mail::Mail::subject)
        .collect();
    let expected: Vec<String> = (0..faults.len())
        .map(|index| format!("order o{index}"))
        .collect();
    assert_eq!(subjects, expected, "each exactly once");
    server.stop().unwrap();
}

#[test]
fn a_mail_in_doubt_is_sent_again_or_held_by_its_class() {
    let sink = Sink::start().unwrap();
    let mut home = home(&sink);
    home.set("smtp.timeouts.block_s", 1)
        .set("smtp.timeouts.end_s", 1);
    let server = home.start().unwrap();
    let api = &server.api;
    order(api);
    start(
        api,
        &on_event("news", "news_wanted", &json!([send("tell", "marketing")])),
    );
    for (contact, fault) in [
        ("taken_then_gone", Fault::TakeAndHangUp),
        ("taken_then_silent", Fault::TakeAndBeSilent),
        ("lost_then_gone", Fault::HangUp),
        ("lost_then_silent", Fault::Silence),
    ] {
        sink.plan_for(
            &format!("{contact}@example.com"),
            Stage::End,
            fault.clone(),
            1,
        );
        post(api, contact, "order_completed", "o1");
        sink.plan_for(&format!("news_{contact}@example.com"), Stage::End, fault, 1);
        post(api, &format!("news_{contact}"), "news_wanted", "n1");
    }
    api.settle().unwrap();
    sink.wait_wrong(8, SOON).unwrap();
    api.wind("2026-03-02T10:00:00Z", "through").unwrap();
    for contact in [
        "taken_then_gone",
        "taken_then_silent",
        "lost_then_gone",
        "lost_then_silent",
    ] {
        assert_eq!(
            outcomes(api, contact),
            ["in doubt confirm true", "sent confirm"],
            "{contact}"
        );
        let contact = format!("news_{contact}");
        assert_eq!(
            outcomes(api, &contact),
            ["in doubt tell false"],
            "{contact}"
        );
    }
    let to = |address: &str| {
        let mails = sink.mails();
        mails
            .into_iter()
            .filter(|mail| mail.to == [address])
            .collect::<Vec<_>>()
    };
    for contact in ["taken_then_gone", "taken_then_silent"] {
        let mails = to(&format!("{contact}@example.com"));
        assert_eq!(mails.len(), 2, "one mail and one for the doubt");
        assert_eq!(
            mails[0].bytes, mails[1].bytes,
            "the same bytes with the same Message-ID"
        );
        assert_eq!(to(&format!("news_{contact}@example.com")).len(), 1);
    }
    for contact in ["lost_then_gone", "lost_then_silent"] {
        assert_eq!(to(&format!("{contact}@example.com")).len(), 1);
        assert_eq!(to(&format!("news_{contact}@example.com")).len(), 0);
    }
    server.stop().unwrap();
}

#[test]
fn without_the_tls_that_is_asked_for_nothing_is_sent() {
    let sink = Sink::start().unwrap();
    let mut home = home(&sink);
    home.set("smtp.security", "starttls");
    let server = home.start().unwrap();
    order(&server.api);
    post(&server.api, "ann", "order_completed", "o1");
    server.api.wind("2026-03-02T10:00:00Z", "through").unwrap();
    assert_eq!(sink.count(), 0);
    let said: Vec<String> = sink
        .conversations()
        .into_iter()
        .flat_map(|conversation| conversation.lines)
        .collect();
    assert!(
        said.iter().any(|line| line.starts_with("C: EHLO")),
        "{said:?}"
    );
    assert!(
        !said.iter().any(|line| line.starts_with("C: MAIL")),
        "no address goes over the wire: {said:?}"
    );
    assert!(
        outcomes(&server.api, "ann")
            .iter()
            .all(|line| line.contains("deferred"))
    );
    server.stop().unwrap();
}

/// Threats: an address or a name cannot smuggle a command or a header.
#[test]
#[expect(clippy::too_many_lines, reason = "a list of what was ever tried")]
fn what_contacts_are_called_stays_inside_its_place() {
    let sink = Sink::start().unwrap();
    let home = home(&sink);
    let server = home.start().unwrap();
    let api = &server.api;
    let mut document = on_event(
        "order",
        "order_completed",
        &json!([send("confirm", "transactional")]),
    );
    document["templates"]["note"]["subject"] = "Hello {{ contact.first_name }}".into();
    document["templates"]["note"]["mjml"] = "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ contact.first_name }}</mj-text></mj-column></mj-section></mj-body></mjml>".into();
    start(api, &document);
    let names = [
        "Ann\r\nBcc: eve@example.com",
        "Ann\nX-Evil: 1",
        "Ann\u{2028}Bcc: eve@example.com",
        "=?utf-8?q?Ann=0D=0ABcc:_eve@example.com?=",
        "{{ 7 | times: 7 }}",
        "<script>alert(1)</script>",
    ];
    let addresses = [
        "a@b.example\r\nRCPT TO:<eve@example.com>",
        "<a@b.example>,<c@d.example>",
        "a@b.example, c@d.example",
        "-oQ/tmp@b.example\0",
        "nobody",
    ];
    for (index, name) in names.iter().enumerate() {
        let attributes = json!({ "email": format!("n{index}@example.com"), "first_name": name });
        let body = json!({ "contact": format!("n{index}"), "name": "order_completed", "fields": { "key": "k" }, "attributes": attributes });
        api.post("/v1/events", &body)
            .unwrap()
            .good("posting")
            .unwrap();
    }
    for (index, address) in addresses.iter().enumerate() {
        let attributes = json!({ "email": address, "first_name": "Ann" });
        let body = json!({ "contact": format!("a{index}"), "name": "order_completed", "fields": { "key": "k" }, "attributes": attributes });
        api.post("/v1/events", &body)
            .unwrap()
            .good("posting")
            .unwrap();
    }
    api.settle().unwrap();
    for mail in sink.mails() {
        let head = String::from_utf8(mail.bytes.clone()).unwrap();
        let head = head.split("\r\n\r\n").next().unwrap();
        let mut headers: Vec<&str> = head
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split(':').next())
            .collect();
        headers.sort_unstable();
        assert_eq!(
            headers,
            [
                "Content-Type",
                "Date",
                "From",
                "MIME-Version",
                "Message-ID",
                "Subject",
                "To"
            ],
            "{head}"
        );
        assert_eq!(mail.to.len(), 1);
        assert!(!mail.html_part().contains("<script>"));
        assert!(
            !mail.subject().contains("49"),
            "what contacts are called is never a template"
        );
    }
    let said = sink.conversations();
    let recipients = said
        .iter()
        .flat_map(|conversation| &conversation.lines)
        .filter(|line| line.starts_with("C: RCPT"));
    assert!(
        recipients
            .clone()
            .all(|line| !line.contains("eve@") && line.contains("<n")),
        "{:?}",
        recipients.collect::<Vec<_>>()
    );
    for (index, address) in addresses.iter().enumerate() {
        let path = format!("/v1/contacts/a{index}/journeys");
        let told = api.get(&path).unwrap().good("reading").unwrap();
        let refused = told["before"].as_array().and_then(|facts| facts.last());
        let reason = refused.map(|fact| &fact["reason"]);
        assert_eq!(reason, Some(&json!("address_invalid")), "{address:?}");
        assert_eq!(told["journeys"], json!([]), "{address:?}");
    }
    server.stop().unwrap();
}
