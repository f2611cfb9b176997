//! DURATION values: a literal with a unit, or an expression of type `Duration`.

use std::time::Duration;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::const_value::Const;
use super::item::Form;
use super::spelling::{is_const_block, is_name_in_capitals};
use super::suggest::{BrokenDuration, broken_duration};
use super::syntax::{Syntax, describe, is_endless, syntax_of};
use super::value::{Place, Value};
use super::{duration, messages};
use crate::tokens::{flat, inside, shown, split_at_commas};

/// The limit of `#[timeout]`, the one duration that may be known only at run time.
#[derive(Clone, Debug)]
pub(crate) enum DurationValue {
    Const(Const<Duration>),
    /// An expression that is evaluated each time the layer is entered.
    Runtime(TokenStream),
}

impl DurationValue {
    pub(crate) fn literal(&self) -> Option<Duration> {
        match self {
            Self::Const(limit) => limit.literal().copied(),
            Self::Runtime(_) => None,
        }
    }

    pub(crate) fn tokens(&self) -> &TokenStream {
        match self {
            Self::Const(limit) => limit.tokens(),
            Self::Runtime(tokens) => tokens,
        }
    }
}

impl Value<'_> {
    /// Reads a const DURATION above zero.
    pub(crate) fn duration(&self) -> Option<Const<Duration>> {
        self.duration_from(Duration::from_nanos(1))
    }

    /// Reads a const DURATION of at least `least`.
    pub(crate) fn duration_from(&self, least: Duration) -> Option<Const<Duration>> {
        match syntax_of(&self.tokens) {
            Syntax::Number(number) => self.literal(self.slot().duration(&number, least)),
            Syntax::Text(text) => {
                self.text_for_duration(&text.value());
                None
            }
            Syntax::Word(word) if is_endless(&word) && !self.cx.params.contains(&word) => {
                self.fault(self.slot().endless(&describe(&self.tokens)));
                None
            }
            Syntax::Word(word) if word != "true" && word != "false" => self.const_expr(),
            Syntax::Other if self.is_broken_literal() => None,
            Syntax::Other => self.const_expr(),
            Syntax::Empty | Syntax::Percent(_) | Syntax::Word(_) => {
                self.refuse_as_found();
                None
            }
        }
    }

    /// Reads the limit of a timeout: a const if it is written like one, else an expression to
    /// evaluate at run time.
    pub(crate) fn duration_per_call(&self) -> Option<DurationValue> {
        let names_argument =
            matches!(syntax_of(&self.tokens), Syntax::Word(word) if self.cx.params.contains(&word));
        let is_const = match syntax_of(&self.tokens) {
            Syntax::Word(word) => {
                word == "true" || word == "false" || is_endless(&word) || self.reads_const()
            }
            Syntax::Other => self.reads_const() || broken_duration(&self.tokens).is_some(),
            _ => true,
        };
        if is_const && !names_argument {
            return self.duration().map(DurationValue::Const);
        }
        self.expr().map(DurationValue::Runtime)
    }

    fn reads_const(&self) -> bool {
        is_name_in_capitals(&self.tokens) || is_const_block(&self.tokens)
    }

    /// Returns the duration that a literal was meant to be, if any; a string or a negative number
    /// counts too.
    pub(crate) fn as_delay(&self) -> Option<String> {
        let text = match syntax_of(&self.tokens) {
            Syntax::Number(number) => number.text,
            Syntax::Text(text) => text.value().split_whitespace().collect(),
            _ => return None,
        };
        match duration::read_like(&text, "100ms") {
            Ok(_) => Some(text),
            Err(fault) => fault.write.into_iter().next(),
        }
    }

    /// Reads `[1s, 2s]`, each zero or more: a first retry without a pause is legitimate.
    pub(crate) fn durations(&self) -> Option<Vec<Const<Duration>>> {
        let in_brackets = inside(&self.tokens, Delimiter::Bracket).is_some();
        let in_parens = matches!(
            self.place,
            Place::Option {
                form: Form::Parens,
                ..
            }
        );
        if !in_brackets && !in_parens {
            let list = inside(&self.tokens, Delimiter::Parenthesis);
            let list = list.unwrap_or_else(|| self.tokens.clone());
            let are_numbers = split_at_commas(list.clone()).into_iter().all(
                |piece| matches!(syntax_of(&piece.tokens), Syntax::Number(number) if !number.negative),
            );
            let texts = are_numbers.then(|| format!("[{}]", shown(&list)));
            self.refuse_with(&describe(&self.tokens), texts.as_slice());
            return None;
        }
        if self.commas_missing() {
            return None;
        }
        let elements = self.elements(Delimiter::Bracket);
        if elements.is_empty() {
            self.refuse("the list is empty");
            return None;
        }
        let wanted = elements.len();
        let read: Vec<_> = elements
            .into_iter()
            .filter_map(|mut element| {
                "durations".clone_into(&mut element.takes);
                element.example = "1s";
                element.duration_from(Duration::ZERO)
            })
            .collect();
        (read.len() == wanted).then_some(read)
    }

    /// Reports a string, with its content as a duration: `"5s"` → `5s`.
    fn text_for_duration(&self, text: &str) {
        let close: String = text.split_whitespace().collect();
        let starts = close.starts_with(|c: char| c.is_ascii_digit());
        let texts = match duration::read_like(&close, self.example) {
            Ok(_) => vec![close],
            Err(fault) if starts => fault.write,
            Err(_) => Vec::new(),
        };
        self.refuse_with(&describe(&self.tokens), &texts);
    }

    /// Reports `5 s`, `1m 30s`, `1m1.5s` and `(5s)`, which are no expressions, and returns whether
    /// the value is one of them.
    pub(crate) fn is_broken_literal(&self) -> bool {
        let Some(broken) = broken_duration(&self.tokens) else {
            return false;
        };
        let whole = shown(&self.tokens);
        match broken {
            BrokenDuration::Wrapped(literal) => {
                let what = format!("in `{whole}` it does not stand alone");
                let texts = match duration::read_like(&literal, self.example) {
                    Ok(_) => vec![literal],
                    Err(fault) => fault.write,
                };
                self.refuse_with(&what, &texts);
            }
            BrokenDuration::Followed { literal, rest } => {
                let what = format!("behind `{literal}` stands `{rest}`");
                self.refuse_with(&what, &[literal]);
            }
            BrokenDuration::InPieces(joined) => {
                let (what, texts) = match duration::read_like(&joined, self.example) {
                    Ok(_) => (format!("`{whole}` is in pieces"), vec![joined]),
                    Err(fault) => (fault.what, fault.write),
                };
                self.refuse_with(&what, &texts);
            }
        }
        true
    }

    /// Reports `[1s 2s]` and returns whether the value is such a list. The help shows the list with
    /// its commas, or one duration if the value may be one in pieces.
    fn commas_missing(&self) -> bool {
        let list = inside(&self.tokens, Delimiter::Bracket);
        let list = list.unwrap_or_else(|| self.tokens.clone());
        let mut missing = None;
        let (mut parted, mut joined) = (Vec::new(), Vec::new());
        for piece in split_at_commas(list) {
            let trees = flat(&piece.tokens);
            let is_number =
                |tree: &TokenTree| matches!(syntax_of(&tree.clone().into()), Syntax::Number(_));
            if trees.len() < 2 || !trees.iter().all(is_number) {
                let whole = shown(&piece.tokens);
                parted.push(whole.clone());
                joined.push(whole);
                continue;
            }
            missing = missing.or_else(|| trees.get(1).cloned());
            let texts = trees.iter().map(ToString::to_string);
            joined.push(texts.clone().collect());
            parted.extend(texts.map(|text| match duration::read_like(&text, "1s") {
                Err(fault) => fault.write.into_iter().next().unwrap_or(text),
                Ok(_) => text,
            }));
        }
        let Some(before) = missing else {
            return false;
        };
        let mut texts = vec![format!("[{}]", parted.join(", "))];
        if joined.iter().all(|text| duration::read(text).is_ok()) {
            texts.push(format!("[{}]", joined.join(", ")));
        }
        let texts = self.write_all(&texts);
        self.cx.diag.error(
            &before,
            messages::comma_missing_in(&before.to_string(), &texts),
        );
        true
    }
}
