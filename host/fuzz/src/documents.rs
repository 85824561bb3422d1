//! What plugins, marketers and operators write: descriptions, plans, config schemas, workflows, signatures and keys.

use serde_json::Value as Json;
use signalbox_model::describe::RuleKind;
use signalbox_rules::{
    documents,
    signature::{Purpose, SecretKey, Statement},
    trust::TrustedKey,
};

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
        b'g' => signed(text),
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

/// What can be read is written so that it reads as the same.
fn signed(text: &str) {
    for purpose in [Purpose::Signature, Purpose::Release] {
        if let Ok(statement) = Statement::parse(purpose, text) {
            let again = Statement::parse(purpose, &statement.to_string());
            assert_eq!(again.as_ref(), Ok(&statement));
            let _ = statement.is_true();
        }
    }
    if let Ok(key) = SecretKey::parse(text) {
        assert!(SecretKey::parse(&key.to_text()).is_ok());
    }
    let _ = text.parse::<TrustedKey>();
}
