//! A workflow as a marketer writes it, and the states it goes through.
//!
//! The document is checked as a whole by `journey::check`; here is only its shape.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    calendar::{Window, Zone},
    condition::JourneyPattern,
    id::{MailType, PluginName, StepId, TemplateName, WorkflowId},
    time::{Instant, Span},
};

pub mod goal;
pub mod step;

use goal::{Goal, Stage};
use step::{Outside, Split, Step};

/// Most steps of one workflow.
pub const STEPS_MAX: usize = 200;
/// Most exits of one workflow.
pub const EXITS_MAX: usize = 20;
/// Most jumps of one workflow.
pub const JUMPS_MAX: usize = 20;
/// Most templates of one workflow.
pub const TEMPLATES_MAX: usize = 100;

/// What a marketer edits. Immutable once it has become a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Its id, part of every route to it.
    pub id: WorkflowId,
    /// Title for people.
    pub title: String,
    /// What kind of mail it sends, in `snake_case`, such as `welcome`: the same word for the same kind everywhere.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<MailType>,
    /// Where in their life with us the contacts are whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The outcome it is measured by, or `none`. Needed to start it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// Which rule decides who enters. Without it nobody enters but at the start: see `enter_existing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Binding>,
    /// Whether everybody who is there when it starts enters then, as far as the audience has them; the trigger is not
    /// asked. The journey begins with an event `workflow_started` without fields. Default: nobody does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enter_existing: bool,
    /// Which rule says, at entry, whether the contact belongs to those the workflow is for. Without it: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Binding>,
    /// How often a contact may enter.
    #[serde(default)]
    pub entry: Entry,
    /// How long a trigger that said no is asked again about the same event when the contact's attributes change, for what
    /// is known only after it happened; at most [`GRACE_MAX`]. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Span>,
    /// The zone of contacts that have none of their own, for all that goes by the calendar. Default: the server's, else
    /// UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// When its marketing messages may go out, in the contact's zone. Default: at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// What happens to a message outside of its window. Default: it is held until the window opens.
    #[serde(default)]
    pub outside: Outside,
    /// What becomes of mail that falls due in a pause. Default: it is skipped as `paused`.
    #[serde(default, skip_serializing_if = "OnResume::is_default")]
    pub on_resume: OnResume,
    /// Which messages go first where a frequency cap has no room for all that are due, 0 to 100: the higher. Default: 50.
    #[serde(default = "priority_default")]
    #[schemars(range(max = 100))]
    pub priority: u8,
    /// The steps, in the order in which they follow each other where a step names no `next`.
    pub steps: Vec<Step>,
    /// What ends a journey wherever it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<ExitOn>,
    /// Events that move a journey to another step, wherever it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jumps: Vec<Jump>,
    /// The templates that its send steps name.
    #[serde(default)]
    pub templates: BTreeMap<TemplateName, TemplateSource>,
}

impl Workflow {
    /// The split of that step, if it is one.
    pub fn split_at(&self, step: &StepId) -> Option<&Split> {
        self.steps
            .iter()
            .find(|one| one.id == *step)?
            .split
            .as_ref()
    }
}

/// A choice of a plugin's rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The plugin's name.
    pub plugin: PluginName,
    /// Which versions will do, as Cargo writes requirements (`1`, `^1.2`, `=1.2.3`). Default: any.
    #[serde(default = "any_version", skip_serializing_if = "is_any_version")]
    #[schemars(with = "String")]
    pub version: semver::VersionReq,
    /// The rule's config, meeting its schema.
    #[serde(default = "empty_object")]
    #[schemars(with = "serde_json::Map<String, Json>")]
    pub config: Json,
    /// Whether a newer version is taken when it comes.
    #[serde(default)]
    pub follow: Follow,
    /// What happens to a contact where the rule fails.
    #[serde(default)]
    pub on_failure: OnFailure,
}

