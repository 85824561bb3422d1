//! One step: it does exactly one thing, and names what there is.

use std::collections::{BTreeMap, BTreeSet};

use signalbox_model::{
    contact::TAGS_ATTRIBUTE,
    id::{ArmName, StepId, TemplateName},
    problem::Problem,
    time::Span,
    value::VALUE_DEPTH_MAX,
    webhook::URL_BYTES_MAX,
    workflow::{
        Workflow,
        step::{
            ARMS_MAX, Action, Approve, Branch, CHANGES_MAX, CalendarWait, Exit, Goto,
            MESSAGE_TAGS_MAX, Measure, MessageClass, PER_ARM_MAX, PER_ARM_MIN, Send, Source, Split,
            Step, Update, WAIT_DAYS_MAX, WEIGHTS, Wait, WaitFor, Webhook, Winner,
        },
    },
};

use super::{Positions, check_awaited, check_count, check_reason, check_step, some_of};

/// A step with what its check needs to know.
struct Context<'a> {
    workflow: &'a Workflow,
    positions: &'a Positions,
    experiments: &'a Experiments<'a>,
    index: usize,
    step: &'a Step,
    pointer: String,
}

/// The first step that splits each named experiment, with the names of its arms.
type Experiments<'a> = BTreeMap<&'a str, (&'a StepId, BTreeSet<&'a ArmName>)>;

/// Adds the problems of the steps, none of which looks at all others.
pub(super) fn check(workflow: &Workflow, positions: &Positions, problems: &mut Vec<Problem>) {
    let experiments = experiments(workflow);
    for (index, step) in workflow.steps.iter().enumerate() {
        let context = Context {
            workflow,
            positions,
            experiments: &experiments,
            index,
            step,
            pointer: format!("/steps/{index}"),
        };
        check_one(&context, step, problems);
    }
}

fn experiments(workflow: &Workflow) -> Experiments<'_> {
    let mut experiments = BTreeMap::new();
    for step in &workflow.steps {
        if let Some(split) = &step.split
            && let Some(experiment) = &split.experiment
        {
            let first = experiments.entry(experiment.as_str());
            first.or_insert_with(|| (&step.id, arm_names(split)));
        }
    }
    experiments
}

fn arm_names(split: &Split) -> BTreeSet<&ArmName> {
    split.arms.iter().map(|arm| &arm.name).collect()
}

fn check_one(context: &Context<'_>, step: &Step, problems: &mut Vec<Problem>) {
    context.check_count_of_actions(problems);
    if let Some(next) = &step.next {
        context.check_target("next", next, problems);
    }
    for action in step.actions() {
        match action {
            Action::Send(send) => context.check_send(send, problems),
            Action::Wait(wait) => context.check_wait(wait, problems),
            Action::WaitFor(wait) => context.check_wait_for(wait, problems),
            Action::Approve(approve) => context.check_approve(approve, problems),
            Action::Branch(branch) => context.check_branch(branch, problems),
            Action::Split(split) => context.check_split(split, problems),
            Action::Update(update) => context.check_update(update, problems),
            Action::Webhook(webhook) => context.check_webhook(webhook, problems),
            Action::Goto(goto) => context.check_goto(goto, problems),
            Action::Exit(exit) => context.check_exit(exit, problems),
        }
    }
}

