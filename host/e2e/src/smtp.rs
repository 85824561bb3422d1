//! A mail server of the tests' own: it takes mail as a good server does, keeps every conversation, and goes wrong
//! exactly where a test plans it.
//!
//! Stories and fault tests call it. It never reorders or repairs what it is sent, and a mail is kept before the 250 is
//! written, so that what a client was told is a part of what is kept.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{mail::Mail, wait::Watch};

/// Longest line that is read.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Where in a conversation a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// In place of the greeting.
    Connect,
    /// At EHLO.
    Hello,
    /// At MAIL.
    Mail,
    /// At RCPT.
    Rcpt,
    /// At DATA, in place of 354.
    Data,
    /// After the dot.
    End,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Another reply than usual, such as `450 4.2.0 try later`. After a 421 the connection is closed.
    Reply(String),
    /// Nothing is answered any more.
    Silence,
    /// The connection is closed without a word.
    HangUp,
    /// After the dot only: the mail is taken, and the connection closed before the 250.
    TakeAndHangUp,
    /// After the dot only: the mail is taken, and the 250 never comes.
    TakeAndBeSilent,
    /// So many bytes without the end of a line, then silence.
    Flood(usize),
}

/// One planned fault.
#[derive(Debug, Clone)]
struct Plan {
    stage: Stage,
    fault: Fault,
    /// Only for mails to this address; at `Connect` and `Hello` nobody knows the address yet.
    to: Option<String>,
    /// How often it still happens.
    times: u32,
}

/// What one client and the server said, line by line, each with `C: ` or `S: ` before it; bodies are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    pub lines: Vec<String>,
}

#[derive(Debug, Default)]
struct Kept {
    mails: Vec<Mail>,
    plans: Vec<Plan>,
    conversations: Vec<Conversation>,
    open: Vec<TcpStream>,
}

#[derive(Debug, Default)]
struct Shared {
    kept: Mutex<Kept>,
    changed: Condvar,
    stopping: AtomicBool,
}

