//! DURATION values: a literal with a unit, or an expression of type `Duration`.

use std::time::Duration;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::constant::{Const, is_const_block, is_name_in_capitals};
use super::duration::{self, show};
use super::look::{Look, Number, describe, look};
use super::split::{flat, inside, is_punct, shown};
use super::value::{Form, Place, Value};

/// The limit of `timeout`, the one duration that may be known only at the call.
#[derive(Clone, Debug)]
pub(crate) enum DurationValue {
    Const(Const<Duration>),
    /// Evaluated each time that the layer is entered.
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
    /// A const DURATION above zero.
    pub(crate) fn duration(&self) -> Option<Const<Duration>> {
        self.duration_from(Duration::from_nanos(1))
    }

    /// A const DURATION of at least `least`.
    pub(crate) fn duration_from(&self, least: Duration) -> Option<Const<Duration>> {
        match look(&self.tokens) {
            Look::Number(number) => {
                let value = self.duration_literal(&number)?;
                if value < least {
                    self.too_short(least, &number.text);
                    return None;
                }
                Some(Const::Literal {
                    value,
                    tokens: self.tokens.clone(),
                })
            }
            Look::Text(text) => {
                self.text_for_duration(&text.value());
                None
            }
            Look::Word(word) if word != "true" && word != "false" => self.const_expr(),
            Look::Other if self.in_pieces() => None,
            Look::Other => self.const_expr(),
            Look::Nothing | Look::Percent(_) | Look::Word(_) => {
                self.refuse_look();
                None
            }
        }
    }

    /// The limit of a timeout: const where it reads like one, else per call.
    pub(crate) fn duration_per_call(&self) -> Option<DurationValue> {
        let names_argument =
            matches!(look(&self.tokens), Look::Word(word) if self.cx.params.contains(&word));
        let is_const = match look(&self.tokens) {
            Look::Word(word) => word == "true" || word == "false" || self.reads_const(),
            Look::Other => self.reads_const() || self.in_pieces_silent().is_some(),
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

    /// `[1s, 2s]`, each zero or more: a first retry without a pause is a thing to want.
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
            self.refuse_with(&describe(&self.tokens), &[format!("[{}]", shown(&list))]);
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

    fn duration_literal(&self, number: &Number) -> Option<Duration> {
        let read = duration::read(&number.text);
        if number.negative {
            let texts = match read {
                Ok(_) => vec![number.text.clone()],
                Err(fault) => fault.write,
            };
            self.refuse_with(&describe(&self.tokens), &texts);
            return None;
        }
        read.map_err(|fault| self.refuse_with(&fault.what, &fault.write))
            .ok()
    }

    fn too_short(&self, least: Duration, is: &str) {
        if least <= Duration::from_nanos(1) {
            self.out_of_range("longer than zero", is, self.example);
        } else {
            let least = show(least);
            self.out_of_range(&format!("at least `{least}`"), is, &least);
        }
    }

    /// `"5s"` → `5s`.
    fn text_for_duration(&self, text: &str) {
        let close: String = text.split_whitespace().collect();
        let starts = close.starts_with(|c: char| c.is_ascii_digit());
        let texts = match duration::read(&close) {
            Ok(_) => vec![close],
            Err(fault) if starts => fault.write,
            Err(_) => Vec::new(),
        };
        self.refuse_with(&describe(&self.tokens), &texts);
    }

    /// `5 s`, `1m 30s`, `1m1.5s`: no expression starts so; a fault if that is what it is.
    pub(crate) fn in_pieces(&self) -> bool {
        let Some(joined) = self.in_pieces_silent() else {
            return false;
        };
        let texts = match duration::read(&joined) {
            Ok(_) => vec![joined],
            Err(fault) => fault.write,
        };
        self.refuse_with(&format!("`{}` is in pieces", shown(&self.tokens)), &texts);
        true
    }

    fn in_pieces_silent(&self) -> Option<String> {
        let trees = flat(&self.tokens);
        let all_numbers = trees.iter().enumerate().all(|(at, tree)| match tree {
            TokenTree::Literal(literal) => literal
                .to_string()
                .starts_with(|c: char| c.is_ascii_digit()),
            TokenTree::Ident(word) => at > 0 && word != "as",
            point => at > 0 && is_punct(point, '.'),
        });
        let starts_with_number = matches!(trees.first(), Some(TokenTree::Literal(_)));
        // `5.max(x)` has a group and is none of these; `5.x` reads as pieces, rightly.
        (all_numbers && starts_with_number && trees.len() > 1)
            .then(|| trees.iter().map(ToString::to_string).collect())
    }
}
