//! The rule against texts of any kind, its draws, and configs that make no sense.
//!
//! Run by `cargo test` only; never part of the component.

use signalbox_sdk::{
    Random,
    testing::{Row, check_cases, check_description},
};

use crate::SubjectLine;

#[test]
fn cases() {
    check_cases::<SubjectLine>();
}

#[test]
fn the_finished_description_is_the_sources() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
    check_description(&crate::signalbox_description(), file);
}

/// Whatever an attribute holds, the subject is one line and within the limit.
#[test]
fn no_subject_is_too_long_or_has_two_lines() {
    let letters: Vec<char> = "aZ ß漢🙂\r\n\t\u{202e}{}|!".chars().collect();
    let config = r#"{ "default": ["For {a|you}: {b|this}", "{a|Look}"], "chars_max": 20 }"#;
    let mut random = Random::new(4);
    for _ in 0..2_000 {
        let mut text = || -> String {
            (0..random.below(50))
                .map(|_| letters[random.below(letters.len() as u64) as usize])
                .collect()
        };
        let (first, second) = (text(), text());
        let verdict = Row::new()
            .set("{a}", first.as_str())
            .set("{b}", second.as_str())
            .set("seed", random.below(1_000))
            .decide::<SubjectLine>(config)
            .expect("a verdict");
        let subject = verdict.subject.expect("a subject");
        assert!(subject.chars().count() <= 20, "{subject:?}");
        assert!(!subject.contains(char::is_control), "{subject:?}");
    }
}

#[test]
fn every_text_is_drawn_about_as_often() {
    let config = r#"{ "default": ["one", "two", "three"] }"#;
    let mut counts = [0_u32; 3];
    for seed in 0..3_000 {
        let verdict = Row::new().set("seed", seed).decide::<SubjectLine>(config);
        let subject = verdict.expect("a verdict").subject.expect("a subject");
        let texts = ["one", "two", "three"];
        counts[texts
            .iter()
            .position(|text| *text == subject)
            .expect("a text")] += 1;
    }
    assert!(
        counts.iter().all(|count| (900..1_100).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn a_config_that_makes_no_sense_is_refused() {
    let refused = |text: &str| {
        let config = format!(r#"{{ "default": [{text:?}], "chars_max": 20 }}"#);
        Row::new().decide::<SubjectLine>(&config).unwrap_err()
    };
    for (text, says) in [
        ("", "has 0 characters, 1 to 20 are allowed"),
        (
            "one two three four five",
            "has 23 characters, 1 to 20 are allowed",
        ),
        ("{a|one two three four five}", "has 23 characters"),
        ("BUY IT NOW, please", "shouts"),
        ("Sale! Sale!", "shouts"),
        ("Hello {first_name}", "is not written like {first_name|you}"),
        ("Hello {first name|you}", "is not the name of an attribute"),
        ("Hello {a|you", "is not written like {first_name|you}"),
        ("Hello you}", "ends without a beginning"),
    ] {
        let answer = refused(text);
        assert!(answer.contains(says), "{text}: {answer}");
    }
    assert!(refused("a\nb").contains("must be one line"));
}

#[test]
fn names_are_told_apart() {
    let config = r#"{ "default": ["x"], "variants": [{ "name": "default", "when": { "all": [] }, "texts": ["y"] }] }"#;
    let answer = Row::new().decide::<SubjectLine>(config);
    assert_eq!(answer, Err("the name default is taken".to_owned()));
}