/// Longest grace.
pub const GRACE_MAX: Span = Span::from_days(30);
/// The priority of a workflow that names none.
pub const PRIORITY_DEFAULT: u8 = 50;
/// Highest priority.
pub const PRIORITY_MAX: u8 = 100;

fn priority_default() -> u8 {
    PRIORITY_DEFAULT
}

fn any_version() -> semver::VersionReq {
    semver::VersionReq::STAR
}

fn is_any_version(requirement: &semver::VersionReq) -> bool {
    *requirement == semver::VersionReq::STAR
}

fn empty_object() -> Json {
    Json::Object(serde_json::Map::new())
}

/// How a binding follows new versions of its plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    /// Any version that meets the requirement and whose schema the config fits.
    #[default]
    Adopt,
    /// The file that was current when the workflow version was made.
    Pin,
}

/// What a rule's failure means for the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// A trigger or audience: not entered. A branch, split or personalizer: the journey exits. Counted with its reason.
    Skip,
    /// Asked again after 1, 5, 15, 30 minutes and then hourly for a day; after that as `skip`.
    Hold,
    /// A branch: the default arm. A split: an arm by its weights, without any the step after it. A personalizer: the
    /// template without its values. A trigger or audience: as `skip`.
    #[default]
    Default,
    /// As `hold`, and the workflow is paused.
    Pause,
}

/// What a new version means for the journeys that are inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// They stay on the version that they are on.
    #[default]
    Pin,
    /// They move to the new one.
    Migrate,
}

/// How often a contact may enter. The same key never enters twice, whatever the mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Once ever.
    Once,
    /// Not while inside.
    #[default]
    AfterExit,
    /// Every time, with a journey for each: two orders are two journeys.
    Every,
    /// Once this long since the last entry, whether inside or not.
    After(Span),
}

/// What becomes of mail that falls due while its workflow is paused, or was due and is not sent when the pause begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnResume {
    /// It is skipped, `paused`, and the journey goes on.
    #[default]
    Skip,
    /// It waits for the resume and is sent then, or skipped as `late` where that is beyond its `late_limit`.
    CatchUp,
}

impl OnResume {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the form that serde calls"
    )]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Ends a journey when an event comes, or once the contact is in a segment. Exactly one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExitOn {
    /// Which event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<JourneyPattern>,
    /// Which segment: asked when something happens that it reads, and once more before every message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Binding>,
    /// Why, in `snake_case`, counted in reports. Default: `exit_event` or `exit_segment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Moves a journey to another step when an event comes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jump {
    /// Which event.
    pub on: JourneyPattern,
    /// Where the journey goes on. A message that is on its way is taken back, a wait ends; the steps passed over are
    /// told as skipped. A journey that has been there already stays where it is.
    pub goto: StepId,
}

/// What a message is made of, in Liquid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateSource {
    /// Subject line.
    pub subject: String,
    /// Body in MJML.
    pub mjml: String,
    /// Text alternative. Default: made from the HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The five states of a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowState {
    /// Editable; nothing matches.
    Draft,
    /// Starts by itself at an instant.
    Scheduled,
    /// Triggers live.
    Running,
    /// Triggers dead; what is inside goes on listening and sends nothing.
    Paused,
    /// Over for good.
    Ended,
}

impl WorkflowState {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 5] = [
        Self::Draft,
        Self::Scheduled,
        Self::Running,
        Self::Paused,
        Self::Ended,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Ended => "ended",
        }
    }
}

/// What can be asked of a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// From draft: triggers live from now.
    Start,
    /// From draft: starts by itself at that instant.
    Schedule(Instant),
    /// From scheduled: back to draft.
    Cancel,
    /// From running.
    Pause,
    /// From paused.
    Resume,
    /// From running or paused: for good.
    End,
    /// From draft, paused or ended.
    Delete,
}

impl Action {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Schedule(_) => "schedule",
            Self::Cancel => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::End => "end",
            Self::Delete => "delete",
        }
    }
}
