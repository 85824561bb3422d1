//! Every bound of the core, each with its unit. What happens at the bound stands with each.
//!
//! A contact's row has one bound, `state::CONTACT_BYTES_MAX`, and each of its parts a budget within it. What may be
//! forgotten (ids, keys, daily totals) forgets its oldest at its budget, and the open chunk of history is sealed; what
//! may not (attributes, journeys and what else a workflow keeps) does not take in more, and says so.

use signalbox_model::{
    contact::ATTRIBUTES_BYTES_MAX,
    event::EVENT_BYTES_MAX,
    id::{ID_BYTES_MAX, NAME_BYTES_MAX},
    segment::Membership,
    sources::AttributeSources,
    state::{
        CHUNK_BYTES_MAX, CONTACT_BYTES_MAX, LOTS_MAX, Lot, SEEN_EVENTS_MAX, SeenEvent, TOUCHES_MAX,
        Touch,
    },
    time::Span,
    workflow::STEPS_MAX,
};

/// Most waves of questions that one input may lead to. A journey that would ask in a further one exits `loop_guard`, and a
/// trigger is not asked: `loop_guard`, or it stays in its grace.
pub const WAVES_MAX: u32 = 32;
/// Most steps that one journey may reach by one input. At the next one it exits `loop_guard`.
pub const STEPS_PER_INPUT_MAX: u32 = 400;
/// Most steps that one journey may reach in its life. At the next one it exits `loop_guard`.
pub const JOURNEY_STEPS_MAX: u32 = 10_000;
/// How long before its scheduled start a workflow can be cancelled at the latest: every partition starts it by itself, and
/// has to have heard of the cancel by then. `workflow_starts_soon`.
pub const CANCEL_BEFORE_MIN: Span = Span::from_ms(1_000);
/// Most journeys in a row that each began with a message or an update of the one before. Behind the last nothing is triggered:
/// `loop_guard`. Workflows that trigger each other by `message_sent`, or by the attributes that their update steps
/// change, stop here.
pub const FOLLOW_UPS_MAX: i64 = 5;
/// Most journeys of one contact that are inside one workflow at a time. A further one does not begin: `journeys_full`.
pub const JOURNEYS_MAX: usize = 100;
/// Most arms of one contact in one workflow. A further one is not armed: `arms_full`.
pub const ARMS_MAX: usize = 100;
/// Most held entries of one contact in one workflow. A further one is not held: as `skip`.
pub const HELD_ENTRIES_MAX: usize = 16;
/// Most entry keys remembered per contact over all workflows, of [`KEY_BYTES_MAX`] each; beyond, the workflow with the
/// most forgets its oldest early.
pub const KEYS_MAX: usize = 400;
/// Most bytes of a remembered key, encoded: 10 for its hash and 3 for the day.
pub const KEY_BYTES_MAX: usize = 10 + 3;
/// Most encoded bytes of all daily totals of one contact; beyond, the oldest are folded into the next of their name.
pub const TOTALS_BYTES_MAX: usize = 2_560;
/// Most encoded bytes of one daily total. A field that would pass it is counted with its event, but not summed.
pub const TOTAL_BYTES_MAX: usize = 1024;
/// Most bytes of all that the workflows keep of one contact (journeys with the event each began with, arms, held
/// entries, messages on their way), counted with what it may still grow by on the way. An entry or arm that would pass
/// it is refused: `contact_full`; an entry whose rule failed is not held. Whoever is inside goes on.
pub const STANDING_BYTES_MAX: usize = 24 * 1024;
/// Most bytes of how often a journey has reached a step: its place, and a number of at most [`JOURNEY_STEPS_MAX`].
pub const VISITS_BYTES_MAX: usize = 3 + 2;
/// Most bytes of what the update steps of one journey keep, names included. What would pass it is left out.
pub const KEPT_BYTES_MAX: usize = 1024;
/// Most bytes of what the update steps of all journeys of one contact keep for later ones, names included; beyond, what was
/// kept longest ago is forgotten.
pub const KEPT_OF_CONTACT_BYTES_MAX: usize = 1024;
/// Most tags of one contact. A further one is not added.
pub const TAGS_MAX: usize = 64;
/// Most bytes of a journey's arm: the place of its step and its index.
pub const ARM_BYTES_MAX: usize = 3 + 1 + 3;
/// Most messages of one journey that are on their way: its own, and one that had been given `go` when the journey jumped.
/// It does not jump again before that one is settled.
pub const MESSAGES_UNDER_WAY_MAX: usize = 2;
/// Most bytes of what the contact's row holds beside its budgets: the contact's id, an instant, and counts.
const HEAD_BYTES_MAX: usize = ID_BYTES_MAX + 128;
/// Most bytes of a journey beside the event it began with, its key and what it gathers: ids and names of workflow and
/// steps, of the journey and its messages, instants and counts.
const JOURNEY_REST_BYTES_MAX: usize =
    (3 + 2 * MESSAGES_UNDER_WAY_MAX) * NAME_BYTES_MAX + 128 * (1 + MESSAGES_UNDER_WAY_MAX);
