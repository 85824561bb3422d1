//! One attempt of one message: as far as the server's 354, the decision of the core, the body, the outcome.
//!
//! Nothing is sent without `go`, and nothing that was given `go` is forgotten: every way out of here ends in an
//! outcome in the log, or in the end of the process, after which the message is in doubt.

use std::{sync::Arc, time::Duration};

use signalbox_journal::{AppendError, Position};
use signalbox_mail::{
    retry,
    smtp::{BodyError, Class, SendError, Urgency},
    transport::{BeginError, HandOverError, Outgoing, Ready, Transport},
};
use signalbox_model::{
    id::Partition,
    message::{AttemptOutcome, DOMAIN_SLOWED, Message},
    record::Record,
    time::Instant,
    workflow::step::MessageClass,
};
use tokio::sync::oneshot;

use super::{
    is_stale,
    pace::Pace,
    render::{Built, Renderer},
};
use crate::{
    clock::process_now,
    metrics,
    shared::{Broken, Claim, Shared, encode},
};

/// Between two tries of an append that was refused for want of space.
const APPEND_RETRY: Duration = Duration::from_millis(100);

/// Why a message was refused that a server refused for what we are.
const POLICY_REFUSED: &str = "policy_refused";

/// What all attempts have in common.
pub(super) struct Sender {
    shared: Arc<Shared>,
    renderer: Arc<Renderer>,
    transport: Transport,
    pace: Pace,
}

/// How an attempt went, as far as it concerns the log.
enum Ended {
    With(AttemptOutcome),
    /// The core decided otherwise at the intent, at that position; there is no outcome.
    Skipped(Position, String),
}

impl Sender {
    pub(super) fn new(shared: Arc<Shared>, renderer: Renderer, transport: Transport) -> Self {
        Self {
            shared,
            renderer: Arc::new(renderer),
            transport,
            pace: Pace::default(),
        }
    }

    /// Makes one attempt, and sees its outcome applied.
    pub(super) async fn send(&self, partition: Partition, message: Message) {
        let attempt = message.attempts + 1;
        // Where there is an error it was noted by whom it happened to, and the process ends.
        let Ok(ended) = self.attempt(partition, &message, attempt).await else {
            return;
        };
        let position = match ended {
            Ended::Skipped(position, reason) => {
                if is_stale(&reason) {
                    self.shared.outbox.set_aside(message.id);
                }
                position
            }
            Ended::With(outcome) => {
                self.count(&message, &outcome);
                let record = Record::Outcome {
                    contact: message.contact.clone(),
                    message: message.id,
                    attempt,
                    outcome,
                };
                match self.append(partition, record).await {
                    Ok(position) => position,
                    Err(Broken) => return,
                }
            }
        };
        self.shared.hops().pass("attempt_logged");
        if self.applied(position).await.is_ok() {
            self.shared.outbox.finished(message.id, partition);
        }
    }

    async fn attempt(
        &self,
        partition: Partition,
        message: &Message,
        attempt: u32,
    ) -> Result<Ended, Broken> {
        let began = process_now();
        let built = match self.build(message).await {
            Ok(built) => built,
            Err(reason) => {
                let outcome = AttemptOutcome::Unsendable(reason.to_owned());
                return Ok(Ended::With(outcome));
            }
        };
        let now = self.shared.clock.now();
        let domain = built.to.domain().to_owned();
        if message.class == MessageClass::Marketing
            && let Some(until) = self.pace.wait(&domain, now)
        {
            let outcome = self.again(message, attempt, DOMAIN_SLOWED);
            return Ok(Ended::With(not_before(outcome, until)));
        }
        let outgoing = Outgoing {
            from: self.renderer.from.address().clone(),
            to: built.to.clone(),
            needs: signalbox_mail::smtp::Needs::default(),
            urgency: urgency_of(message.class),
            subject: built.subject.clone(),
            workflow: message.workflow.to_string(),
            message_id: built.message_id.clone(),
            at_ms: now.as_ms(),
        };
        let ready = match self.transport.begin(&outgoing).await {
            Ok(ready) => ready,
            Err(error) => {
                let outcome = self.not_begun_by(&error, message, attempt);
                self.note_pace(&domain, &outcome);
                return Ok(Ended::With(outcome));
            }
        };
        self.shared.outbox.reached();
        let ended = self
            .claim_and_hand_over(ready, built, partition, message, attempt)
            .await;
        if let Ok(Ended::With(outcome)) = &ended {
            self.note_pace(&domain, outcome);
        }
        self.shared.metrics.send_time.record(began.elapsed());
        ended
    }

