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
        let read = Template::read(&source_of(source));
        let (variables, found) = match &read {
            Ok(template) => (template.variables(), &[][..]),
            Err(unreadable) => (
                unreadable.variables.as_slice(),
                unreadable.problems.as_slice(),
            ),
        };
        problems.extend(found.iter().map(|problem| template_problem(name, problem)));
        let missing = variables.iter();
        let missing = missing.filter(|variable| given.lacks(name, variable));
        problems.extend(missing.map(|variable| missing_problem(name, variable)));
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

    /// Whether the variable is never there and nothing is said in its place. What a template sees is made in
    /// `signalbox_journey::view`; attributes and fields of events may have any name.
    fn lacks(&self, template: &TemplateName, variable: &Variable) -> bool {
        if variable.has_default || variable.in_condition {
            return false;
        }
        let mut path = variable.path.split(['.', '[']).map(bare);
        match (path.next(), path.next(), path.next()) {
            (Some("contact"), Some("id"), inner) => inner.is_some(),
            (Some("contact" | "event"), ..)
            | (Some("journey" | "rule" | "workflow"), None, _)
            | (Some("journey"), Some("arms" | "entered_at" | "id" | "kept" | "key"), None)
            | (Some("workflow"), Some("id" | "title" | "version"), None) => false,
            (Some("journey"), Some("kept"), Some(name)) => !self.kept.contains(name),
            (Some("journey"), Some("arms"), Some(step)) => !self.arms.contains(step),
            (Some("rule"), Some(_), _) => !self.filled.contains(template),
            _ => true,
        }
    }
}

/// A part of a path without the quotes and the bracket that may be around it.
fn bare(part: &str) -> &str {
    part.trim_matches(['"', '\'', ']'])
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is refused of those variables, in a workflow that keeps `price`, splits at `lot`, and whose personalizer
    /// fills `filled`.
    fn refused(template: &str, variables: &[&str]) -> Vec<String> {
        let marked = variables.iter().map(|one| format!("{{{{ {one} }}}}"));
        let text = marked.collect::<Vec<_>>().join(" ");
        let mail = |text: &str| json!({"subject": "Hi", "mjml": "<mjml><mj-body></mj-body></mjml>", "text": text});
        let mut workflow = json!({
            "id": "w", "title": "W",
            "steps": [
                {"id": "note", "update": {"keep": {"price": {"value": 1}}}},
                {"id": "lot", "split": {"arms": [{"name": "a", "weight": 10_000}]}},
                {"id": "plain", "send": {"template": "plain"}},
                {"id": "filled", "send": {"template": "filled", "personalizer": {"plugin": "p"}}},
            ],
            "templates": {"plain": mail("."), "filled": mail(".")},
        });
        workflow["templates"][template] = mail(&text);
        let workflow: Workflow = serde_json::from_value(workflow).expect("a workflow");
        let problems = problems(&workflow).into_iter().map(|problem| {
            assert_eq!(problem.code, "variable_missing");
            assert_eq!(problem.pointer, format!("/templates/{template}/text"));
            let path = problem.help.trim_start_matches("write {{ ");
            path.split(" |").next().unwrap_or_default().to_owned()
        });
        problems.collect()
    }

    #[test]
    fn whatever_can_never_be_there_is_refused_at_once() {
        let never = [
            "workflow.nothing",
            "workflow.title.short",
            "links.unsubscribe",
            "journey.foo",
            "journey.key.foo",
            "journey.kept.other",
            "journey.arms.plain",
            "journey[\"foo\"]",
            "rule.text",
            "contact.id.short",
        ];
        assert_eq!(refused("plain", &never), never);
        let beside_a_default = [
            "contact.name | default: links.foo",
            "contact.last | append: links.foo | default: 'x'",
            "contact[links.foo] | default: 'z'",
        ];
        for named in beside_a_default {
            assert_eq!(refused("plain", &[named]), ["links.foo"], "{named}");
        }
    }

    #[test]
    fn a_fault_in_one_part_hides_nothing_in_the_others() {
        let workflow = json!({
            "id": "w", "title": "W", "steps": [{"id": "note", "send": {"template": "note"}}],
            "templates": {"note": {
                "subject": "{{ links.foo }}",
                "mjml": "<mjml><mj-body>{{ links.bar | nothing }}</mj-body></mjml>",
                "text": "{{ links.baz }}",
            }},
        });
        let workflow: Workflow = serde_json::from_value(workflow).expect("a workflow");
        let found = problems(&workflow);
        let found: Vec<_> = found
            .iter()
            .map(|problem| (problem.pointer.as_str(), problem.code.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("/templates/note/mjml", "liquid_syntax"),
                ("/templates/note/subject", "variable_missing"),
                ("/templates/note/text", "variable_missing"),
            ]
        );
    }

    #[test]
    fn what_may_be_there_or_has_a_default_is_not() {
        let given = [
            "contact.id",
            "contact.anything.inside",
            "event.name",
            "event.anything[0].inside",
            "journey.id",
            "journey.key",
            "journey.entered_at",
            "journey.kept.price",
            "journey[\"kept\"].price",
            "journey.arms.lot",
            "rule.anything",
            "workflow.id",
            "workflow.title",
            "workflow.version",
            "links.unsubscribe | default: \"none\"",
        ];
        assert_eq!(refused("filled", &given), Vec::<String>::new());
    }
}
