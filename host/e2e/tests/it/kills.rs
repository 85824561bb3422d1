//! kill -9 at the three instants of a send that matter: before the intent, after it, and after the mail was taken.

use std::{thread, time::Duration};

use serde_json::json;
use signalbox_e2e::{
    http::Api,
    smtp::{Fault, Sink, Stage},
};

use crate::support::{home, on_event, outcomes, post, send, start};

const SOON: Duration = Duration::from_secs(20);

fn order(api: &Api) {
    start(
        api,
        &on_event(
            "order",
            "order_completed",
            &json!([send("confirm", "transactional")]),
        ),
    );
    start(
        api,
        &on_event("news", "news_wanted", &json!([send("tell", "marketing")])),
    );
}

/// Has one transactional and one marketing mail come to that fault, kills the server there, and answers with what
/// became of both an hour later.
fn killed_at(stage: Stage, fault: &Fault) -> (Vec<String>, Vec<String>, Vec<usize>) {
    let sink = Sink::start().unwrap();
    let home = home(&sink);
    let server = home.start().unwrap();
    order(&server.api);
    sink.plan(stage, fault.clone(), 2);
    // On a manual clock mail leaves once the clock goes on.
    post(&server.api, "ann", "order_completed", "o1");
    post(&server.api, "bea", "news_wanted", "n1");
    let api = server.api.clone();
    let winding = thread::spawn(move || api.wind("2026-03-02T09:00:01Z", "through"));
    sink.wait_wrong(2, SOON).unwrap();
    server.kill();
    assert!(
        winding.join().unwrap().is_err(),
        "the server was to be killed while it waits"
    );
    let server = home.start().unwrap();
    server.api.wind("2026-03-02T10:00:00Z", "through").unwrap();
    let told = (outcomes(&server.api, "ann"), outcomes(&server.api, "bea"));
    server.stop().unwrap();
    let to = |address: &str| {
        sink.mails()
            .iter()
            .filter(|mail| mail.to == [address])
            .count()
    };
    (
        told.0,
        told.1,
        vec![to("ann@example.com"), to("bea@example.com")],
    )
}

#[test]
fn killed_before_the_intent_a_mail_is_sent_once_and_without_a_doubt() {
    let (order, news, counts) = killed_at(Stage::Data, &Fault::Silence);
    assert_eq!(
        (order, news, counts),
        (
            vec!["sent confirm".to_owned()],
            vec!["sent tell".to_owned()],
            vec![1, 1]
        )
    );
}

#[test]
fn killed_after_the_intent_a_mail_is_in_doubt() {
    let (order, news, counts) = killed_at(Stage::End, &Fault::Silence);
    assert_eq!(order, ["in doubt confirm true", "sent confirm"]);
    assert_eq!(news, ["in doubt tell false"], "marketing is held");
    assert_eq!(counts, [1, 0]);
}

#[test]
fn killed_after_the_mail_was_taken_it_is_in_doubt_too() {
    let (order, news, counts) = killed_at(Stage::End, &Fault::TakeAndBeSilent);
    assert_eq!(order, ["in doubt confirm true", "sent confirm"]);
    assert_eq!(news, ["in doubt tell false"]);
    assert_eq!(
        counts,
        [2, 1],
        "one more for the doubt, none where it is held"
    );
}
