//! One value of one option, and the kinds that are neither duration, number nor pattern.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use resil_language::nearest::nearest;
use resil_language::slot::{self, Slot};
use syn::LitStr;

use super::context::ParseContext;
use super::item::Form;
use super::messages;
use super::separators::with_commas;
use super::syntax::{Syntax, describe, syntax_of};
use super::table::{Kind, Opt};
use crate::tokens::{first_span, inside, open, split_at_commas};

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

    /// Returns the place as the language knows it.
    pub(crate) fn slot(&self) -> Slot<'_> {
        let form = match &self.place {
            Place::Option {
                option,
                form: Form::Parens,
                ..
            } => slot::Form::Parens(option),
            Place::Option { option, .. } => slot::Form::Equals(option),
            Place::Whole { .. } => slot::Form::Whole,
            Place::Element => slot::Form::Element,
        };
        Slot {
            name: self.name,
            takes: &self.takes,
            example: self.example,
            form,
        }
    }

    /// Formats the option with another value, in the form that the user chose.
    pub(crate) fn write(&self, text: &str) -> String {
        self.slot().write(text)
    }

    pub(crate) fn write_all(&self, texts: &[String]) -> Vec<String> {
        self.slot().write_all(texts)
    }

    /// Takes what was read, or reports the message.
    pub(crate) fn told<T>(&self, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.fault(message)).ok()
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
        self.fault(self.slot().wrong_for(what, texts));
    }

    /// Reports a value of the wrong kind, described by its syntax.
    pub(crate) fn refuse_as_found(&self) {
        self.refuse(&describe(&self.tokens));
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
        if !text.suffix().is_empty() {
            let what = format!("it has the suffix `{}`", text.suffix());
            self.refuse_with(&what, &[format!("{:?}", text.value())]);
            return None;
        }
        self.told(self.slot().check_name(&text.value()))?;
        Some(text)
    }

    /// Reads an EXPR, which is kept as it is written.
    pub(crate) fn expr(&self) -> Option<TokenStream> {
        self.check_expr()?;
        Some(self.tokens.clone())
    }

    /// Reads one of a few bare words.
    pub(crate) fn word(&self, words: &[&'static str]) -> Option<&'static str> {
        match syntax_of(&self.tokens) {
            Syntax::Word(word) => self.told(self.slot().word(&word.to_string(), words)),
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