/// The server. It ends when it is dropped, with every connection.
#[derive(Debug)]
pub struct Sink {
    port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Sink {
    /// Starts one on a free port of this machine.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("binding the sink")?;
        let port = listener.local_addr().context("asking for the port")?.port();
        let shared = Arc::new(Shared::default());
        let accepting = thread::Builder::new()
            .name("sink".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || accept(&listener, &shared)
            })
            .context("starting the sink")?;
        Ok(Self {
            port,
            shared,
            accepting: Some(accepting),
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Goes wrong there, so often, whoever the mail is for.
    pub fn plan(&self, stage: Stage, fault: Fault, times: u32) {
        self.shared.kept().plans.push(Plan {
            stage,
            fault,
            to: None,
            times,
        });
    }

    /// Goes wrong there, so often, for mails to one address; `stage` is `Rcpt` or later.
    pub fn plan_for(&self, to: &str, stage: Stage, fault: Fault, times: u32) {
        self.shared.kept().plans.push(Plan {
            stage,
            fault,
            to: Some(to.to_owned()),
            times,
        });
    }

    /// Every mail so far, in the order in which it was taken.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.kept().mails.clone()
    }

    /// How many mails there are so far.
    pub fn count(&self) -> usize {
        self.shared.kept().mails.len()
    }

    /// Every conversation so far, those that go on included.
    pub fn conversations(&self) -> Vec<Conversation> {
        self.shared.kept().conversations.clone()
    }

    /// Waits until the server has fallen silent, or hung up, that often: a planned fault has happened then.
    pub fn wait_wrong(&self, times: usize, bound: Duration) -> Result<()> {
        crate::wait::until("the planned faults", bound, || {
            let kept = self.shared.kept();
            let lines = kept
                .conversations
                .iter()
                .flat_map(|conversation| &conversation.lines);
            let wrong = lines.filter(|line| line.starts_with("S: (")).count();
            Ok((wrong >= times).then_some(()))
        })
    }

    /// Waits until what is kept shows what is looked for.
    pub fn wait<T>(
        &self,
        what: &str,
        bound: Duration,
        look: impl Fn(&[Mail]) -> Option<T>,
    ) -> Result<T> {
        let watch = Watch::start();
        let mut kept = self.shared.kept();
        loop {
            if let Some(found) = look(&kept.mails) {
                return Ok(found);
            }
            let left = bound.saturating_sub(watch.elapsed());
            if left.is_zero() {
                let subjects: Vec<String> = kept.mails.iter().map(Mail::subject).collect();
                bail!(
                    "{what}: not within {} s; there is {subjects:?}",
                    bound.as_secs()
                );
            }
            let waited = self.shared.changed.wait_timeout(kept, left);
            kept = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The planned fault for that stage, counted down.
    fn fault(&self, stage: Stage, to: &[String]) -> Option<Fault> {
        let mut kept = self.kept();
        let plan = kept.plans.iter_mut().find(|plan| {
            plan.times > 0
                && plan.stage == stage
                && plan.to.as_ref().is_none_or(|wanted| to.contains(wanted))
        })?;
        plan.times = plan.times.saturating_sub(1);
        Some(plan.fault.clone())
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        if shared.stopping.load(Ordering::Acquire) {
            break;
        }
        let number = {
            let mut kept = shared.kept();
            kept.conversations.push(Conversation::default());
            if let Ok(stream) = stream.try_clone() {
                kept.open.push(stream);
            }
            kept.conversations.len() - 1
        };
        let shared = Arc::clone(shared);
        threads.push(thread::spawn(move || {
            // A client that went away is no failure of the sink.
            let _ = Session::new(&shared, stream, number).and_then(Session::converse);
        }));
        threads.retain(|thread| !thread.is_finished());
    }
    for stream in &shared.kept().open {
        let _ = stream.shutdown(Shutdown::Both);
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// Whether the conversation goes on.
#[derive(PartialEq, Eq)]
enum Goes {
    On,
    /// The fault was this line's answer.
    Wrong,
    Ends,
}

struct Session<'a> {
    shared: &'a Shared,
    number: usize,
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    from: String,
    to: Vec<String>,
}

impl<'a> Session<'a> {
    fn new(shared: &'a Shared, stream: TcpStream, number: usize) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            shared,
            number,
            reader: BufReader::new(stream.try_clone()?),
            writer: stream,
            from: String::new(),
            to: Vec::new(),
        })
    }

    fn converse(mut self) -> std::io::Result<()> {
        if self.usual(Stage::Connect, "220 sink.example ESMTP")? == Goes::Ends {
            return Ok(());
        }
        while let Some(line) = self.line()? {
            self.note("C", &line);
            let verb = line.split([' ', ':']).next().unwrap_or_default();
            let goes = match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.usual(
                    Stage::Hello,
                    "250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8",
                )?,
                "MAIL" => self.mail(&line)?,
                "RCPT" => self.rcpt(&line)?,
                "DATA" => self.data()?,
                "RSET" => {
                    self.forget();
                    self.reply("250 2.0.0 forgotten")?
                }
                "NOOP" => self.reply("250 2.0.0 nothing done")?,
                "QUIT" => {
                    self.reply("221 2.0.0 bye")?;
                    Goes::Ends
                }
                _ => self.reply("502 5.5.1 not known here")?,
            };
            if goes == Goes::Ends {
                break;
            }
        }
        Ok(())
    }

    fn mail(&mut self, line: &str) -> std::io::Result<Goes> {
        self.forget();
        self.from = path_of(line);
        self.usual(Stage::Mail, "250 2.1.0 sender noted")
    }

    fn rcpt(&mut self, line: &str) -> std::io::Result<Goes> {
        self.to.push(path_of(line));
        let goes = self.usual(Stage::Rcpt, "250 2.1.5 recipient noted")?;
        if goes == Goes::Wrong {
            self.to.pop();
        }
        Ok(goes)
    }

    fn data(&mut self) -> std::io::Result<Goes> {
        let goes = self.usual(Stage::Data, "354 go on")?;
        if goes != Goes::On {
            return Ok(goes);
        }
        let Some(bytes) = self.body()? else {
            return Ok(Goes::Ends);
        };
        let mail = Mail {
            from: std::mem::take(&mut self.from),
            to: std::mem::take(&mut self.to),
            bytes,
        };
        match self.shared.fault(Stage::End, &mail.to) {
            None => {
                self.keep(mail);
                self.reply("250 2.0.0 taken")
            }
            Some(fault @ (Fault::TakeAndHangUp | Fault::TakeAndBeSilent)) => {
                self.keep(mail);
                self.go_wrong(&fault)
            }
            Some(fault) => self.go_wrong(&fault),
        }
    }

    /// The body up to the lone dot, its added dots taken away; `None` if the client went before the dot.
    fn body(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        loop {
            let mut line = Vec::new();
            self.reader
                .by_ref()
                .take(LINE_BYTES_MAX)
                .read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Ok(None);
            }
            if line == b".\r\n" {
                return Ok(Some(bytes));
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    fn keep(&self, mail: Mail) {
        self.shared.kept().mails.push(mail);
        self.shared.changed.notify_all();
    }

    fn forget(&mut self) {
        self.from.clear();
        self.to.clear();
    }

    /// The usual reply, unless a fault is planned for here.
    fn usual(&mut self, stage: Stage, reply: &str) -> std::io::Result<Goes> {
        match self.shared.fault(stage, &self.to) {
            None => self.reply(reply),
            Some(fault) => {
                let goes = self.go_wrong(&fault)?;
                // A server that does not greet with 2xx has nothing more to say.
                let is_over = stage == Stage::Connect;
                Ok(if is_over { Goes::Ends } else { goes })
            }
        }
    }

    fn go_wrong(&mut self, fault: &Fault) -> std::io::Result<Goes> {
        match fault {
            Fault::Reply(reply) => {
                self.reply(reply)?;
                let closes = reply.starts_with("421");
                return Ok(if closes { Goes::Ends } else { Goes::Wrong });
            }
            Fault::HangUp | Fault::TakeAndHangUp => {
                self.note("S", "(hangs up)");
                self.writer.shutdown(Shutdown::Both)?;
            }
            Fault::Silence | Fault::TakeAndBeSilent => {
                self.note("S", "(is silent)");
                self.swallow()?;
            }
            Fault::Flood(count) => {
                self.note("S", "(floods)");
                let junk = [b'x'; 4096];
                for _ in 0..count / junk.len() {
                    self.writer.write_all(&junk)?;
                }
                self.swallow()?;
            }
        }
        Ok(Goes::Ends)
    }

    /// Reads on until the client gives up.
    fn swallow(&mut self) -> std::io::Result<()> {
        let mut buffer = [0; 4096];
        while self.reader.read(&mut buffer)? > 0 {}
        Ok(())
    }

    fn reply(&mut self, reply: &str) -> std::io::Result<Goes> {
        self.note("S", reply);
        self.writer.write_all(format!("{reply}\r\n").as_bytes())?;
        Ok(Goes::On)
    }

    fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = Vec::new();
        self.reader
            .by_ref()
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn note(&self, who: &str, line: &str) {
        let mut kept = self.shared.kept();
        if let Some(conversation) = kept.conversations.get_mut(self.number) {
            conversation.lines.push(format!("{who}: {line}"));
        }
    }
}

/// What stands between the angle brackets of MAIL or RCPT.
fn path_of(line: &str) -> String {
    let inside = line
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(path, _)| path.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Write},
        net::TcpStream,
        time::Duration,
    };

    use super::{Fault, Sink, Stage};

    /// Says the lines one by one and answers with the replies to each, greeting first.
    fn talk(sink: &Sink, lines: &[&str]) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", sink.port())).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut replies = Vec::new();
        let mut read = || {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            replies.push(line.trim_end().to_owned());
        };
        read();
        for line in lines {
            stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
            read();
        }
        replies
    }

