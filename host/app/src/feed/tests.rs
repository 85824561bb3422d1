//! Whole files against a server of the tests' own, which writes down what it is asked.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread::JoinHandle,
};

use super::*;

/// Answers each request as told, then with 202, and reports what came.
struct Server {
    url: String,
    asked: mpsc::Receiver<String>,
    _thread: JoinHandle<()>,
}

impl Server {
    fn start(answers: Vec<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, asked) = mpsc::channel();
        let mut answers = answers.into_iter();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if answer_all(stream.unwrap(), &mut answers, &tell).is_none() {
                    return;
                }
            }
        });
        Self {
            url,
            asked,
            _thread: thread,
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }
}

fn answer_all(
    stream: TcpStream,
    answers: &mut impl Iterator<Item = &'static str>,
    tell: &mpsc::Sender<String>,
) -> Option<()> {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return Some(());
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = head.split(' ').take(2).collect::<Vec<_>>().join(" ");
        tell.send(
            format!("{path} {}", String::from_utf8(body).unwrap())
                .trim()
                .to_owned(),
        )
        .ok()?;
        let clock = r#"{"clock":{"now":"1997-01-01T00:00:00Z","manual":true}}"#;
        let (head, body) = match answers.next() {
            Some(answer) => answer.split_once('|').unwrap(),
            None => ("202 Accepted", clock),
        };
        write!(
            writer,
            "HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
    }
}

struct Fed {
    result: anyhow::Result<Report>,
    /// What was asked of the server, with the digest of the file cut out of it.
    asked: Vec<String>,
}

fn feed(text: &str, answers: &[&'static str], change: impl FnOnce(&mut Job)) -> Fed {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events");
    std::fs::write(&file, text).unwrap();
    let server = Server::start(answers.to_vec());
    let client = Client::new(&server.url, "sbx_1", Duration::from_secs(30)).unwrap();
    let mut job = Job {
        file,
        format: FeedFormat::Csv,
        no_header: false,
        maps: Vec::new(),
        skip_bad: false,
        history_only: false,
        batch_events_max: 2,
        ordered_lines_max: 100,
        wind: None,
    };
    change(&mut job);
    let result = post_file(&job, &client);
    let digest = Digest::of_bytes(text.as_bytes()).to_string();
    let asked = server
        .asked()
        .into_iter()
        .map(|asked| asked.replace(&digest[..ID_DIGEST_CHARS], "FILE"))
        .collect();
    Fed { result, asked }
}

const CSV: &str = "contact,name,fields.note\na,b_done,\"two\nlines\"\nb,b_done,\n\nc,b_done,x\n";

/// The record of `c` begins, for the CSV reader, with the empty line before it.
#[test]
fn batches_carry_ids_of_file_and_line() {
    let fed = feed(CSV, &[], |_| {});
    assert_eq!(
        fed.asked,
        [
            r#"POST /v1/events/batch {"events":[{"contact":"a","name":"b_done","id":"FILE-2","fields":{"note":"two\nlines"}},{"contact":"b","name":"b_done","id":"FILE-4"}]}"#,
            r#"POST /v1/events/batch {"events":[{"contact":"c","name":"b_done","id":"FILE-5","fields":{"note":"x"}}]}"#,
        ]
    );
    let report = fed.result.unwrap();
    assert_eq!((report.posted, report.batches, report.retries), (3, 2, 0));
}

#[test]
fn nothing_is_posted_from_a_file_with_wrong_lines() {
    let text = "contact,name\na,b_done\n,b_done\nc,B\nd,b_done,more\n";
    let fed = feed(text, &[], |_| {});
    assert_eq!(
        fed.result.unwrap_err().to_string(),
        "3 of 4 lines are wrong; nothing was posted (--skip-bad posts the others)"
    );
    assert!(fed.asked.is_empty());

    let fed = feed(text, &[], |job| job.skip_bad = true);
    assert_eq!(
        fed.asked,
        [r#"POST /v1/events/batch {"events":[{"contact":"a","name":"b_done","id":"FILE-2"}]}"#]
    );
    assert_eq!(fed.result.unwrap().skipped, 3);
}

#[test]
fn a_busy_server_is_asked_again() {
    let busy = "429 Too Many Requests\r\nretry-after: 0|{}";
    let fed = feed(
        "contact,name\na,b_done\n",
        &[busy, "503 Service Unavailable|"],
        |_| {},
    );
    assert_eq!(fed.asked.len(), 3);
    assert_eq!(fed.result.unwrap().retries, 2);
}

#[test]
fn a_refusal_is_told_by_lines() {
    let refusal = "422 Unprocessable Entity|{\"error\":{\"code\":\"invalid_batch\",\"message\":\"1 of 2 events are wrong\",\
                   \"problems\":[{\"pointer\":\"/events/1/contact\",\"code\":\"x\",\"reason\":\"no\",\"help\":\"\"}]}}";
    let fed = feed(CSV, &[refusal], |_| {});
    assert_eq!(
        fed.result.unwrap_err().to_string(),
        "the server answered 422 (invalid_batch): 1 of 2 events are wrong\n  line 4: contact: no"
    );
}

#[test]
fn the_clock_is_wound_to_each_instant_in_order() {
    let text = "1 b 19970103\n2 a 19970102\n\n3 b 19970102\n";
    let fed = feed(text, &[], |job| {
        job.format = FeedFormat::Columns;
        job.maps = ["contact={2}", "name=b_done", "occurred_at={3:%Y%m%d}"]
            .map(str::to_owned)
            .to_vec();
        job.wind = Some("+29d".parse().unwrap());
    });
    fed.result.unwrap();
    assert_eq!(
        fed.asked,
        [
            "GET /v1/clock",
            r#"POST /v1/clock {"advance_to":"1997-01-02T00:00:00Z","edge":"before"}"#,
            r#"POST /v1/events/batch {"events":[{"contact":"a","name":"b_done","id":"FILE-2","occurred_at":"1997-01-02T00:00:00Z"},{"contact":"b","name":"b_done","id":"FILE-4","occurred_at":"1997-01-02T00:00:00Z"}]}"#,
            r#"POST /v1/clock {"advance_to":"1997-01-03T00:00:00Z","edge":"before"}"#,
            r#"POST /v1/events/batch {"events":[{"contact":"b","name":"b_done","id":"FILE-1","occurred_at":"1997-01-03T00:00:00Z"}]}"#,
            r#"POST /v1/clock {"advance_to":"1997-02-01T00:00:00Z","edge":"through"}"#,
        ]
    );
}

#[test]
fn records_are_bounded() {
    let long = "x".repeat(read::RECORD_BYTES_MAX as usize + 10);
    let text = format!("a b\n{long}\nc d\n");
    let fed = feed(&text, &[], |job| {
        job.format = FeedFormat::Columns;
        job.maps = ["contact={1}", "name=b_done"].map(str::to_owned).to_vec();
        job.skip_bad = true;
    });
    assert!(
        fed.asked[0].contains("FILE-1") && fed.asked[0].contains("FILE-3"),
        "{:?}",
        fed.asked
    );
    let fed = feed(&format!("contact,name\n\"{long}{long}\n"), &[], |_| {});
    let error = fed.result.unwrap_err().to_string();
    assert!(
        error.ends_with("line 2: the record is longer than 1048576 bytes; is a quote not closed?"),
        "{error}"
    );
}