    async fn build(&self, message: &Message) -> Result<Built, &'static str> {
        let (shared, renderer) = (Arc::clone(&self.shared), Arc::clone(&self.renderer));
        let message = message.clone();
        let built =
            tokio::task::spawn_blocking(move || renderer.build(&shared.store, &message)).await;
        built.unwrap_or(Err("template_failed"))
    }

    async fn claim_and_hand_over(
        &self,
        ready: Ready,
        built: Built,
        partition: Partition,
        message: &Message,
        attempt: u32,
    ) -> Result<Ended, Broken> {
        let (answer, decision) = oneshot::channel();
        let key = (message.id, attempt);
        self.claims().insert(key, answer);
        let intent = Record::Intent {
            contact: message.contact.clone(),
            message: message.id,
            attempt,
        };
        let position = match self.append(partition, intent).await {
            Ok(position) => position,
            Err(broken) => {
                ready.abandon();
                return Err(broken);
            }
        };
        self.shared.hops().pass("intent_logged");
        let limits = &self.shared.config.limits;
        let bound = Duration::from_millis(limits.decision_wait_ms_max);
        let mut failed = self.shared.failed.subscribe();
        let decision = tokio::select! {
            decision = tokio::time::timeout(bound, decision) => decision,
            _ = failed.wait_for(Option::is_some) => {
                ready.abandon();
                return Err(Broken);
            }
        };
        self.claims().remove(&key);
        let go_at = match decision {
            Ok(Ok(Claim::Go(at))) => at,
            Ok(Ok(Claim::Skipped(reason))) => {
                ready.abandon();
                return Ok(Ended::Skipped(position, reason));
            }
            // Nobody has answered in time. If `go` is given after all, this outcome comes behind it in the log.
            Err(_) | Ok(Err(_)) => {
                ready.abandon();
                return Ok(Ended::With(AttemptOutcome::NotBegun));
            }
        };
        if go_at.elapsed() > Duration::from_millis(limits.body_begin_ms_max) {
            ready.abandon();
            return Ok(Ended::With(AttemptOutcome::NotBegun));
        }
        self.shared.hops().pass("go");
        let outcome = match ready.body(built.bytes).await {
            Ok(_) => AttemptOutcome::Accepted,
            Err(error) => self.not_handed_over(&error, message, attempt),
        };
        self.shared.hops().pass("handed_over");
        Ok(Ended::With(outcome))
    }

    fn claims(
        &self,
    ) -> std::sync::MutexGuard<
        '_,
        std::collections::HashMap<(signalbox_model::id::MessageId, u32), oneshot::Sender<Claim>>,
    > {
        self.shared
            .claims
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn not_begun_by(&self, error: &BeginError, message: &Message, attempt: u32) -> AttemptOutcome {
        match error {
            BeginError::Smtp(error) => self.refused(error, message, attempt),
            BeginError::Capture(error) => {
                tracing::error!(reason = %error, "the inbox on disk cannot be written: {error}");
                self.again(message, attempt, "inbox_failed")
            }
        }
    }

    fn not_handed_over(
        &self,
        error: &HandOverError,
        message: &Message,
        attempt: u32,
    ) -> AttemptOutcome {
        match error {
            HandOverError::Smtp(BodyError::Refused(error)) => self.refused(error, message, attempt),
            HandOverError::Smtp(BodyError::InDoubt {
                end_written: true, ..
            }) => AttemptOutcome::InDoubt,
            // Without the final dot a server cannot have taken it (RFC 5321 section 4.1.1.4).
            HandOverError::Smtp(BodyError::InDoubt {
                end_written: false, ..
            }) => self.again(message, attempt, "connection_lost"),
            HandOverError::Capture(error) => {
                tracing::error!(reason = %error, "the inbox on disk cannot be written: {error}");
                self.again(message, attempt, "inbox_failed")
            }
        }
    }

    fn refused(&self, error: &SendError, message: &Message, attempt: u32) -> AttemptOutcome {
        match error {
            SendError::Retry { reply, class, .. } => {
                self.shared.outbox.reached();
                let reason = match class {
                    Class::Policy => "policy_deferred".to_owned(),
                    _ => format!("smtp_{}", reply.code),
                };
                self.again(message, attempt, &reason)
            }
            SendError::Permanent { reply, class, .. } => {
                self.shared.outbox.reached();
                AttemptOutcome::Refused(match class {
                    Class::HardBounce => "hard_bounce".to_owned(),
                    Class::Policy => POLICY_REFUSED.to_owned(),
                    Class::Transient | Class::Permanent => format!("smtp_{}", reply.code),
                })
            }
            SendError::Connection { stage, cause } => {
                tracing::warn!(stage = %stage, reason = %cause, "no mail server at {stage}: {cause}");
                let rest_max = self.shared.config.limits.outbox_backoff_ms_max;
                self.shared
                    .outbox
                    .unreachable(Duration::from_millis(rest_max));
                self.again(message, attempt, "connection_failed")
            }
            SendError::Unsupported(_) => AttemptOutcome::Refused("unsupported".to_owned()),
        }
    }

    /// What the domain thinks of us by that outcome.
    fn note_pace(&self, domain: &str, outcome: &AttemptOutcome) {
        match outcome {
            AttemptOutcome::Accepted => self.pace.taken(domain),
            AttemptOutcome::Refused(reason) if reason == POLICY_REFUSED => {
                self.pace.refused(domain, self.shared.clock.now());
            }
            _ => {}
        }
    }

    /// Tried again, if there is still use in it.
    fn again(&self, message: &Message, attempt: u32, reason: &str) -> AttemptOutcome {
        let now = self.shared.clock.now();
        let first = message.first_attempt_at.unwrap_or(now);
        let seed = u64::from_be_bytes(message.id.0[..8].try_into().unwrap_or_default());
        let hours_max = self.shared.config.limits.retry_hours_max(message.class);
        match retry::next_attempt(first.as_ms(), now.as_ms(), attempt, seed, hours_max) {
            Some(at_ms) => AttemptOutcome::RetryAt(Instant::from_ms(at_ms), reason.to_owned()),
            None => AttemptOutcome::Expired(reason.to_owned()),
        }
    }

    fn count(&self, message: &Message, outcome: &AttemptOutcome) {
        let metrics = &self.shared.metrics;
        let clock = &self.shared.clock;
        if matches!(outcome, AttemptOutcome::Accepted) && !clock.is_manual() {
            let delay_ms = clock.now().as_ms() - message.release_at.as_ms();
            let delay = Duration::from_millis(delay_ms.try_into().unwrap_or_default());
            match message.class {
                MessageClass::Marketing => metrics.marketing_delay.record(delay),
                MessageClass::Transactional => metrics.transactional_delay.record(delay),
            }
        }
        metrics::count(match outcome {
            AttemptOutcome::Accepted => &metrics.sends_accepted,
            AttemptOutcome::RetryAt(..) => &metrics.sends_deferred,
            AttemptOutcome::Refused(_)
            | AttemptOutcome::Expired(_)
            | AttemptOutcome::Unsendable(_) => &metrics.sends_refused,
            AttemptOutcome::NotBegun => &metrics.sends_not_begun,
            AttemptOutcome::InDoubt => &metrics.sends_in_doubt,
        });
    }

    /// Appends a record of ours and waits until it is durable; waits while there is no space for it.
    async fn append(&self, partition: Partition, record: Record) -> Result<Position, Broken> {
        let bytes = encode(&record).map_err(|error| self.shared.fail(&error))?;
        loop {
            let appended = self
                .shared
                .journal
                .append_reserved(vec![(partition, bytes.clone())]);
            let refused = match appended {
                Ok(ticket) => {
                    let position = ticket.position();
                    match ticket.await {
                        Ok(()) => return Ok(position),
                        Err(refused) => refused,
                    }
                }
                Err(refused) => refused,
            };
            if !matches!(refused, AppendError::Full | AppendError::NoSpace) {
                return Err(self.shared.fail(&refused));
            }
            let mut failed = self.shared.failed.subscribe();
            let waited = tokio::time::timeout(APPEND_RETRY, failed.wait_for(Option::is_some)).await;
            if waited.is_ok() {
                return Err(Broken);
            }
        }
    }

    async fn applied(&self, position: Position) -> Result<(), Broken> {
        let mut applied = self.shared.applied[usize::from(position.partition)].subscribe();
        let mut failed = self.shared.failed.subscribe();
        tokio::select! {
            reached = applied.wait_for(|applied| *applied >= position.sequence) => {
                reached.map(drop).map_err(|_| Broken)
            }
            _ = failed.wait_for(Option::is_some) => Err(Broken),
        }
    }
}

fn not_before(outcome: AttemptOutcome, earliest: Instant) -> AttemptOutcome {
    match outcome {
        AttemptOutcome::RetryAt(at, reason) => AttemptOutcome::RetryAt(at.max(earliest), reason),
        outcome => outcome,
    }
}

fn urgency_of(class: MessageClass) -> Urgency {
    match class {
        MessageClass::Marketing => Urgency::Ordinary,
        MessageClass::Transactional => Urgency::Urgent,
    }
}
