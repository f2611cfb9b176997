//! One value of one option, and the kinds that are neither duration, number nor pattern.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::LitStr;

use super::context::ParseContext;
use super::item::Form;
use super::messages;
use super::separators::with_commas;
use super::suggest::nearest;
use super::syntax::{Syntax, describe, syntax_of};
use super::table::{Kind, Opt, one_of};
use crate::diag::help;
use crate::tokens::{first_span, inside, open, split_at_commas};

/// The longest NAME, as the keys of stores and the labels of metrics are limited.
const LONGEST_NAME: usize = 128;

/// A value and its place: all that the readers of its kind and their messages need.
pub(crate) struct Value<'a> {
    pub(crate) cx: &'a ParseContext<'a>,
    /// The name of the option, or of the attribute if the value has no name.
    pub(crate) name: &'static str,
    pub(crate) takes: String,
    pub(crate) example: &'static str,
    pub(crate) place: Place,
    pub(crate) tokens: TokenStream,
}

/// The place of a value, which decides how messages show it.
#[derive(Clone)]
pub(crate) enum Place {
    /// `name = value` or `name(value)`.
    Option {
        option: &'static Opt,
        ident: Ident,
        form: Form,
    },
    /// The nameless value of `#[timeout(5s)]`.
    Whole { span: Span },
    /// One of several values, in brackets or parentheses.
    Element,
}