    const GOOD: [&str; 4] = [
        "MAIL FROM:<a@b.example>",
        "RCPT TO:<c@d.example>",
        "DATA",
        "Subject: x\r\n\r\n..hi\r\n.",
    ];

    #[test]
    fn a_mail_is_taken_whole() {
        let sink = Sink::start().unwrap();
        let replies = talk(&sink, &GOOD);
        assert_eq!(replies[3..], ["354 go on", "250 2.0.0 taken"]);
        let mail = sink
            .wait("a mail", Duration::from_secs(1), |mails| {
                mails.first().cloned()
            })
            .unwrap();
        assert_eq!(
            (mail.from.as_str(), mail.to.as_slice()),
            ("a@b.example", &["c@d.example".to_owned()][..])
        );
        assert_eq!(mail.bytes, b"Subject: x\r\n\r\n.hi\r\n");
        assert_eq!(mail.subject(), "x");
    }

    #[test]
    fn faults_happen_where_and_as_often_as_they_are_planned() {
        let sink = Sink::start().unwrap();
        sink.plan(
            Stage::Connect,
            Fault::Reply("421 4.3.2 closing".to_owned()),
            1,
        );
        sink.plan_for(
            "c@d.example",
            Stage::Rcpt,
            Fault::Reply("450 4.2.0 later".to_owned()),
            1,
        );
        sink.plan(Stage::End, Fault::TakeAndHangUp, 1);
        assert_eq!(talk(&sink, &[]), ["421 4.3.2 closing"]);
        let replies = talk(
            &sink,
            &[
                "MAIL FROM:<a@b.example>",
                "RCPT TO:<e@f.example>",
                "RCPT TO:<c@d.example>",
            ],
        );
        assert_eq!(
            replies[2..],
            ["250 2.1.5 recipient noted", "450 4.2.0 later"]
        );
        assert_eq!(talk(&sink, &GOOD)[4], "", "hung up");
        assert_eq!(sink.count(), 1, "and yet taken");
        assert_eq!(talk(&sink, &GOOD)[4], "250 2.0.0 taken");
        assert_eq!(sink.conversations().len(), 4);
    }
}
