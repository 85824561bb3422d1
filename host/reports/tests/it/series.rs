//! Sends per hour, folded from facts.

use signalbox_model::{
    fact::{Fact, FactKind},
    id::{ContactId, MessageId, StepId, WorkflowId},
    time::Instant,
};
use signalbox_reports::series::SendsPerHour;

fn fact(at: &str, workflow: &str, is_sent: bool) -> Fact {
    let (step, message) = (StepId::parse("mail").expect("a step"), MessageId([0; 16]));
    Fact {
        at: Instant::parse(at).expect("an instant"),
        contact: ContactId::parse("ann").expect("a contact"),
        owner: WorkflowId::parse(workflow).expect("a workflow").into(),
        version: 1,
        journey: None,
        what: if is_sent {
            FactKind::MessageSent(step, message)
        } else {
            FactKind::MessageQueued(step, message)
        },
    }
}

#[test]
fn sends_are_counted_by_hour_and_workflow() {
    let mut sends = SendsPerHour::default();
    assert_eq!(sends.busiest(), None);
    for (at, workflow, is_sent) in [
        ("2026-03-01T09:00:00Z", "thanks", true),
        ("2026-03-01T09:59:59.999Z", "thanks", true),
        ("2026-03-01T09:30:00Z", "welcome", true),
        ("2026-03-01T09:30:00Z", "welcome", false),
        ("2026-03-01T10:00:00Z", "welcome", true),
        // Before 1970 too an hour begins before what is in it.
        ("1969-12-31T23:30:00Z", "welcome", true),
    ] {
        sends.fold(&fact(at, workflow, is_sent));
    }
    let said: Vec<String> = sends
        .hours
        .iter()
        .map(|(hour, workflows)| {
            let counts = workflows.iter().map(|(id, sent)| format!("{id} {sent}"));
            format!("{hour}: {}", counts.collect::<Vec<_>>().join(", "))
        })
        .collect();
    assert_eq!(
        said,
        [
            "1969-12-31T23:00:00Z: welcome 1",
            "2026-03-01T09:00:00Z: thanks 2, welcome 1",
            "2026-03-01T10:00:00Z: welcome 1",
        ]
    );
    let nine = Instant::parse("2026-03-01T09:00:00Z").expect("an instant");
    assert_eq!(sends.busiest(), Some((nine, 3)));
}