impl Context<'_> {
    fn at(&self, member: impl std::fmt::Display) -> String {
        format!("{}/{member}", self.pointer)
    }

    fn problem(
        &self,
        member: impl std::fmt::Display,
        code: &str,
        reason: impl Into<String>,
    ) -> Problem {
        Problem::new(self.at(member), code, reason)
    }

    fn check_target(
        &self,
        member: impl std::fmt::Display,
        name: &StepId,
        problems: &mut Vec<Problem>,
    ) {
        check_step(&self.at(member), name, self.positions, problems);
    }

    fn check_count_of_actions(&self, problems: &mut Vec<Problem>) {
        let names: Vec<&str> = self.step.actions().map(|action| action.name()).collect();
        let id = &self.step.id;
        match names.as_slice() {
            [_one] => {}
            [] => {
                let reason = format!("step {id} does nothing");
                let problem = Problem::new(self.pointer.as_str(), "no_action", reason);
                let help = format!("give it one of {}", Step::ACTIONS.join(", "));
                problems.push(problem.with_help(help));
            }
            several => {
                let reason = format!("step {id} has several actions: {}", several.join(", "));
                let problem = Problem::new(self.pointer.as_str(), "several_actions", reason);
                problems.push(problem.with_help("make a step of each"));
            }
        }
    }

    fn check_length(&self, member: &str, length: Span, problems: &mut Vec<Problem>) {
        if length == Span::ZERO {
            problems.push(
                self.problem(member, "wait_empty", "the wait has no length")
                    .with_help("say how long, such as 1d"),
            );
        }
    }

    fn check_wait(&self, wait: &Wait, problems: &mut Vec<Problem>) {
        if wait.ways() != 1 {
            let reason = format!(
                "the wait is told in {} ways, it needs exactly one",
                wait.ways()
            );
            let problem = self.problem("wait", "wait_count", reason);
            problems.push(problem.with_help("give one of for, calendar, until, window"));
        }
        if let Some(duration) = wait.duration {
            self.check_length("wait/for", duration, problems);
        }
        if let Some(calendar) = &wait.calendar {
            self.check_calendar(calendar, problems);
        }
        if let Some(until) = &wait.until {
            self.check_days("wait/until/days", until.days.unsigned_abs(), problems);
        }
        if let Some(window) = &wait.window {
            problems.extend(window.problems(&self.at("wait/window")));
        }
    }

    fn check_calendar(&self, calendar: &CalendarWait, problems: &mut Vec<Problem>) {
        self.check_days("wait/calendar/days", calendar.days.unwrap_or(0), problems);
        if calendar.days.is_some() != calendar.weekdays.is_empty() {
            let reason = "a calendar wait has either days or weekdays";
            problems.push(
                self.problem("wait/calendar", "wait_count", reason)
                    .with_help("give it one of the two"),
            );
        }
        let days: BTreeSet<_> = calendar.weekdays.iter().collect();
        if days.len() < calendar.weekdays.len() {
            let reason = "a weekday stands there twice";
            problems.push(
                self.problem("wait/calendar/weekdays", "weekday_twice", reason)
                    .with_help("name each weekday once"),
            );
        }
    }

    fn check_days(&self, member: &str, days: u32, problems: &mut Vec<Problem>) {
        if days > WAIT_DAYS_MAX {
            let reason = format!("{days} days are more than {WAIT_DAYS_MAX}");
            problems.push(
                self.problem(member, "wait_too_long", reason)
                    .with_help(format!("write at most {WAIT_DAYS_MAX}, ten years")),
            );
        }
    }

    fn check_send(&self, send: &Send, problems: &mut Vec<Problem>) {
        let (at, count) = (self.at("send/tags"), send.tags.len());
        check_count(&at, "tags", count, MESSAGE_TAGS_MAX, problems);
        if let Some(target) = &send.on_error {
            self.check_target("send/on_error", target, problems);
        }
        if send.late_limit == Span::ZERO {
            let reason = "the limit has no length: every message would be late";
            let problem = self.problem("send/late_limit", "late_limit_empty", reason);
            problems.push(problem.with_help("say how late the message may be, such as 24h"));
        }
        if let Some(window) = &send.window {
            problems.extend(window.problems(&self.at("send/window")));
            if send.class == MessageClass::Transactional {
                let reason = "a transactional message goes out at any time";
                problems.push(
                    self.problem("send/window", "window_of_transactional", reason)
                        .with_help("take the window out, or make the message a marketing one"),
                );
            }
        }
        let templates = &self.workflow.templates;
        if templates.contains_key(&send.template) {
            return;
        }
        let reason = format!("there is no template {}", send.template);
        let names: Vec<&str> = templates.keys().map(TemplateName::as_str).collect();
        let help = format!("templates of the workflow: {}", some_of(&names));
        let problem = self.problem("send/template", "template_unknown", reason);
        problems.push(problem.with_help(help));
    }

    /// Whether there are not too many arms to be looked at.
    fn check_arms(&self, action: &str, count: usize, problems: &mut Vec<Problem>) -> bool {
        let member = format!("{action}/arms");
        if count == 0 {
            let reason = format!("the {action} has no arm");
            problems.push(
                self.problem(&member, "no_arms", reason)
                    .with_help("give it at least one arm"),
            );
        }
        check_count(&self.at(member), "arms", count, ARMS_MAX, problems)
    }

    /// Everybody takes an arm or `otherwise`: a `next` would say something that never happens.
    fn check_next(&self, action: &str, is_taken: bool, problems: &mut Vec<Problem>) {
        if !is_taken && self.step.next.is_some() {
            let reason = format!("the {action} says where everybody goes, so nobody takes `next`");
            let problem = self.problem("next", "next_not_taken", reason);
            problems.push(problem.with_help("leave it out"));
        }
    }

    fn check_branch(&self, branch: &Branch, problems: &mut Vec<Problem>) {
        if !self.check_arms("branch", branch.arms.len(), problems) {
            return;
        }
        for (index, arm) in branch.arms.iter().enumerate() {
            let member = format!("branch/arms/{index}/goto");
            if let Some(goto) = &arm.goto {
                self.check_target(member, goto, problems);
            } else {
                let reason = "the arm says nowhere to go";
                problems.push(
                    self.problem(member, "arm_without_target", reason)
                        .with_help("name in `goto` the step where its members go on"),
                );
            }
        }
        if let Some(otherwise) = &branch.otherwise {
            self.check_target("branch/otherwise", otherwise, problems);
        }
        self.check_next("branch", branch.otherwise.is_none(), problems);
    }

    fn check_wait_for(&self, wait: &WaitFor, problems: &mut Vec<Problem>) {
        if !self.check_arms("wait_for", wait.arms.len(), problems) {
            return;
        }
        self.check_length("wait_for/timeout", wait.timeout, problems);
        for (index, arm) in wait.arms.iter().enumerate() {
            let at = self.at(format_args!("wait_for/arms/{index}/on"));
            check_awaited(self.workflow, &at, &arm.on, problems);
            if let Some(goto) = &arm.goto {
                self.check_target(format_args!("wait_for/arms/{index}/goto"), goto, problems);
            }
        }
        if let Some(otherwise) = &wait.otherwise {
            self.check_target("wait_for/otherwise", otherwise, problems);
        }
        let goes_on = wait.otherwise.is_none() || wait.arms.iter().any(|arm| arm.goto.is_none());
        self.check_next("wait_for", goes_on, problems);
    }

    fn check_approve(&self, approve: &Approve, problems: &mut Vec<Problem>) {
        self.check_length("approve/timeout", approve.timeout, problems);
        if let Some(approved) = &approve.approved {
            self.check_target("approve/approved", approved, problems);
        }
        self.check_target("approve/rejected", &approve.rejected, problems);
        self.check_target("approve/otherwise", &approve.otherwise, problems);
        self.check_next("approve", approve.approved.is_none(), problems);
    }

    fn check_split(&self, split: &Split, problems: &mut Vec<Problem>) {
        if !self.check_arms("split", split.arms.len(), problems) {
            return;
        }
        let mut names = BTreeSet::new();
        for (index, arm) in split.arms.iter().enumerate() {
            if !names.insert(&arm.name) {
                let reason = format!("another arm has the name {} already", arm.name);
                let member = format!("split/arms/{index}/name");
                problems.push(
                    self.problem(member, "arm_twice", reason)
                        .with_help("give each arm a name of its own"),
                );
            }
            if let Some(goto) = &arm.goto {
                self.check_target(format_args!("split/arms/{index}/goto"), goto, problems);
            }
        }
        if let Some(other) = self.split_with_other_arms(split) {
            let reason = format!("step {other} splits the same experiment into other arms");
            problems.push(
                self.problem("split/experiment", "arms_differ", reason)
                    .with_help("give both the same arms, or each an experiment of its own"),
            );
        }
        self.check_weights(split, problems);
        let goes_on = split.may_pass() || split.arms.iter().any(|arm| arm.goto.is_none());
        self.check_next("split", goes_on, problems);
        if let Some(winner) = &split.winner {
            self.check_winner(split, winner, problems);
        }
    }

    fn check_weights(&self, split: &Split, problems: &mut Vec<Problem>) {
        let weights: u64 = split.arms.iter().map(|arm| u64::from(arm.weight)).sum();
        let may_be_none = split.arms.is_empty() || split.by.is_some();
        if weights == u64::from(WEIGHTS) || (weights == 0 && may_be_none) {
            return;
        }
        let reason = format!("the weights add up to {weights}, not to {WEIGHTS}");
        let problem = self.problem("split/arms", "weights_sum", reason);
        let help = format!("weights are basis points: {WEIGHTS} are everybody");
        problems.push(problem.with_help(help));
    }

    fn check_winner(&self, split: &Split, winner: &Winner, problems: &mut Vec<Problem>) {
        if split.by.is_some() {
            let reason = "a rule chooses the arms, and what finds a winner needs them drawn by their weights";
            problems.push(
                self.problem("split/winner", "winner_by_plugin", reason)
                    .with_help(
                        "leave the winner out and end the experiment by hand, or leave `by` out",
                    ),
            );
            return;
        }
        if let Some(per_arm) = winner.per_arm
            && !(PER_ARM_MIN..=PER_ARM_MAX).contains(&per_arm)
        {
            let reason = format!("{per_arm} people an arm are not {PER_ARM_MIN} to {PER_ARM_MAX}");
            problems.push(self.problem("split/winner/per_arm", "per_arm_range", reason).with_help("plan more or fewer, or leave it out: it ends as soon as there is a winner then"));
        }
        if split.arms.iter().filter(|arm| arm.weight > 0).count() < 2 {
            let reason = "fewer than two arms have a weight, so none can win";
            problems.push(
                self.problem("split/winner", "winner_of_one", reason)
                    .with_help("give a second arm a weight, or leave the winner out"),
            );
        }
        let goal = self.workflow.goal.as_ref();
        if winner.by == Measure::Goal && goal.is_none_or(|goal| goal.event().is_none()) {
            let reason = "the arms are compared by the workflow's goal, and it has none";
            let problem = self.problem("split/winner", "winner_without_goal", reason);
            problems.push(problem.with_help("name a goal, or compare `by` opened or clicked"));
        }
    }

    /// The first split of the same experiment, where its arms have other names.
    fn split_with_other_arms(&self, split: &Split) -> Option<&StepId> {
        let experiment = split.experiment.as_ref()?;
        let (first, names) = self.experiments.get(experiment.as_str())?;
        (*names != arm_names(split)).then_some(*first)
    }

    fn check_update(&self, update: &Update, problems: &mut Vec<Problem>) {
        let counts = [
            update.set.len(),
            update.unset.len(),
            update.add_tags.len(),
            update.remove_tags.len(),
            update.keep.len(),
        ];
        let count = counts.iter().sum();
        if count == 0 {
            let problem = self.problem("update", "update_empty", "the update changes nothing");
            problems.push(problem.with_help("give it set, unset, add_tags, remove_tags or keep"));
        }
        let at = self.at("update");
        if !check_count(&at, "changes", count, CHANGES_MAX, problems) {
            return;
        }
        for (part, sources) in [("set", &update.set), ("keep", &update.keep)] {
            for (name, source) in sources {
                self.check_source(&format!("update/{part}/{name}"), source, problems);
            }
        }
        let mut changed = update.set.keys().chain(&update.unset);
        if changed.any(|name| name.as_str() == TAGS_ATTRIBUTE) {
            let reason = format!("the attribute {TAGS_ATTRIBUTE} is changed by tags only");
            let problem = self.problem("update", "tags_by_name", reason);
            problems.push(problem.with_help("use add_tags and remove_tags"));
        }
        for name in update
            .unset
            .iter()
            .filter(|name| update.set.contains_key(*name))
        {
            let reason = format!("{name} is set and removed");
            problems.push(
                self.problem("update/unset", "set_and_unset", reason)
                    .with_help("keep one of the two"),
            );
        }
        for tag in update
            .add_tags
            .iter()
            .filter(|tag| update.remove_tags.contains(*tag))
        {
            let reason = format!("the tag {tag} is added and removed");
            problems.push(
                self.problem("update/remove_tags", "set_and_unset", reason)
                    .with_help("keep one of the two"),
            );
        }
    }

    fn check_webhook(&self, webhook: &Webhook, problems: &mut Vec<Problem>) {
        let (at, count) = (self.at("webhook/fields"), webhook.fields.len());
        if !check_count(&at, "fields", count, CHANGES_MAX, problems) {
            return;
        }
        for (name, source) in &webhook.fields {
            self.check_source(&format!("webhook/fields/{name}"), source, problems);
            if source.plus.is_some() {
                let reason = "nothing is changed here that a number could be added to";
                let member = format!("webhook/fields/{name}/plus");
                problems.push(
                    self.problem(member, "plus_of_nothing", reason)
                        .with_help("give one of value, attribute, event, kept"),
                );
            }
        }
        if let Err(reason) = check_url(&webhook.url) {
            let problem = self.problem("webhook/url", "url_malformed", reason);
            problems.push(problem.with_help("write `https://host/path`"));
        }
    }

    fn check_source(&self, member: &str, source: &Source, problems: &mut Vec<Problem>) {
        let given = [
            source.value.is_some(),
            source.attribute.is_some(),
            source.event.is_some(),
            source.kept.is_some(),
            source.plus.is_some(),
        ];
        let count = given.iter().filter(|given| **given).count();
        if count != 1 {
            let reason = format!("the value comes from {count} places, it needs exactly one");
            let problem = self.problem(member, "source_count", reason);
            problems.push(problem.with_help("give one of value, attribute, event, kept, plus"));
        }
        if let Some(value) = &source.value
            && value.depth() > VALUE_DEPTH_MAX
        {
            let reason = format!("the value is nested deeper than {VALUE_DEPTH_MAX}");
            problems.push(
                self.problem(format_args!("{member}/value"), "too_deep", reason)
                    .with_help("make it flatter"),
            );
        }
    }

    fn check_goto(&self, goto: &Goto, problems: &mut Vec<Problem>) {
        self.check_target("goto/step", &goto.step, problems);
        let target = self.positions.get(&goto.step);
        if target.is_some_and(|&target| target <= self.index) && goto.times_max.is_none() {
            let reason = format!("the way leads back to {} without a bound", goto.step);
            let problem = self.problem("goto", "goto_unbounded", reason);
            problems.push(problem.with_help("say how often at most with times_max"));
        }
        if goto.times_max == Some(0) {
            let reason = "nobody ever goes there";
            problems.push(
                self.problem("goto/times_max", "goto_never", reason)
                    .with_help("write 1 or more, or take the step out"),
            );
        }
        self.check_next("goto", goto.times_max.is_some(), problems);
    }

    fn check_exit(&self, exit: &Exit, problems: &mut Vec<Problem>) {
        check_reason(&self.at("exit/reason"), exit.reason.as_deref(), problems);
        if self.step.next.is_some() {
            let reason = "an exit ends the journey, nothing comes next";
            problems.push(
                self.problem("next", "next_after_exit", reason)
                    .with_help("leave it out"),
            );
        }
    }
}

/// Whether a webhook may go there. Which machine the host is, and whether that is one of ours, is seen at the connection.
fn check_url(url: &str) -> Result<(), String> {
    let Some(rest) = url.strip_prefix("https://") else {
        return Err(format!("{url:?} does not begin with https://"));
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    if host.is_empty() || host.contains('@') || !is_plain || url.contains('\\') {
        return Err(format!("{url:?} names no host, or more than a host"));
    }
    if url.len() > URL_BYTES_MAX {
        let bytes = url.len();
        return Err(format!(
            "it has {bytes} bytes, at most {URL_BYTES_MAX} are allowed"
        ));
    }
    Ok(())
}
