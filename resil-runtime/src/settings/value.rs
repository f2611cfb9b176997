//! One value of one option, and the readers of its kinds. The words are those of the attributes.

use std::time::Duration;

use resil_language::duration;
use resil_language::number::{Found, is_endless};
use resil_language::slot::{Form, Slot};
use resil_language::table::{Kind, Opt};

use super::given::Given;

/// A value and its place.
pub(crate) struct Value<'v> {
    pub(crate) slot: Slot<'v>,
    pub(crate) given: &'v Given,
    /// The value as an attribute has it.
    pub(crate) shown: &'v str,
}

/// Hands `read` the value of an option.
pub(crate) fn with_value<T>(
    option: &'static Opt,
    given: &Given,
    read: impl FnOnce(&Value<'_>) -> T,
) -> T {
    let (takes, shown) = (option.kind.takes(), given.shown());
    read(&Value {
        slot: Slot {
            name: option.name,
            takes: &takes,
            example: option.example,
            form: Form::Equals(option),
        },
        given,
        shown: &shown,
    })
}

impl Value<'_> {
    /// Tells what the value is.
    pub(crate) fn found(&self) -> Found<'_> {
        match self.given {
            Given::List(_) | Given::Table(_) => Found::Other(self.shown),
            _ => Found::of(self.shown),
        }
    }

    /// Returns the message about a value of the wrong kind.
    pub(crate) fn wrong(&self) -> String {
        self.slot.wrong(&self.found().describe(), &[])
    }

    /// Returns that message, which proposes another value.
    pub(crate) fn wrong_but(&self, what: &str, instead: &str) -> String {
        self.slot.wrong(what, &[instead.to_owned()])
    }

    /// Reads a COUNT.
    pub(crate) fn count(&self, least: u32, most: u32) -> Result<u32, String> {
        self.count_or(least, most, &least.to_string())
    }

    /// Reads a COUNT; the message about one that is too small proposes `few`.
    pub(crate) fn count_or(&self, least: u32, most: u32, few: &str) -> Result<u32, String> {
        match self.found() {
            Found::Number(number) => self.slot.count(&number, (least, most), few),
            _ => Err(self.no_number()),
        }
    }

    /// Reads a RATIO.
    pub(crate) fn ratio(&self) -> Result<f64, String> {
        match self.found() {
            Found::Percent(number) => self.slot.ratio(&number, true),
            Found::Number(number) => self.slot.ratio(&number, false),
            _ => Err(self.no_number()),
        }
    }

    /// Reads a number of at least `least`.
    pub(crate) fn number(&self, least: f64) -> Result<f64, String> {
        match self.found() {
            Found::Percent(number) => self.slot.number(&number, true, least),
            Found::Number(number) => self.slot.number(&number, false, least),
            _ => Err(self.no_number()),
        }
    }

    /// Reads a DURATION above zero.
    pub(crate) fn duration(&self) -> Result<Duration, String> {
        self.duration_from(Duration::from_nanos(1))
    }

    /// Reads a DURATION of at least `least`.
    pub(crate) fn duration_from(&self, least: Duration) -> Result<Duration, String> {
        match self.found() {
            Found::Number(number) => self.slot.duration(&number, least),
            Found::Word(word) if is_endless(word) => {
                Err(self.slot.endless(&self.found().describe()))
            }
            Found::Other(text) => Err(self.broken_duration(text).unwrap_or_else(|| self.wrong())),
            _ => Err(self.wrong()),
        }
    }

    /// Reads `[1s, 2s]`, each zero or more: a first retry without a pause is legitimate.
    pub(crate) fn durations(&self) -> Result<Vec<Duration>, String> {
        let Given::List(all) = self.given else {
            let texts = match self.found() {
                Found::Number(number) if !number.negative => vec![format!("[{}]", self.shown)],
                _ => Vec::new(),
            };
            return Err(self.slot.wrong(&self.found().describe(), &texts));
        };
        if all.is_empty() {
            return Err(self.slot.wrong("the list is empty", &[]));
        }
        let each = |given: &Given| {
            let shown = given.shown();
            let element = Value {
                slot: Slot {
                    takes: "durations",
                    example: "1s",
                    form: Form::Element,
                    ..self.slot
                },
                given,
                shown: &shown,
            };
            element.duration_from(Duration::ZERO)
        };
        let (mut read, mut faults) = (Vec::new(), Vec::new());
        for element in all.iter().map(each) {
            match element {
                Ok(duration) => read.push(duration),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(read)
        } else {
            Err(faults.join("\n"))
        }
    }

    /// Reads one of a few words.
    pub(crate) fn word(&self, words: &[&'static str]) -> Result<&'static str, String> {
        match self.found() {
            Found::Word(word) => self.slot.word(word, words),
            _ => Err(self.wrong()),
        }
    }

    /// Returns the message about a value that is no number; the number in a duration may be the one that
    /// was meant.
    fn no_number(&self) -> String {
        let Found::Other(text) = self.found() else {
            return self.wrong();
        };
        let joined: String = text.split_whitespace().collect();
        if !joined.starts_with(|c: char| c.is_ascii_digit()) || !duration::looks_like_one(&joined) {
            return self.wrong();
        }
        let number = joined.split(|c: char| !c.is_ascii_digit()).next();
        let rest = joined.trim_start_matches(|c: char| c.is_ascii_digit());
        let whole = number.filter(|_| !rest.contains(|c: char| c.is_ascii_digit()));
        let kind = self.slot.option().map(|option| option.kind);
        let counts = matches!(
            kind,
            Some(Kind::Count | Kind::Max | Kind::Number | Kind::Window)
        );
        let texts = whole.filter(|_| counts).map(str::to_owned);
        let what = format!("`{}` is a duration", self.shown);
        self.slot.wrong(&what, texts.as_slice())
    }

    /// Returns the message about `5 s`, `1m 30s` and `5s per attempt`; `None` for something else.
    fn broken_duration(&self, text: &str) -> Option<String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.len() < 2 || !text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let followed = (1..words.len()).rev().find_map(|at| {
            let (front, rest) = (words[..at].concat(), words[at..].join(" "));
            let is_word = rest.starts_with(|c: char| c.is_alphabetic() || c == '_');
            (is_word && duration::read(&front).is_ok()).then_some((front, rest))
        });
        if let Some((literal, rest)) = followed {
            let what = format!("behind `{literal}` stands `{rest}`");
            return Some(self.slot.wrong(&what, &[literal]));
        }
        let joined = words.concat();
        let (what, texts) = match duration::read_like(&joined, self.slot.example) {
            Ok(_) => (format!("`{text}` is in pieces"), vec![joined]),
            Err(fault) => (fault.what, fault.write),
        };
        Some(self.slot.wrong(&what, &texts))
    }
}
