//! The steps of a workflow: what each can be told to do.
//!
//! A step has an id and exactly one action; `journey::check` sees to that. Every action names its ways on: `goto` where
//! it says so, else `next` of the step, else the step below.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    calendar::{LeapDay, LocalTime, Weekday, Window},
    condition::JourneyPattern,
    id::{ArmName, ExperimentId, FieldName, StepId, Tag, TemplateName, WorkflowId},
    time::Span,
    value::Value,
    workflow::{Binding, OnFailure},
};

/// Most arms of one branch, split or wait for events.
pub const ARMS_MAX: usize = 20;
/// Most changes of one update.
pub const CHANGES_MAX: usize = 32;
/// All weights of a split together: ten thousand basis points are everybody.
pub const WEIGHTS: u32 = 10_000;

/// One step: an id and exactly one of the actions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique in the workflow; stays the same over versions.
    pub id: StepId,
    /// Sends a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<Send>,
    /// Waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// Waits for an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<WaitFor>,
    /// Waits for a person to decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<Approve>,
    /// Goes one of several ways, by rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// Goes one of several ways, by lot or as a rule chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Changes what is known of the contact, or kept with the journey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
    /// Calls another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Goes on at another step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goto: Option<Goto>,
    /// Ends the journey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// The step after this one. Default: the one below; behind the last the journey is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<StepId>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action<'a> {
    /// Sends a message.
    Send(&'a Send),
    /// Waits.
    Wait(&'a Wait),
    /// Waits for an event.
    WaitFor(&'a WaitFor),
    /// Waits for a person to decide.
    Approve(&'a Approve),
    /// Goes one of several ways, by rules.
    Branch(&'a Branch),
    /// Goes one of several ways, by lot or as a rule chooses.
    Split(&'a Split),
    /// Changes what is known of the contact, or kept with the journey.
    Update(&'a Update),
    /// Calls another system.
    Webhook(&'a Webhook),
    /// Goes on at another step.
    Goto(&'a Goto),
    /// Ends the journey.
    Exit(&'a Exit),
}

impl Action<'_> {
    /// Its name in a document.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Send(_) => "send",
            Self::Wait(_) => "wait",
            Self::WaitFor(_) => "wait_for",
            Self::Approve(_) => "approve",
            Self::Branch(_) => "branch",
            Self::Split(_) => "split",
            Self::Update(_) => "update",
            Self::Webhook(_) => "webhook",
            Self::Goto(_) => "goto",
            Self::Exit(_) => "exit",
        }
    }
}

impl Step {
    /// Names of all actions, as a document has them.
    pub const ACTIONS: [&'static str; 10] = [
        "send", "wait", "wait_for", "approve", "branch", "split", "update", "webhook", "goto",
        "exit",
    ];

    /// Every action that the document gives the step; a checked one has exactly one.
    pub fn actions(&self) -> impl Iterator<Item = Action<'_>> {
        let actions = [
            self.send.as_ref().map(Action::Send),
            self.wait.as_ref().map(Action::Wait),
            self.wait_for.as_ref().map(Action::WaitFor),
            self.approve.as_ref().map(Action::Approve),
            self.branch.as_ref().map(Action::Branch),
            self.split.as_ref().map(Action::Split),
            self.update.as_ref().map(Action::Update),
            self.webhook.as_ref().map(Action::Webhook),
            self.goto.as_ref().map(Action::Goto),
            self.exit.as_ref().map(Action::Exit),
        ];
        actions.into_iter().flatten()
    }

    /// Whether every journey that comes here stands still for a time, or leaves. A window may be open and a date over.
    pub fn surely_waits(&self) -> bool {
        let wait = self.wait.as_ref();
        let is_asked = self.wait_for.is_some() || self.approve.is_some();
        is_asked || wait.is_some_and(Wait::surely_waits)
    }
}

/// Sends one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Which template.
    pub template: TemplateName,
    /// Which rule fills it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personalizer: Option<Binding>,
    /// What kind of message it is.
    #[serde(default)]
    pub class: MessageClass,
    /// What happens when nobody knows whether the server took it. Default: `resend` for transactional messages,
    /// `hold` for marketing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_doubt: Option<InDoubt>,
    /// Latest first attempt after the step was reached, longer than nothing; later it is skipped as `late`. Default: 24h.
    #[serde(default = "late_limit_default")]
    pub late_limit: Span,
    /// What frequency caps know it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// When it may go out, in the contact's zone, in place of the workflow's window. Only for marketing messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// What happens outside of that window, in place of what the workflow says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<Outside>,
    /// Where the journey goes on when the message fails for good: refused, expired, or impossible to make. Default: the
    /// step after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<StepId>,
}

/// Most tags of one message.
pub const MESSAGE_TAGS_MAX: usize = 4;

/// What happens to a message outside of its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// It waits until the window opens.
    #[default]
    Hold,
    /// It is skipped, `window_closed`, and the journey goes on.
    Skip,
    /// The journey exits, `window_closed`.
    Exit,
}

/// Latest first attempt of a message after its step was reached.
pub const LATE_LIMIT_DEFAULT: Span = Span::from_ms(24 * 3_600_000);

fn late_limit_default() -> Span {
    LATE_LIMIT_DEFAULT
}

/// What kind of message it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MessageClass {
    /// Needs consent; subject to windows and caps.
    #[default]
    Marketing,
    /// An answer to what the contact did: order, shipping, password.
    Transactional,
}

impl MessageClass {
    /// Both, the one that must not wait for the other first.
    pub const BY_URGENCY: [Self; 2] = [Self::Transactional, Self::Marketing];
}

/// What happens when a connection ended after `go` and without a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InDoubt {
    /// The same bytes with the same Message-ID again.
    Resend,
    /// Not sent again; an operator sees it.
    Hold,
}

/// Waits for a time, told in exactly one of these ways. All but `for` go by the contact's zone: the attribute
/// `time_zone`, else the workflow's, else the server's, else UTC.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// An elapsed time, whatever clocks show.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
    /// A time of the day, some days later or on a weekday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarWait>,
    /// A date that an attribute of the contact holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UntilDate>,
    /// The next time that a window is open; who comes while it is goes on at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

impl Wait {
    /// Whether nobody goes on at once.
    fn surely_waits(&self) -> bool {
        let until_ahead = self.until.as_ref().is_some_and(|until| {
            until.missing == Missing::Exit && (until.yearly || until.past != Past::GoOn)
        });
        self.duration.is_some() || self.calendar.is_some() || until_ahead
    }

    /// How many of the ways it is told in.
    pub fn ways(&self) -> usize {
        let ways = [
            self.duration.is_some(),
            self.calendar.is_some(),
            self.until.is_some(),
            self.window.is_some(),
        ];
        ways.into_iter().filter(|told| *told).count()
    }
}

/// Most days ahead of a calendar wait, and most days before or after a date: ten years.
pub const WAIT_DAYS_MAX: u32 = 3_660;

/// A time of the day, some days later (`days`) or on the next of some weekdays (`weekdays`), strictly after the wait
/// began. Exactly one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarWait {
    /// How many days after the local day on which the wait began, 0 to [`WAIT_DAYS_MAX`]. 0 is today, or tomorrow when
    /// the time is over already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// On which weekdays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// At which local time.
    pub at: LocalTime,
}

