//! Every bound of the core, each with its unit. None of them is reached by a workflow that passes [`crate::check()`] and
//! a contact that is one person; what happens at the bound stands with each.

use signalbox_model::time::Span;

/// Most waves of questions that one input may lead to. A journey that would ask in a further one exits `loop_guard`.
pub const WAVES_MAX: u32 = 32;
/// Most steps that one input may reach, over all journeys of the contact. The journey that passes it exits
/// `loop_guard`.
pub const STEPS_PER_INPUT_MAX: u32 = 400;
/// Most steps that one journey may reach in its life. At the next one it exits `loop_guard`.
pub const JOURNEY_STEPS_MAX: u32 = 10_000;
/// Most journeys in a row that each began with a message of the one before. Behind the last nothing is triggered:
/// `loop_guard`. Workflows that trigger each other by `message_sent` stop here.
pub const FOLLOW_UPS_MAX: i64 = 5;
/// Most journeys of one contact that are inside one workflow at a time. A further one does not begin: `journeys_full`.
pub const JOURNEYS_MAX: usize = 100;
/// Most arms of one contact in one workflow. A further one is not armed: `arms_full`.
pub const ARMS_MAX: usize = 100;
/// Most held entries of one contact in one workflow. A further one is not held: as `skip`.
pub const HELD_ENTRIES_MAX: usize = 16;
/// Most entry keys remembered per contact and workflow; beyond, the oldest are forgotten early.
pub const KEYS_MAX: usize = 2_000;
/// Most daily totals of one contact; beyond, the oldest are folded into the next of their name.
pub const DAILY_TOTALS_MAX: usize = 512;
/// Soonest that an arm set on the occasion `due` may fire again, so that a rule cannot spin.
pub const REARM_AFTER_MIN: Span = Span::from_ms(60_000);
/// Furthest ahead that a personalizer may put its message; later instants are moved to it.
pub const SEND_AHEAD_MAX: Span = Span::from_days(30);
/// When a rule that failed is asked again, by the number of attempts before; after the last, every hour.
pub const HOLD_DELAYS: [Span; 4] = [
    Span::from_ms(60_000),
    Span::from_ms(5 * 60_000),
    Span::from_ms(15 * 60_000),
    Span::from_ms(30 * 60_000),
];
/// Between attempts after those of [`HOLD_DELAYS`].
pub const HOLD_DELAY_LAST: Span = Span::from_ms(60 * 60_000);
/// Most times that a rule that failed is asked again: a day of hours after [`HOLD_DELAYS`].
pub const HOLD_ATTEMPTS_MAX: u32 = 4 + 24;
/// When a message whose body never began is tried again.
pub const NOT_BEGUN_RETRY_AFTER: Span = Span::from_ms(10_000);
/// When a message in doubt is sent again.
pub const IN_DOUBT_RESEND_AFTER: Span = Span::from_ms(60_000);
/// Most attempts of one message; after the last it is expired.
pub const ATTEMPTS_MAX: u32 = 200;
/// Most workflows of one store.
pub const WORKFLOWS_MAX: usize = 2_000;
/// Most bytes of all workflows with all their versions, as JSON. Half of what one large body may have.
pub const DEFINITIONS_BYTES_MAX: usize = 32 << 20;
/// Most versions of one workflow.
pub const VERSIONS_MAX: usize = 500;
/// Longest title of a workflow, in bytes.
pub const TITLE_BYTES_MAX: usize = 200;
