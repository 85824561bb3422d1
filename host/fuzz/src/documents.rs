//! What plugins and marketers write: descriptions, plans, config schemas, workflows.

use serde_json::Value as Json;
use signalbox_model::describe::RuleKind;
use signalbox_rules::documents;

/// The first byte says as what the others are read.
pub fn run(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    match kind {
        b'd' => describe(text),
        b't' => plan(text, RuleKind::Trigger),
        b's' => plan(text, RuleKind::Segment),
        b'p' => plan(text, RuleKind::Personalizer),
        b'w' => workflow(text),
        _ => {}
    }
}

/// As the loader does: the document, then each config schema, then each case's config against it.
fn describe(text: &str) {
    let Ok(description) = documents::read_description(text, &RuleKind::ALL) else {
        return;
    };
    for rule in description.rules.values() {
        if let Ok(validator) = documents::compile(&rule.config_schema) {
            for case in &rule.cases {
                let _ = documents::problems(&validator, &case.config);
            }
        }
    }
}

fn plan(text: &str, kind: RuleKind) {
    if let Ok(plan) = documents::read_plan(text, kind) {
        assert!(documents::check_plan(kind, &plan).is_empty());
        for input in &plan.inputs {
            assert!(!input.source.in_words().is_empty());
        }
    }
}

fn workflow(text: &str) {
    if let Ok(document) = serde_json::from_str::<Json>(text) {
        let reading = documents::read_workflow(&document);
        assert!(reading.workflow.is_some() || !reading.problems.is_empty());
    }
}
