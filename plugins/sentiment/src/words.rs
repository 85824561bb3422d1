//! The words that show what people feel, and how a text is weighed by them.
//!
//! Each word of the list is worth 1 to 3 points, above or below 0. A word of denial turns the next few around and
//! takes a quarter off ("not bad" is less than "good"); a word of degree makes the next one stronger or weaker; what
//! follows a "but" counts more than what stood before it. Endings are taken off where a word is not in the list as it
//! stands.

/// The list that ships with the plugin: words in the order of their bytes and what each is worth.
const LIST: &str = include_str!("../words.tsv");

/// How many words a denial reaches.
const DENIAL_REACH: u32 = 3;
/// What is left of a word's points when it is denied, the other way round.
const DENIED: f64 = -0.75;
/// What is left of all points before a "but".
const BEFORE_BUT: f64 = 0.5;
/// Most words that are looked at, from the beginning of a text.
const WORDS_MAX: usize = 500;

/// What one's own words are worth, above or below 0.
const OWN_POINTS: f64 = 2.0;

/// The shipped words with their points, in order, and one's own.
pub(crate) struct Words<'a> {
    shipped: Vec<(&'static str, f64)>,
    happy: &'a [String],
    unhappy: &'a [String],
}

/// What stood before a word and bears on it.
struct Before {
    denied_for: u32,
    degree: f64,
}

impl<'a> Words<'a> {
    /// The shipped list with words of one's own, which take precedence. All in lower case.
    pub(crate) fn new(happy: &'a [String], unhappy: &'a [String]) -> Self {
        let shipped = LIST.lines().filter_map(|line| {
            let (word, points) = line.split_once('\t')?;
            Some((word, points.parse::<i8>().ok()?.into()))
        });
        Self {
            shipped: shipped.collect(),
            happy,
            unhappy,
        }
    }

    /// The points of a word as it stands.
    fn exact(&self, word: &str) -> Option<f64> {
        let among = |words: &[String]| words.iter().any(|own| own == word);
        if among(self.happy) {
            return Some(OWN_POINTS);
        }
        if among(self.unhappy) {
            return Some(-OWN_POINTS);
        }
        let place = self.shipped.binary_search_by_key(&word, |(known, _)| known);
        place.ok().map(|place| self.shipped[place].1)
    }

    /// The points of a word, with its ending or without.
    fn points(&self, word: &str) -> Option<f64> {
        let shorter = |ending: &str| word.strip_suffix(ending).filter(|stem| stem.len() > 2);
        let without = |ending: &&str| self.exact(shorter(ending)?);
        let with_e = |ending: &&str| self.exact(&format!("{}e", shorter(ending)?));
        self.exact(word)
            .or_else(|| ["s", "es", "d", "ed", "ing", "ly"].iter().find_map(without))
            .or_else(|| ["ing", "ed", "y"].iter().find_map(with_e))
    }

    /// The points of a text: above 0 happy, below 0 unhappy.
    pub(crate) fn weigh(&self, text: &str) -> f64 {
        let text = text.to_lowercase().replace('\u{2019}', "'");
        let mut before = Before {
            denied_for: 0,
            degree: 1.0,
        };
        let mut total = 0.0;
        for word in split(&text).take(WORDS_MAX) {
            if word == "but" || word == "however" {
                total *= BEFORE_BUT;
                before.denied_for = 0;
            } else if denies(word) {
                before.denied_for = DENIAL_REACH + 1;
            } else if let Some(degree) = degree(word) {
                before.degree = degree;
                continue;
            } else if let Some(points) = self.points(word) {
                let turned = if before.denied_for > 0 { DENIED } else { 1.0 };
                total += points * turned * before.degree;
            }
            before.degree = 1.0;
            before.denied_for = before.denied_for.saturating_sub(1);
        }
        total
    }
}

/// The words of a text; an apostrophe and a hyphen within a word belong to it.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '-'))
        .map(|word| word.trim_matches(['\'', '-']))
        .filter(|word| !word.is_empty())
}

fn denies(word: &str) -> bool {
    word.ends_with("n't")
        || matches!(
            word,
            "not"
                | "no"
                | "never"
                | "nothing"
                | "nobody"
                | "none"
                | "neither"
                | "nor"
                | "without"
                | "hardly"
                | "barely"
                | "cannot"
        )
}

fn degree(word: &str) -> Option<f64> {
    match word {
        "very" | "really" | "so" | "extremely" | "absolutely" | "highly" | "totally"
        | "completely" | "super" => Some(1.5),
        "slightly" | "somewhat" | "fairly" | "quite" | "bit" | "little" => Some(0.5),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{LIST, Words};

    #[test]
    fn the_list_can_be_read_and_is_in_order() {
        let words = Words::new(&[], &[]).shipped;
        assert_eq!(words.len(), LIST.lines().count());
        assert!(
            words
                .iter()
                .all(|(word, points)| *word == word.to_lowercase()
                    && (1.0..=3.0).contains(&points.abs()))
        );
        assert!(words.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    #[expect(
        clippy::float_cmp,
        reason = "products of short binary fractions are exact"
    )]
    fn words_bear_on_each_other() {
        let own = [["cosy".to_owned()], ["bad".to_owned()]];
        let words = Words::new(&own[0], &own[1]);
        for (text, points) in [
            ("", 0.0),
            ("a chair", 0.0),
            ("Good!", 1.0),
            ("very good", 1.5),
            ("not good", -0.75),
            ("isn’t really good", -1.125),
            ("not one of the good ones", 1.0),
            ("nice but awful", -2.5),
            ("loved it, works perfectly", 5.0),
            ("cosy", 2.0),
            ("crashing, crashed, crashes", -6.0),
        ] {
            assert_eq!(words.weigh(text), points, "{text}");
        }
    }
}