/// Most bytes of a message's view, address and subject. A step whose message would pass it makes none:
/// `message_too_large`.
pub const MESSAGE_BYTES_MAX: usize = 60 * 1024;
/// Soonest that an arm set on the occasion `due` may fire again, so that a rule cannot spin.
pub const REARM_AFTER_MIN: Span = Span::from_ms(60_000);
/// Furthest ahead that a personalizer may put its message; later instants are moved to it.
pub const SEND_AHEAD_MAX: Span = Span::from_days(30);
/// Most changes between window and quiet hours that are looked at for the instant at which both let a message out: a week
/// of both.
pub const OPENINGS_TRIED_MAX: usize = 16;
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
/// How often a message that waits for the resume of its workflow is looked at, so that it goes out at most so long after.
pub const RESUME_LOOK_AFTER: Span = Span::from_ms(60 * 60_000);
/// When a message is tried again that an exit by segment could not be asked about.
pub const RULE_FAILED_RETRY_AFTER: Span = Span::from_ms(5 * 60_000);
/// When a message is looked at again for which there is room only if nobody goes before it who is due and not woken yet.
pub const TURN_LOOK_AFTER: Span = Span::from_ms(5_000);
/// When a message whose body never began is tried again.
pub const NOT_BEGUN_RETRY_AFTER: Span = Span::from_ms(10_000);
/// How long after it was due a message is tried whose body never begins; then it is expired.
pub const NOT_BEGUN_FOR_MAX: Span = Span::from_days(4);
/// When a message in doubt is sent again.
pub const IN_DOUBT_RESEND_AFTER: Span = Span::from_ms(60_000);
/// Most attempts of one message that a server puts off or leaves in doubt; after the last it is expired.
pub const ATTEMPTS_MAX: u32 = 200;
/// Most workflows of one store.
pub const WORKFLOWS_MAX: usize = 2_000;
/// Most bytes of all workflows with all their versions, as JSON. Half of what one large body may have.
pub const DEFINITIONS_BYTES_MAX: usize = 32 << 20;
/// Most named segments of one store. A contact's row names each that it is in with at most [`Membership::BYTES_MAX`].
pub const SEGMENTS_MAX: usize = 64;
/// Most segments in a row of which each reads the one before.
pub const SEGMENT_RANKS_MAX: u32 = 8;
/// Most versions of one workflow.
pub const VERSIONS_MAX: usize = 500;
/// Most problems of a document that are told at once; the last of them says how many more there are.
pub const PROBLEMS_MAX: usize = 100;
/// Most names that a problem's help lists of those there are; it says how many more there are.
pub const NAMES_TOLD_MAX: usize = 10;
/// Longest title of a workflow, in bytes.
pub const TITLE_BYTES_MAX: usize = 200;

const _: () = {
    let forgettable = SEEN_EVENTS_MAX * SeenEvent::BYTES_MAX
        + KEYS_MAX * KEY_BYTES_MAX
        + TOTALS_BYTES_MAX
        + CHUNK_BYTES_MAX
        + KEPT_OF_CONTACT_BYTES_MAX
        + LOTS_MAX * Lot::BYTES_MAX
        + TOUCHES_MAX * Touch::BYTES_MAX
        + SEGMENTS_MAX * Membership::BYTES_MAX;
    let lasting =
        ATTRIBUTES_BYTES_MAX + AttributeSources::BYTES_MAX + STANDING_BYTES_MAX + HEAD_BYTES_MAX;
    assert!(
        forgettable + lasting <= CONTACT_BYTES_MAX,
        "the budgets fit into the row"
    );
    let grown = KEPT_BYTES_MAX + STEPS_MAX * (ARM_BYTES_MAX + VISITS_BYTES_MAX);
    let journey = EVENT_BYTES_MAX + ID_BYTES_MAX + grown + JOURNEY_REST_BYTES_MAX;
    assert!(
        journey <= STANDING_BYTES_MAX,
        "whoever is in nothing yet, and armed for nothing, can enter any workflow with any event"
    );
};
