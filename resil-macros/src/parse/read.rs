//! Reads an attribute's arguments against its table: each becomes the value of one option, or a
//! fault that says what it should have been.

use proc_macro2::{Ident, TokenStream, TokenTree};

use super::args::Args;
use super::context::ParseContext;
use super::item::{Form, Item, item};
use super::messages;
use super::split_options::split_options;
use super::table::{Kind, Opt, Spec};
use super::value::{Place, Value};
use crate::tokens::{flat, open, shown};

impl<'a> Args<'a> {
    /// Reads all arguments; faults go to the sink.
    pub(crate) fn read(spec: &'static Spec, tokens: TokenStream, cx: &'a ParseContext<'a>) -> Self {
        let mut args = Self::new(spec, cx);
        for tokens in split_options(tokens, spec, cx) {
            match item(tokens) {
                Item::Named {
                    ident,
                    form,
                    tokens,
                } => args.named(ident, form, tokens),
                Item::Nameless(tokens) => args.nameless(&tokens),
            }
        }
        args
    }

    /// Joins both values of an option that is written twice, if one value can say the same.
    fn joined(&self, option: &Opt, second: &TokenStream) -> Option<String> {
        let first = self.values.iter().find(|value| value.name == option.name)?;
        let between = match option.kind {
            Kind::Pattern(_) => " | ",
            Kind::Idents => ", ",
            _ => return None,
        };
        let plain = |tokens: &TokenStream| {
            let guarded = |tree: &TokenTree| matches!(tree, TokenTree::Ident(word) if word == "if");
            !tokens.is_empty() && !flat(tokens).iter().any(guarded)
        };
        (plain(&first.tokens) && plain(second))
            .then(|| option.write(&[shown(&first.tokens), shown(second)].join(between)))
    }

    fn named(&mut self, ident: Ident, form: Form, tokens: TokenStream) {
        let option = self.option(&ident.to_string());
        if self.is_strategy_as_value(&ident, option, &tokens) {
            return;
        }
        let Some(option) = option else {
            self.unknown(&ident, form, &tokens);
            return;
        };
        if self.mentioned(option.name).is_some() {
            let message = messages::twice_or_joined(option, self.joined(option, &tokens));
            self.cx.diag.error(&ident, message);
            return;
        }
        self.mention(option.name, ident.span());
        if matches!(option.kind, Kind::Strategy | Kind::Flag) {
            if form != Form::Flag {
                let beside = self.beside(&tokens);
                self.cx
                    .diag
                    .error(&ident, messages::takes_no_value(option, &beside));
            }
        } else if form == Form::Flag && !matches!(option.kind, Kind::Jitter | Kind::Adaptive)
            || form != Form::Flag && open(tokens.clone()).is_empty()
        {
            self.cx.diag.error(&ident, messages::needs_value(option));
            return;
        }
        self.values.push(Value {
            cx: self.cx,
            name: option.name,
            takes: option.kind.takes(),
            example: option.example,
            place: Place::Option {
                option,
                ident,
                form,
            },
            tokens,
        });
    }
}
