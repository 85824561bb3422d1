//! The codes of the server's own reasons in plain words. Those of rules have titles of their own.

/// What a code says, to stand behind what happened; a workflow's or somebody else's code as it is.
pub(super) fn because(code: &str) -> String {
    let words = match code {
        "arms_full" => "so many arms of theirs are set that there is no room for another",
        "before_start" => "the event occurred before the workflow was started",
        "complaint" => "they told their mail provider that a message was not wanted",
        "contact_full" => "so much is known of them that there is no room for a journey",
        "date_missing" => "the date that the wait goes by is missing",
        "date_passed" => "the date that the wait goes by was over",
        "domain_slowed" => "their mail domain refused too much and is slowed down",
        "entered_before" => "they were in the workflow before, and it lets nobody in twice",
        "entered_lately" => "they were in the workflow lately",
        "erased" => "they asked to be forgotten",
        "event_late" => "the event came in more than a day after it occurred",
        "exit" => "they had left the workflow",
        "expired" => "no server took it in all the time it had",
        "frequency_cap" => "as many messages as a frequency cap allows had reached them",
        "goal_reached" => "they did what the workflow is for",
        "hard_bounce" => "their address does not exist",
        "holdout" => "they are in the holdout that gets nothing, to compare with",
        "inside" => "a journey of theirs was inside",
        "journeys_full" => {
            "so many journeys of theirs were inside that there was no room for another"
        }
        "key_seen" => "the same entry key had come in before",
        "late" => "it should have gone out too long ago",
        "loop_guard" => "the journey or its input took more steps than any should",
        "message_too_large" => "it would have been larger than a message may be",
        "no_address" => "they have no mail address",
        "not_at_start" => "they were not there when the workflow started",
        "not_in_audience" => "they are not in the audience",
        "paused" => "the workflow was paused",
        "policy_refused" => "the mail server refused it for what it thinks of the sender",
        "quiet_hours" => "the server's quiet hours had begun",
        "rule_failed" => "a rule failed",
        "sent_before_start" => "the message it is about went out before the workflow was started",
        "server_holdout" => "they are in the server's holdout that gets nothing, to compare with",
        "step_gone" | "step_removed" => "an edit removed the step",
        "template_missing" => "the template is not there",
        "unsubscribed" => "they took their consent back",
        "window" | "window_closed" => "the step's window was closed",
        "workflow_deleted" => "the workflow was deleted",
        "workflow_ended" => "the workflow was ended",
        code => return format!("for the reason `{code}`"),
    };
    format!("because {words}")
}
