//! Strategies as other libraries write them: as the value of an option, as a call, in quotes. In resil
//! they are bare words, and their arguments are options beside them.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

use super::broken_durations::unit_literal;
use super::carry_over::{carry_over, guess};
use crate::parse::args::Args;
use crate::parse::item::{Form, Item, item};
use crate::parse::messages;
use crate::parse::syntax::{Syntax, syntax_of};
use crate::parse::table::{AliasTarget, Kind, Opt};
use crate::tokens::{collect, first_span, flat, is_equals, shown, split_at_commas};

impl Args<'_> {
    /// Reports `backoff = exponential` and `delay = linear(base = 1s)`, and returns whether the
    /// option is like that.
    pub(crate) fn is_strategy_as_value(
        &mut self,
        ident: &Ident,
        option: Option<&'static Opt>,
        tokens: &TokenStream,
    ) -> bool {
        let Some((word, given)) = word_and_arguments(tokens) else {
            return false;
        };
        let means_delays = match option.or_else(|| self.aliased_option(ident)) {
            Some(option) => {
                let kind = option.kind;
                matches!(kind, Kind::Duration | Kind::Durations | Kind::Strategy)
                    || option.replaces_strategy
            }
            None => true,
        };
        let is_argument = self.cx.params.iter().any(|param| *param == word);
        // The user may have a function of that name: a call of it is Rust, unless an option is
        // among the arguments.
        let may_be_rust = option.is_some() && given.as_ref().is_some_and(|given| !is_ours(given));
        if !means_delays || is_argument || may_be_rust {
            return false;
        }
        let Some(strategy) = self.strategy(&word) else {
            return false;
        };
        if option.is_some_and(|option| option.kind == Kind::Strategy) {
            return false;
        }
        self.mention(strategy.name, first_span(tokens));
        let beside = given.map(|given| self.beside(&given)).unwrap_or_default();
        let what = match option {
            Some(option) => messages::strategy_as_value(option, &shown(tokens)),
            None => messages::no_option(self.spec, &ident.to_string()),
        };
        let message = messages::strategy_alone(&what, strategy, &beside);
        self.cx.diag.error(tokens, message);
        true
    }

    /// Finds the strategy of that name, resil's own or another library's.
    pub(super) fn strategy(&self, word: &str) -> Option<&'static Opt> {
        let name = match self.alias(word) {
            Some(AliasTarget::Option(name, _)) => name,
            _ => word,
        };
        self.option(name).filter(|o| o.kind == Kind::Strategy)
    }

    /// Turns the arguments of a strategy into options beside it: `5ms, 3` is `base = 5ms` and `max
    /// = 3`.
    pub(crate) fn beside(&mut self, given: &TokenStream) -> Vec<String> {
        split_at_commas(given.clone())
            .into_iter()
            .filter_map(|piece| self.spelled_out(piece.tokens))
            .collect()
    }

    /// Turns one argument into an option; `None` if it is unclear which option it is.
    fn spelled_out(&mut self, piece: TokenStream) -> Option<String> {
        let span = first_span(&piece);
        let whole = shown(&piece);
        match item(piece) {
            Item::Named {
                ident,
                form,
                tokens,
            } => {
                let name = ident.to_string();
                if let Some(option) = self.option(&name) {
                    self.mention_once(option, span)?;
                    return Some(whole);
                }
                match self.aliased_option(&ident) {
                    Some(option) if form != Form::Flag => {
                        self.mention_once(option, span)?;
                        carry_over(self.cx, option, &name, &tokens, 0)
                            .into_iter()
                            .next()
                    }
                    _ => (form != Form::Flag).then_some(whole),
                }
            }
            Item::Nameless(tokens) => {
                if let Some((option, value)) = self.badly_attached(&tokens) {
                    self.mention_once(option, span)?;
                    return carry_over(self.cx, option, option.name, &value, 0)
                        .into_iter()
                        .next();
                }
                let option = self.named_by(guess(&tokens))?;
                self.mention(option.name, span);
                Some(option.write(&whole))
            }
        }
    }

    /// Notes the option; `None` if it was given before.
    fn mention_once(&mut self, option: &Opt, span: Span) -> Option<()> {
        let first = self.mentioned(option.name).is_none();
        self.mention(option.name, span);
        first.then_some(())
    }

    /// Splits `max: 5`, `max == 5` and `max[5]` into a known name and the value behind it.
    pub(super) fn badly_attached(
        &self,
        tokens: &TokenStream,
    ) -> Option<(&'static Opt, TokenStream)> {
        let trees = flat(tokens);
        let [TokenTree::Ident(word), value @ ..] = trees.as_slice() else {
            return None;
        };
        let option = self.option(&word.to_string())?;
        let is_punct = |tree: &&TokenTree| matches!(tree, TokenTree::Punct(_));
        let marks = value.iter().take_while(is_punct).count();
        (!value.is_empty()).then(|| (option, collect(&value[marks..])))
    }
}

/// Splits `exponential`, `"exponential"` and `exponential(..)` into the word and its arguments.
fn word_and_arguments(tokens: &TokenStream) -> Option<(String, Option<TokenStream>)> {
    match syntax_of(tokens) {
        Syntax::Word(word) => return Some((word.to_string(), None)),
        Syntax::Text(text) => return Some((text.value(), None)),
        _ => {}
    }
    match flat(tokens).as_slice() {
        [TokenTree::Ident(word), TokenTree::Group(given)]
            if given.delimiter() == Delimiter::Parenthesis =>
        {
            Some((word.to_string(), Some(given.stream())))
        }
        _ => None,
    }
}

/// Whether the arguments are in resil's syntax and are no Rust: `base = 1s`, `5ms`.
fn is_ours(given: &TokenStream) -> bool {
    let named = split_at_commas(given.clone()).into_iter().any(|piece| {
        let trees = flat(&piece.tokens);
        matches!(trees.first(), Some(TokenTree::Ident(_))) && is_equals(&trees, 1)
    });
    named || unit_literal(given).is_some()
}
