//! Values told apart by how they are written, so that every message can name what it found.

use crate::duration;

/// A value as it is written.
#[derive(Debug, Clone)]
pub enum Found<'t> {
    Empty,
    /// A number with its unit or type suffix.
    Number(Number),
    /// `50%`
    Percent(Number),
    /// A string, where one stands for something else than itself.
    Text(&'t str),
    /// One word, `true` and `false` among them.
    Word(&'t str),
    Other(&'t str),
}

/// A number with its sign.
#[derive(Debug, Clone)]
pub struct Number {
    pub negative: bool,
    /// As written, without the sign.
    pub text: String,
    /// In decimal, without underscores and sign; it may have a point and an exponent.
    pub digits: String,
    pub suffix: String,
    pub fractional: bool,
}

impl Number {
    /// Reads a number from text that no lexer has seen; `None` if it is none.
    pub fn of(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
        if !text.chars().all(is_part) {
            return None;
        }
        let radix = match text.get(..2) {
            Some("0x") => 16,
            Some("0o") => 8,
            Some("0b") => 2,
            _ => 10,
        };
        let (digits, suffix) = if radix == 10 {
            split(text)
        } else {
            let is_digit = |c: &char| c.is_digit(radix) || *c == '_';
            let count = text[2..].chars().take_while(is_digit).count();
            let (digits, suffix) = text[2..].split_at(count);
            let value = u128::from_str_radix(&digits.replace('_', ""), radix).ok()?;
            (value.to_string(), suffix)
        };
        Some(Self {
            negative,
            text: text.to_owned(),
            fractional: radix == 10 && digits.contains(['.', 'e', 'E']),
            digits,
            suffix: suffix.to_owned(),
        })
    }

    /// Returns the value, if it is finite.
    pub fn value(&self) -> Option<f64> {
        let value: f64 = self.digits.parse().ok()?;
        value
            .is_finite()
            .then_some(if self.negative { -value } else { value })
    }

    /// Returns the text with its sign.
    pub fn signed(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}", self.text)
    }

    /// Describes the number for a message: "`5s` is a duration".
    pub fn describe(&self) -> String {
        let written = format!("`{}`", self.signed());
        if self.negative {
            format!("{written} is negative")
        } else if duration::looks_like_one(&self.text) {
            format!("{written} is a duration")
        } else if self.suffix.is_empty() {
            format!("{written} is a number")
        } else {
            format!("{written} is a number with the suffix `{}`", self.suffix)
        }
    }
}

/// Splits decimal digits, with a point and an exponent, from the suffix behind them.
fn split(text: &str) -> (String, &str) {
    let is_digit = |c: char| c.is_ascii_digit() || c == '_';
    let end_from = |at: usize| {
        let rest = &text[at..];
        at + rest.find(|c| !is_digit(c)).unwrap_or(rest.len())
    };
    let mut end = end_from(0);
    if text[end..].starts_with('.') {
        end = end_from(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let all = end_from(end + 1 + sign);
        if all > end + 1 + sign {
            end = all;
        }
    }
    (text[..end].replace('_', ""), &text[end..])
}

impl<'t> Found<'t> {
    /// Tells what is written.
    pub fn of(text: &'t str) -> Self {
        if text.is_empty() {
            return Self::Empty;
        }
        if let Some(number) = Number::of(text) {
            return Self::Number(number);
        }
        if let Some(number) = text.strip_suffix('%').and_then(Number::of) {
            return Self::Percent(number);
        }
        let begins = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if begins && text.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Self::Word(text);
        }
        Self::Other(text)
    }

    /// Describes the value for a message: "`5s` is a duration".
    pub fn describe(&self) -> String {
        match self {
            Self::Empty => "nothing".to_owned(),
            Self::Percent(number) => format!("`{}%` is a ratio", number.signed()),
            Self::Number(number) => number.describe(),
            Self::Text(text) => format!("`\"{text}\"` is a string"),
            Self::Word(word) => format!("`{word}` is a word"),
            Self::Other(text) => format!("`{text}` is an expression"),
        }
    }
}

/// Whether the word means “no limit” in another library. In capitals it is the name of a constant:
/// `NEVER`.
pub fn is_endless(word: &str) -> bool {
    const ENDLESS: [&str; 13] = [
        "always",
        "disabled",
        "endless",
        "forever",
        "inf",
        "infinite",
        "infinity",
        "never",
        "none",
        "null",
        "off",
        "unbounded",
        "unlimited",
    ];
    word.contains(char::is_lowercase) && ENDLESS.contains(&word.to_lowercase().as_str())
}
