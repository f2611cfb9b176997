//! The place of one value, and the readers of the kinds that are numbers or words. A reader returns the
//! value, or the message that says what it should have been.

use std::time::Duration;

use crate::duration;
use crate::messages::{self, help};
use crate::nearest::nearest;
use crate::number::Number;
use crate::table::{Kind, Opt, one_of};

/// The longest NAME, as the keys of stores and the labels of metrics are limited.
const LONGEST_NAME: usize = 128;

/// A value's place: what the messages about it say.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'s> {
    /// The name of the option, or of the attribute if the value has no name.
    pub name: &'static str,
    /// Completes “`base` takes ..”.
    pub takes: &'s str,
    pub example: &'static str,
    pub form: Form,
}

/// How the value is attached.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// `name = value`
    Equals(&'static Opt),
    /// `name(value)`
    Parens(&'static Opt),
    /// The nameless value of `#[timeout(5s)]`.
    Whole,
    /// One of several values.
    Element,
}

impl Slot<'_> {
    /// Returns the option that the whole value belongs to.
    pub fn option(&self) -> Option<&'static Opt> {
        match self.form {
            Form::Equals(option) | Form::Parens(option) => Some(option),
            Form::Whole | Form::Element => None,
        }
    }

    fn kind(&self) -> Option<Kind> {
        self.option().map(|option| option.kind)
    }

    /// Formats the option with another value, in the form that the user chose.
    pub fn write(&self, text: &str) -> String {
        match self.form {
            Form::Parens(_) if text.starts_with('(') => format!("{}{text}", self.name),
            Form::Parens(_) => format!("{}({text})", self.name),
            Form::Equals(option) => option.write(text),
            Form::Whole => format!("#[{}({text})]", self.name),
            Form::Element => text.to_owned(),
        }
    }

    /// Formats the option with each of the values, or with the example.
    pub fn write_all(&self, texts: &[String]) -> Vec<String> {
        if texts.is_empty() {
            return vec![self.write(self.example)];
        }
        texts.iter().map(|text| self.write(text)).collect()
    }

    /// A value of the wrong kind; proposes other values, or the example.
    pub fn wrong(&self, what: &str, values: &[String]) -> String {
        self.wrong_for(what, &self.write_all(values))
    }

    /// A value of the wrong kind; proposes texts for the whole option.
    pub fn wrong_for(&self, what: &str, texts: &[String]) -> String {
        messages::wrong_kind(self.name, self.takes, what, texts)
    }

    /// A value of the right kind that can't be.
    pub fn out_of_range(&self, must: &str, is: &str, value: &str) -> String {
        let texts = self.write_all(&[value.to_owned()]);
        messages::out_of_range(self.name, must, is, &texts)
    }

    /// Reads a COUNT between two bounds; the message about one that is too small proposes `few`.
    ///
    /// # Errors
    ///
    /// The message about another value.
    pub fn count(
        &self,
        number: &Number,
        (least, most): (u32, u32),
        few: &str,
    ) -> Result<u32, String> {
        let range = if most == u32::MAX {
            format!("at least {least}")
        } else {
            format!("between {least} and {most}")
        };
        let value = self.count_literal(number, &range, most)?;
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        let most = most.to_string();
        let instead = if value < least { few } else { &most };
        Err(self.out_of_range(&range, &number.text, instead))
    }

    fn count_literal(&self, number: &Number, range: &str, most: u32) -> Result<u32, String> {
        let fits_suffix = number.suffix.is_empty() || number.suffix == "u32";
        if number.negative || !fits_suffix || number.fractional {
            let what = if number.fractional && fits_suffix && !number.negative {
                format!("`{}` is not a whole number", number.text)
            } else {
                number.describe()
            };
            // Other libraries use -1 for no limit, or for an unset value.
            let few = if number.negative && number.digits == "1" {
                self.example.to_owned()
            } else {
                whole_or_example(number, self.example)
            };
            let mut texts = vec![few];
            if number.negative && self.kind() == Some(Kind::Max) {
                texts.push("unlimited".to_owned());
            }
            return Err(self.wrong(&what, &texts));
        }
        number.digits.parse().map_err(|_| {
            let range = match most {
                u32::MAX => format!("at most {most}"),
                _ => range.to_owned(),
            };
            if self.kind() == Some(Kind::Max) {
                // Nobody wants so many attempts: the help proposes a number to think about, or a
                // limit in time.
                let what = messages::must_be(self.name, &range, &number.text);
                let [few, endless] = ["100", "unlimited"].map(|text| self.write(text));
                help(
                    what,
                    format!("write `{few}`, or `{endless}` with `within = 30s` beside it"),
                )
            } else {
                self.out_of_range(&range, &number.text, &most.to_string())
            }
        })
    }

    /// Reads a RATIO: above 0 % and at most 100 %.
    ///
    /// # Errors
    ///
    /// The message about another value.
    pub fn ratio(&self, number: &Number, percent: bool) -> Result<f64, String> {
        if percent && number.suffix.is_empty() {
            let value = self.value(number, percent)? / 100.0;
            return self.ratio_in_range(value, &format!("{}%", number.signed()), "100%");
        }
        if percent {
            return Err(self.wrong(&format!("`{}%` is a ratio", number.signed()), &[]));
        }
        if is_plain(number) && (number.fractional || number.suffix == "f64") {
            let value = self.value(number, percent)?;
            let in_percent = if (1.0..=100.0).contains(&value) {
                format!("{value}%")
            } else {
                "100%".to_owned()
            };
            return self.ratio_in_range(value, &number.signed(), &in_percent);
        }
        if number.suffix.is_empty() && !number.negative {
            return Err(self.percent_missing(number));
        }
        Err(self.wrong(&number.describe(), &[]))
    }

    fn ratio_in_range(&self, value: f64, is: &str, instead: &str) -> Result<f64, String> {
        const MUST: &str = "above 0% and at most 100%";
        if value == 0.0 && self.kind() == Some(Kind::Jitter) {
            return Err(self.out_of_range(MUST, is, "none"));
        }
        if value == 0.0 && self.kind() == Some(Kind::RatioOrOff) {
            return Err(self.out_of_range(MUST, is, self.example));
        }
        if value > 1.0 {
            return Err(self.out_of_range(MUST, is, instead));
        }
        if value <= 0.0 {
            return Err(self.out_of_range(MUST, is, "50%"));
        }
        Ok(value)
    }

    /// A missing `%`: `50` → `50%`; `1` may mean `100%`.
    fn percent_missing(&self, number: &Number) -> String {
        let texts = match number.digits.parse::<u32>() {
            Ok(0) if self.kind() == Some(Kind::Jitter) => vec!["none".to_owned()],
            Ok(1) => vec!["1%".to_owned(), "100%".to_owned()],
            Ok(percent @ 2..=100) => vec![format!("{percent}%")],
            _ => vec!["50%".to_owned(), "0.5".to_owned()],
        };
        self.wrong(&format!("`{}` has no `%`", number.text), &texts)
    }

    /// Reads a number of at least `least`.
    ///
    /// # Errors
    ///
    /// The message about another value.
    pub fn number(&self, number: &Number, percent: bool, least: f64) -> Result<f64, String> {
        if percent {
            let text = number.value().map(|value| (value / 100.0).to_string());
            let what = format!("`{}%` is a ratio", number.signed());
            return Err(self.wrong(&what, text.as_slice()));
        }
        if !is_plain(number) {
            let texts = [whole_or_example(number, self.example)];
            return Err(self.wrong(&number.describe(), &texts));
        }
        let value = self.value(number, percent)?;
        if value < least {
            let must = format!("at least {least}");
            return Err(self.out_of_range(&must, &number.signed(), self.example));
        }
        Ok(value)
    }

    fn value(&self, number: &Number, percent: bool) -> Result<f64, String> {
        number.value().ok_or_else(|| {
            let sign = if percent { "%" } else { "" };
            self.wrong(&format!("`{}{sign}` is too large", number.signed()), &[])
        })
    }

    /// Reads a DURATION of at least `least`.
    ///
    /// # Errors
    ///
    /// The message about another value.
    pub fn duration(&self, number: &Number, least: Duration) -> Result<Duration, String> {
        let read = duration::read_like(&number.text, self.example);
        if number.negative {
            let texts = match read {
                Ok(_) => vec![number.text.clone()],
                Err(fault) => fault.write,
            };
            return Err(self.wrong(&number.describe(), &texts));
        }
        let value = read.map_err(|fault| {
            let zero = number.value() == Some(0.0) && !least.is_zero();
            // A zero would be refused with a unit too.
            let texts = if zero { &[] } else { fault.write.as_slice() };
            self.wrong(&fault.what, texts)
        })?;
        if value < least {
            return Err(self.too_short(least, &number.text));
        }
        Ok(value)
    }

    fn too_short(&self, least: Duration, is: &str) -> String {
        let instead = self.option().and_then(|option| option.instead_of_zero);
        if let Some(instead) = instead {
            let must = messages::must_be(self.name, "longer than zero", is);
            let example = self.write(self.example);
            help(must, format!("write `{example}`, or {instead}"))
        } else if least <= Duration::from_nanos(1) {
            self.out_of_range("longer than zero", is, self.example)
        } else {
            let least = duration::show(least);
            self.out_of_range(&format!("at least `{least}`"), is, &least)
        }
    }

    /// A word for “no limit” in place of a duration: without a limit the option is left out.
    pub fn endless(&self, what: &str) -> String {
        let by_itself = matches!(self.form, Form::Whole);
        if by_itself || self.option().is_some_and(|option| option.limits) {
            let takes = format!("`{}` takes {}, but {what}", self.name, self.takes);
            help(takes, "remove it: without it there is no limit")
        } else {
            self.wrong(what, &["365d".to_owned()])
        }
    }

    /// Checks a NAME.
    ///
    /// # Errors
    ///
    /// The message about another text.
    pub fn check_name(&self, value: &str) -> Result<(), String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
        if value.is_empty() {
            let example = format!("\"{}\"", "pay");
            return Err(self.out_of_range("at least one character long", "\"\"", &example));
        }
        if value.len() > LONGEST_NAME && value.chars().all(allowed) {
            let texts = [self.write(&format!("\"{}\"", &value[..LONGEST_NAME]))];
            let length = value.len();
            return Err(messages::too_long(self.name, LONGEST_NAME, length, &texts));
        }
        let Some(stranger) = value.chars().find(|c| !allowed(*c)) else {
            return Ok(());
        };
        let fixed: String = value
            .chars()
            .take(LONGEST_NAME)
            .map(|c| if allowed(c) { c } else { '-' })
            .collect();
        let stranger = match stranger {
            ' ' => "a space".to_owned(),
            other => format!("`{other}`"),
        };
        let what = format!("{stranger} is not one of a name's letters `A-Z a-z 0-9 _ . : -`");
        Err(self.wrong(&what, &[format!("\"{fixed}\"")]))
    }

    /// Reads one of a few words.
    ///
    /// # Errors
    ///
    /// The message about another word.
    pub fn word(&self, word: &str, words: &[&'static str]) -> Result<&'static str, String> {
        if let Some(known) = words.iter().find(|known| word == **known) {
            return Ok(known);
        }
        let near = nearest(word, words.iter().copied());
        let only = words.first().copied().filter(|_| words.len() == 1);
        let what = format!("`{word}` is none of these");
        Err(match near.or(only) {
            Some(near) => self.wrong(&what, &[near.to_owned()]),
            None => help(
                format!("`{}` takes {}, but {what}", self.name, self.takes),
                format!("its words are {}", one_of(words)),
            ),
        })
    }
}

/// Whether the number has no unit and no type other than `f64`.
fn is_plain(number: &Number) -> bool {
    number.suffix.is_empty() || number.suffix == "f64"
}

/// Returns the count that was meant by `5s`, `5.0` or `5usize`, which is `5`, or else the example.
fn whole_or_example(number: &Number, example: &str) -> String {
    let whole = number.digits.split('.').next().unwrap_or_default();
    let composite =
        duration::looks_like_one(&number.text) && number.suffix.chars().any(|c| c.is_ascii_digit());
    match whole.parse::<u32>() {
        Ok(value) if value > 0 && !composite => value.to_string(),
        _ => example.to_owned(),
    }
}
