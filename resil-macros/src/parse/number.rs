//! COUNT, RATIO and plain numbers.

use proc_macro2::{TokenStream, TokenTree};

use super::const_value::Const;
use super::syntax::{Number, Syntax, describe, syntax_of};
use super::table::Kind;
use super::value::Value;
use super::{duration, messages};
use crate::diag::help;
use crate::tokens::{flat, shown};

impl Value<'_> {
    /// Reads a COUNT: a `u32` from `least` to `most`.
    pub(crate) fn count(&self, least: u32, most: u32) -> Option<Const<u32>> {
        self.count_or(least, most, &least.to_string())
    }

    /// Reads a COUNT; the message about one that is too small proposes `few` in place of `least`.
    pub(crate) fn count_or(&self, least: u32, most: u32, few: &str) -> Option<Const<u32>> {
        match syntax_of(&self.tokens) {
            Syntax::Number(number) => {
                let range = if most == u32::MAX {
                    format!("at least {least}")
                } else {
                    format!("between {least} and {most}")
                };
                let value = self.count_literal(&number, &range, most)?;
                if (least..=most).contains(&value) {
                    return Some(Const::Literal {
                        value,
                        tokens: self.tokens.clone(),
                    });
                }
                let most = most.to_string();
                let instead = if value < least { few } else { &most };
                self.out_of_range(&range, &number.text, instead);
                None
            }
            other => self.const_or_refuse(other),
        }
    }

    /// Reads a RATIO: above 0 % and at most 100 %.
    pub(crate) fn ratio(&self) -> Option<Const<f64>> {
        match syntax_of(&self.tokens) {
            Syntax::Percent(number) if number.suffix.is_empty() => {
                let value = number.value()? / 100.0;
                self.ratio_in_range(value, &format!("{}%", signed(&number)), "100%")
            }
            Syntax::Number(number) if is_plain_float(&number) => {
                let value = number.value()?;
                let in_percent = if (1.0..=100.0).contains(&value) {
                    format!("{value}%")
                } else {
                    "100%".to_owned()
                };
                self.ratio_in_range(value, &signed(&number), &in_percent)
            }
            Syntax::Number(number) if number.suffix.is_empty() && !number.negative => {
                self.percent_missing(&number);
                None
            }
            Syntax::Number(_) | Syntax::Percent(_) => {
                self.refuse_as_found();
                None
            }
            other => self.const_or_refuse(other),
        }
    }

    /// Reads a number of at least `least`.
    pub(crate) fn number(&self, least: f64) -> Option<Const<f64>> {
        match syntax_of(&self.tokens) {
            Syntax::Number(number) if is_plain(&number) => {
                let value = number.value()?;
                if value < least {
                    self.out_of_range(&format!("at least {least}"), &signed(&number), self.example);
                    return None;
                }
                Some(Const::Literal {
                    value,
                    tokens: self.tokens.clone(),
                })
            }
            Syntax::Number(number) => {
                self.refuse_with(
                    &describe(&self.tokens),
                    &[whole_or_example(&number, self.example)],
                );
                None
            }
            Syntax::Percent(number) => {
                let text = number.value().map(|value| (value / 100.0).to_string());
                self.refuse_with(&describe(&self.tokens), text.as_slice());
                None
            }
            other => self.const_or_refuse(other),
        }
    }

    /// Reports a duration in place of a number: `max = 5 s`, `max = (5s)`. `text` is the duration
    /// as it is written. The number in it may be the value that was meant.
    pub(super) fn refuse_duration(&self, text: &str) {
        let number = text.split(|c: char| !c.is_ascii_digit()).next();
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let whole = number.filter(|_| !rest.contains(|c: char| c.is_ascii_digit()));
        let counts = matches!(
            self.kind(),
            Some(Kind::Count | Kind::Max | Kind::Number | Kind::Window)
        );
        let texts = whole.filter(|_| counts).map(str::to_owned);
        let what = format!("`{}` is a duration", shown(&self.tokens));
        self.refuse_with(&what, texts.as_slice());
    }

    fn count_literal(&self, number: &Number, range: &str, most: u32) -> Option<u32> {
        let fits_suffix = number.suffix.is_empty() || number.suffix == "u32";
        if number.negative || !fits_suffix || number.fractional {
            let what = if number.fractional && fits_suffix && !number.negative {
                format!("`{}` is not a whole number", number.text)
            } else {
                describe(&self.tokens)
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
            self.refuse_with(&what, &texts);
            return None;
        }
        let value = number.digits.parse().ok();
        if value.is_none() {
            let range = match most {
                u32::MAX => format!("at most {most}"),
                _ => range.to_owned(),
            };
            if self.kind() == Some(Kind::Max) {
                // Nobody wants so many attempts: the help proposes a number to think about, or a
                // limit in time.
                let what = messages::must_be(self.name, &range, &number.text);
                let [few, endless] = ["100", "unlimited"].map(|text| self.write(text));
                self.fault(help(
                    what,
                    format!("write `{few}`, or `{endless}` with `within = 30s` beside it"),
                ));
            } else {
                self.out_of_range(&range, &number.text, &most.to_string());
            }
        }
        value
    }

    fn ratio_in_range(&self, value: f64, is: &str, instead: &str) -> Option<Const<f64>> {
        const MUST: &str = "above 0% and at most 100%";
        if value == 0.0 && self.kind() == Some(Kind::Jitter) {
            self.out_of_range(MUST, is, "none");
            return None;
        }
        if value > 1.0 {
            self.out_of_range(MUST, is, instead);
            return None;
        }
        if value <= 0.0 {
            self.out_of_range(MUST, is, "50%");
            return None;
        }
        Some(Const::Literal {
            value,
            tokens: self.tokens.clone(),
        })
    }

    /// Reports a missing `%`: `50` → `50%`; `1` may mean `100%`.
    fn percent_missing(&self, number: &Number) {
        let texts = match number.digits.parse::<u32>() {
            Ok(0) if self.kind() == Some(Kind::Jitter) => vec!["none".to_owned()],
            Ok(1) => vec!["1%".to_owned(), "100%".to_owned()],
            Ok(percent @ 2..=100) => vec![format!("{percent}%")],
            _ => vec!["50%".to_owned(), "0.5".to_owned()],
        };
        self.refuse_with(&format!("`{}` has no `%`", number.text), &texts);
    }

    /// Reads a value that is no number: a const expression, or a fault.
    fn const_or_refuse<T>(&self, seen: Syntax) -> Option<Const<T>> {
        match seen {
            Syntax::Word(word) if word != "true" && word != "false" => self.const_expr(),
            Syntax::Other => {
                if let Some(number) = in_some(&self.tokens) {
                    let what = format!("`{}` is an `Option`", shown(&self.tokens));
                    self.refuse_with(&what, &[number]);
                    return None;
                }
                self.const_expr()
            }
            Syntax::Text(text) => {
                let inner: TokenStream = text.value().parse().unwrap_or_default();
                let is_number = matches!(syntax_of(&inner), Syntax::Number(_) | Syntax::Percent(_));
                let texts = if is_number {
                    vec![text.value()]
                } else {
                    Vec::new()
                };
                self.refuse_with(&describe(&self.tokens), &texts);
                None
            }
            Syntax::Empty | Syntax::Number(_) | Syntax::Percent(_) | Syntax::Word(_) => {
                self.refuse_as_found();
                None
            }
        }
    }
}

/// Returns the number in an `Option`: `Some(3)` → `3`.
fn in_some(tokens: &TokenStream) -> Option<String> {
    let trees = flat(tokens);
    let [TokenTree::Ident(some), TokenTree::Group(inner)] = trees.as_slice() else {
        return None;
    };
    let number = inner.stream();
    let is_number = matches!(syntax_of(&number), Syntax::Number(_) | Syntax::Percent(_));
    (some == "Some" && is_number).then(|| shown(&number))
}

/// Whether the number has no unit and no type other than `f64`.
fn is_plain(number: &Number) -> bool {
    number.suffix.is_empty() || number.suffix == "f64"
}

fn is_plain_float(number: &Number) -> bool {
    is_plain(number) && (number.fractional || number.suffix == "f64")
}

fn signed(number: &Number) -> String {
    let sign = if number.negative { "-" } else { "" };
    format!("{sign}{}", number.text)
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
