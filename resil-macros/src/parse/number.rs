//! COUNT, RATIO and plain numbers.

use proc_macro2::{TokenStream, TokenTree};

use super::const_value::Const;
use super::syntax::{Syntax, describe, syntax_of};
use super::table::Kind;
use super::value::Value;
use crate::tokens::{flat, shown};

impl Value<'_> {
    /// Reads a COUNT: a `u32` from `least` to `most`.
    pub(crate) fn count(&self, least: u32, most: u32) -> Option<Const<u32>> {
        self.count_or(least, most, &least.to_string())
    }

    /// Reads a COUNT; the message about one that is too small proposes `few` in place of `least`.
    pub(crate) fn count_or(&self, least: u32, most: u32, few: &str) -> Option<Const<u32>> {
        match syntax_of(&self.tokens) {
            Syntax::Number(number) => self.literal(self.slot().count(&number, (least, most), few)),
            other => self.const_or_refuse(other),
        }
    }

    /// Reads a RATIO: above 0 % and at most 100 %.
    pub(crate) fn ratio(&self) -> Option<Const<f64>> {
        match syntax_of(&self.tokens) {
            Syntax::Percent(number) => self.literal(self.slot().ratio(&number, true)),
            Syntax::Number(number) => self.literal(self.slot().ratio(&number, false)),
            other => self.const_or_refuse(other),
        }
    }

    /// Reads a number of at least `least`.
    pub(crate) fn number(&self, least: f64) -> Option<Const<f64>> {
        match syntax_of(&self.tokens) {
            Syntax::Number(number) => self.literal(self.slot().number(&number, false, least)),
            Syntax::Percent(number) => self.literal(self.slot().number(&number, true, least)),
            other => self.const_or_refuse(other),
        }
    }

    /// Takes what was read of a literal, or reports the message.
    pub(crate) fn literal<T>(&self, read: Result<T, String>) -> Option<Const<T>> {
        let tokens = self.tokens.clone();
        self.told(read)
            .map(|value| Const::Literal { value, tokens })
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