/// A date that an attribute of the contact holds: a text `2026-01-31`, or an instant `2026-01-31T09:30:00Z`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UntilDate {
    /// Which attribute.
    pub attribute: FieldName,
    /// How many days after that date, negative for before; at most [`WAIT_DAYS_MAX`] either way. Default: 0.
    #[serde(default)]
    pub days: i32,
    /// At which local time. Default: that of an instant that comes once, else 09:00.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<LocalTime>,
    /// Whether the date comes again every year, such as a birthday: the next one strictly after the wait began.
    #[serde(default)]
    pub yearly: bool,
    /// When the yearly 29 February is in other years. Default: 28 February.
    #[serde(default)]
    pub leap_day: LeapDay,
    /// What happens when the instant is over already; a yearly date never is. Default: the journey goes on.
    #[serde(default)]
    pub past: Past,
    /// What happens when the attribute is not there, or holds no date. Default: the journey exits, `date_missing`.
    #[serde(default)]
    pub missing: Missing,
}

/// What a wait means whose instant is over when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Past {
    /// The journey goes on at once.
    #[default]
    GoOn,
    /// The same day of the next year that is ahead.
    Next,
    /// The journey exits, `date_passed`.
    Exit,
}

/// What a wait means that has no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The journey exits, `date_missing`.
    #[default]
    Exit,
    /// The journey goes on at once.
    GoOn,
}

/// Waits until one of several events comes, at most for a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitFor {
    /// What is waited for; the first arm that an event fits is taken.
    pub arms: Vec<WaitForArm>,
    /// How long at most.
    pub timeout: Span,
    /// Where those go for whom nothing came. Default: the step after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<StepId>,
}

/// One thing that is waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitForArm {
    /// Which event.
    pub on: JourneyPattern,
    /// Where the journey goes on. Default: the step after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goto: Option<StepId>,
}

/// Waits for a person to approve or reject, at most for a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// Where an approved journey goes on. Default: the step after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<StepId>,
    /// Where a rejected one goes on.
    pub rejected: StepId,
    /// How long at most.
    pub timeout: Span,
    /// Where those go about whom nobody decided.
    pub otherwise: StepId,
}

/// Takes the first arm whose segment has the contact in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The arms in order.
    pub arms: Vec<BranchArm>,
    /// Where everybody else goes. Default: the step after the branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<StepId>,
}