impl<'a> Value<'a> {
    /// Returns the option that the whole value belongs to.
    pub(crate) fn option(&self) -> Option<&'static Opt> {
        match &self.place {
            Place::Option { option, .. } => Some(option),
            Place::Whole { .. } | Place::Element => None,
        }
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        self.option().map(|option| option.kind)
    }

    pub(crate) fn is_flag(&self) -> bool {
        matches!(
            self.place,
            Place::Option {
                form: Form::Flag,
                ..
            }
        )
    }

    pub(crate) fn is_in_parens(&self) -> bool {
        matches!(
            self.place,
            Place::Option {
                form: Form::Parens,
                ..
            }
        )
    }

    pub(crate) fn span(&self) -> Span {
        match &self.place {
            Place::Option { ident, .. } => ident.span(),
            Place::Whole { span } => *span,
            Place::Element => first_span(&self.tokens),
        }
    }

    /// Formats the option with another value, in the form that the user chose.
    pub(crate) fn write(&self, text: &str) -> String {
        match &self.place {
            Place::Option {
                form: Form::Parens, ..
            } if text.starts_with('(') => {
                format!("{}{text}", self.name)
            }
            Place::Option {
                form: Form::Parens, ..
            } => format!("{}({text})", self.name),
            Place::Option { option, .. } => option.write(text),
            Place::Whole { .. } => format!("#[{}({text})]", self.name),
            Place::Element => text.to_owned(),
        }
    }

    pub(crate) fn write_all(&self, texts: &[String]) -> Vec<String> {
        if texts.is_empty() {
            return vec![self.write(self.example)];
        }
        texts.iter().map(|text| self.write(text)).collect()
    }

    /// Reports a value of the wrong kind and proposes the example.
    pub(crate) fn refuse(&self, what: &str) {
        self.refuse_with(what, &[]);
    }

    /// Reports a value of the wrong kind and proposes other values.
    pub(crate) fn refuse_with(&self, what: &str, values: &[String]) {
        self.refuse_for(what, &self.write_all(values));
    }

    /// Reports a value of the wrong kind and proposes texts for the whole option.
    pub(crate) fn refuse_for(&self, what: &str, texts: &[String]) {
        self.fault(messages::wrong_kind(self.name, &self.takes, what, texts));
    }

    /// Reports a value of the wrong kind, described by its syntax.
    pub(crate) fn refuse_as_found(&self) {
        self.refuse(&describe(&self.tokens));
    }

    pub(crate) fn out_of_range(&self, must: &str, is: &str, value: &str) {
        let texts = self.write_all(&[value.to_owned()]);
        self.fault(messages::out_of_range(self.name, must, is, &texts));
    }

    /// Reports a fault at the value, or at the option's name if there is none.
    pub(crate) fn fault(&self, message: String) {
        if self.tokens.is_empty() {
            self.cx.diag.error_at(self.span(), message);
        } else {
            self.cx.diag.error(&self.tokens, message);
        }
    }

    /// Makes a value of one part of a list.
    pub(crate) fn element(&self, tokens: TokenStream) -> Value<'a> {
        Value {
            cx: self.cx,
            name: self.name,
            takes: self.takes.clone(),
            example: self.example,
            place: Place::Element,
            tokens,
        }
    }

    /// Cuts `[a, b]`, `(a, b)` or the option's own parentheses into their parts.
    pub(crate) fn elements(&self, delimiter: Delimiter) -> Vec<Value<'a>> {
        let in_group = inside(&self.tokens, delimiter);
        let list = in_group.unwrap_or_else(|| self.tokens.clone());
        let pieces = split_at_commas(with_commas(list, "values", self.cx));
        let mut elements = Vec::new();
        for piece in pieces {
            if piece.tokens.is_empty() {
                let span = piece.comma.unwrap_or_else(Span::call_site);
                self.cx.diag.error_at(span, messages::comma_too_many());
            } else {
                elements.push(self.element(piece.tokens));
            }
        }
        elements
    }

    /// Reads a NAME. It can't be a const: two sites that share a name must spell it alike.
    pub(crate) fn name_literal(&self) -> Option<LitStr> {
        let Syntax::Text(text) = syntax_of(&self.tokens) else {
            let as_text = match syntax_of(&self.tokens) {
                Syntax::Word(word) => vec![format!("\"{word}\"")],
                _ => Vec::new(),
            };
            self.refuse_with(&describe(&self.tokens), &as_text);
            return None;
        };
        let value = text.value();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
        if !text.suffix().is_empty() {
            self.refuse_with(
                &format!("it has the suffix `{}`", text.suffix()),
                &[format!("{value:?}")],
            );
        } else if value.is_empty() {
            self.out_of_range(
                "at least one character long",
                "\"\"",
                &format!("\"{}\"", "pay"),
            );
        } else if value.len() > LONGEST_NAME && value.chars().all(allowed) {
            let texts = [self.write(&format!("\"{}\"", &value[..LONGEST_NAME]))];
            let message = messages::too_long(self.name, LONGEST_NAME, value.len(), &texts);
            self.fault(message);
        } else if let Some(stranger) = value.chars().find(|c| !allowed(*c)) {
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
            self.refuse_with(&what, &[format!("\"{fixed}\"")]);
        } else {
            return Some(text);
        }
        None
    }

    /// Reads an EXPR, which is kept as it is written.
    pub(crate) fn expr(&self) -> Option<TokenStream> {
        self.check_expr()?;
        Some(self.tokens.clone())
    }

    /// Reads one of a few bare words.
    pub(crate) fn word(&self, words: &[&'static str]) -> Option<&'static str> {
        match syntax_of(&self.tokens) {
            Syntax::Word(word) => {
                let known = words.iter().find(|known| word == **known).copied();
                if known.is_none() {
                    self.unknown_word(&word, words);
                }
                known
            }
            Syntax::Text(text) => {
                let value = text.value();
                let near = nearest(&value, words.iter().copied());
                self.refuse_with(
                    &describe(&self.tokens),
                    &near.map(str::to_owned).into_iter().collect::<Vec<_>>(),
                );
                None
            }
            _ => {
                self.refuse_as_found();
                None
            }
        }
    }

    pub(crate) fn unknown_word(&self, word: &Ident, words: &[&str]) {
        let near = nearest(&word.to_string(), words.iter().copied());
        let only = words.first().copied().filter(|_| words.len() == 1);
        match near.or(only) {
            Some(near) => {
                self.refuse_with(&format!("`{word}` is none of these"), &[near.to_owned()]);
            }
            None => self.fault(help(
                format!(
                    "`{}` takes {}, but `{word}` is none of these",
                    self.name, self.takes
                ),
                format!("its words are {}", one_of(words)),
            )),
        }
    }

    /// Reads names of arguments: `clone(a, b)`.
    pub(crate) fn idents(&self) -> Vec<Ident> {
        let delimiter = match inside(&self.tokens, Delimiter::Bracket) {
            Some(_) => Delimiter::Bracket,
            None => Delimiter::Parenthesis,
        };
        let mut idents: Vec<Ident> = Vec::new();
        for element in self.elements(delimiter) {
            match open(element.tokens.clone())
                .into_iter()
                .collect::<Vec<_>>()
                .as_slice()
            {
                [TokenTree::Ident(ident)] if idents.contains(ident) => {
                    self.cx
                        .diag
                        .error(ident, messages::twice(&ident.to_string()));
                }
                [TokenTree::Ident(ident)] => idents.push(ident.clone()),
                _ => element.refuse_as_found(),
            }
        }
        idents
    }
}
