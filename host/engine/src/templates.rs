//! Whether the templates of a workflow can be made into messages: each reads, and asks for nothing that is never there.

use std::collections::BTreeSet;

use signalbox_mail::template::{Part, Template, Variable};
use signalbox_model::{
    id::{FieldName, TemplateName},
    problem::Problem,
    workflow::{Workflow, step::Action},
};

use crate::outbox::render::source_of;

/// Everything that is wrong with a workflow's templates.
pub(crate) fn problems(workflow: &Workflow) -> Vec<Problem> {
    let mut problems = Vec::new();
    let given = Given::of(workflow);
    for (name, source) in &workflow.templates {
        match Template::parse(&source_of(source)) {
            Ok(template) => {
                let missing = template.variables().iter();
                let missing = missing.filter(|variable| given.lacks(name, variable));
                problems.extend(missing.map(|variable| missing_problem(name, variable)));
            }
            Err(found) => {
                problems.extend(found.iter().map(|problem| template_problem(name, problem)));
            }
        }
    }
    problems
}

/// What a workflow's own steps can give its templates.
struct Given<'a> {
    kept: BTreeSet<&'a str>,
    /// Steps with arms.
    arms: BTreeSet<&'a str>,
    /// Templates that a personalizer fills: those of its steps, and those that no step names, which only a personalizer
    /// can choose.
    filled: BTreeSet<&'a TemplateName>,
}

impl<'a> Given<'a> {
    fn of(workflow: &'a Workflow) -> Self {
        let mut given = Self {
            kept: BTreeSet::new(),
            arms: BTreeSet::new(),
            filled: BTreeSet::new(),
        };
        let mut unnamed: BTreeSet<&TemplateName> = workflow.templates.keys().collect();
        for step in &workflow.steps {
            for action in step.actions() {
                match action {
                    Action::Update(update) => {
                        given.kept.extend(update.keep.keys().map(FieldName::as_str));
                    }
                    Action::Branch(_)
                    | Action::Split(_)
                    | Action::WaitFor(_)
                    | Action::Approve(_) => {
                        given.arms.insert(step.id.as_str());
                    }
                    Action::Send(send) => {
                        unnamed.remove(&send.template);
                        if send.personalizer.is_some() {
                            given.filled.insert(&send.template);
                        }
                    }
                    _ => {}
                }
            }
        }
        if !given.filled.is_empty() {
            given.filled.extend(unnamed);
        }
        given
    }

    /// Whether the variable is never there and nothing is said in its place.
    fn lacks(&self, template: &TemplateName, variable: &Variable) -> bool {
        if variable.has_default || variable.in_condition {
            return false;
        }
        let mut path = variable.path.split(['.', '[']);
        match (path.next(), path.next(), path.next()) {
            (Some("journey"), Some("kept"), Some(name)) => !self.kept.contains(name),
            (Some("journey"), Some("arms"), Some(step)) => !self.arms.contains(step),
            (Some("rule"), Some(_), _) => !self.filled.contains(template),
            _ => false,
        }
    }
}

fn missing_problem(template: &TemplateName, variable: &Variable) -> Problem {
    let path = &variable.path;
    let reason = format!("nothing in the workflow gives {path}, and it has no default");
    let problem = Problem::new(pointer(template, variable.part), "variable_missing", reason);
    problem.with_help(format!(
        "write {{{{ {path} | default: \"...\" }}}}, or take it out"
    ))
}

fn template_problem(
    template: &TemplateName,
    problem: &signalbox_mail::template::Problem,
) -> Problem {
    let reason = format!(
        "line {}, column {}: {}",
        problem.line, problem.column, problem.message
    );
    Problem::new(pointer(template, problem.part), problem.code, reason)
        .with_help(problem.help.clone())
}

fn pointer(template: &TemplateName, part: Part) -> String {
    let part = match part {
        Part::Subject => "subject",
        Part::Html => "mjml",
        Part::Text => "text",
    };
    format!("/templates/{template}/{part}")
}