/// One way out of a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BranchArm {
    /// Which segment.
    pub segment: Binding,
    /// Where its members go. Needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goto: Option<StepId>,
}

/// Gives each contact one arm by lot, and always the same one.
///
/// The lot is a hash of experiment and contact, so it is the same after a restart and in every journey. Who was given an
/// arm keeps it when weights change; an arm that is gone is drawn anew. With `by`, a rule chooses in place of the draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Splits of the same experiment give a contact the same lot; their arms need the same names. Default: workflow and
    /// step, `WORKFLOW/STEP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<ExperimentId>,
    /// The personalizer that chooses each contact's arm, once. Its values say which (`arm`, a name) and how likely it was
    /// (`propensity`, a number above 0 and at most 1). Default: arms are drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Binding>,
    /// The arms.
    pub arms: Vec<SplitArm>,
    /// When the experiment is over by itself. Default: never; a person may end it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<Winner>,
}

impl Split {
    /// The experiment's name in the workflow at the step.
    pub fn experiment(&self, workflow: &WorkflowId, step: &StepId) -> String {
        match &self.experiment {
            Some(shared) => shared.to_string(),
            None => format!("{workflow}/{step}"),
        }
    }

    /// What its arms are compared by.
    pub fn measure(&self) -> Measure {
        self.winner
            .as_ref()
            .map_or(Measure::Goal, |winner| winner.by)
    }

    /// Whether an arm can be drawn.
    pub fn has_weights(&self) -> bool {
        self.arms.iter().any(|arm| arm.weight > 0)
    }

    /// Whether a journey may go on behind it without an arm: where the rule that chooses fails, and none can be drawn.
    pub fn may_pass(&self) -> bool {
        let by = self.by.as_ref();
        by.is_some_and(|by| by.on_failure == OnFailure::Default) && !self.has_weights()
    }
}

/// When an experiment is over by itself: from then on everybody who comes to the split takes the arm that won.
///
/// Looked at once an hour while the workflow runs. A winner needs 500 people in each arm and a two-sided p below 0.05
/// by chi-squared, corrected for looking again and again where no size is planned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Winner {
    /// What the arms are compared by.
    #[serde(default)]
    pub by: Measure,
    /// People that each arm is planned to have, 500 to 10,000,000. Once all have them the counts are judged, once, and
    /// the experiment is over with a winner or without. Default: it is over as soon as there is a winner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 500, max = 10_000_000))]
    pub per_arm: Option<u32>,
}

/// Fewest people that an arm may be planned to have.
pub const PER_ARM_MIN: u32 = 500;
/// Most people that an arm may be planned to have.
pub const PER_ARM_MAX: u32 = 10_000_000;

/// What the people of an experiment are counted as converted by: at most once each, after they were given their arm,
/// by a message of the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// They met the workflow's goal.
    #[default]
    Goal,
    /// They opened a message, or clicked in one. What machines do never counts.
    Opened,
    /// They clicked in a message. What machines do never counts.
    Clicked,
}

/// One way out of a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitArm {
    /// Its name, unique in the split.
    pub name: ArmName,
    /// Its share in basis points, 0 to 10,000. All together are 10,000; where a rule chooses, either that, to draw by when
    /// it fails, or none has one. Default: 0.
    #[serde(default)]
    pub weight: u32,
    /// Where it goes. Default: the step after the split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goto: Option<StepId>,
    /// Whether it gets no marketing message from here on, to compare the others with: each is skipped as `holdout`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holdout: bool,
}

/// Changes what is known of the contact, or kept with the journey. All changes of one step see what was before it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// Attributes to set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<FieldName, Source>,
    /// Attributes to remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<FieldName>,
    /// Tags to add to the contact's attribute `tags`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_tags: Vec<Tag>,
    /// Tags to take out of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_tags: Vec<Tag>,
    /// Values to keep with the journey, where later steps and templates find them: `journey.kept.NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keep: BTreeMap<FieldName, Source>,
}

/// Where a value comes from: exactly one of these. What is not there changes nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The value itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// An attribute of the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<FieldName>,
    /// A field of the event that the journey began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<FieldName>,
    /// A value kept with the journey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<FieldName>,
    /// A number to add to what is there under the name that is changed; nothing there counts as 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plus: Option<f64>,
}

/// Calls another system over HTTPS, by POST with a JSON body; the journey goes on at once. The call is queued with the
/// step, and can be read there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to: `https://` and a host, at most 2,000 bytes.
    pub url: String,
    /// What it carries, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<FieldName, Source>,
}

/// Goes on at another step, behind this one or before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goto {
    /// Which one.
    pub step: StepId,
    /// How often at most in one journey; after that the journey goes on with the step after this one. Needed where the
    /// way leads back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times_max: Option<u32>,
}

/// Ends the journey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exit {
    /// Why, in `snake_case`, counted in reports. Default: `exit_step`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
