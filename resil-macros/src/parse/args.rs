//! Reading a layer's arguments against its table: every piece becomes the value of one
//! option, or a fault that says what it should have been.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

use super::pieces::pieces;
use super::split::{collect, flat, is_equals, open, shown};
use super::table::{Kind, Opt, Spec};
use super::value::{Form, Place, Value};
use super::wording;
use crate::policy::Ctx;

/// The values of one attribute, each to be taken once.
pub(crate) struct Args<'a> {
    pub(super) spec: &'static Spec,
    pub(super) cx: &'a Ctx<'a>,
    values: Vec<Value<'a>>,
    /// Options that stand there in some form, faulty ones and other names for them too:
    /// nothing is said to be missing that the user meant to give.
    meant: Vec<(&'static str, Span)>,
}

/// `name`, `name = value`, `name(value)`, or what is none of them.
pub(super) enum Item {
    Named {
        ident: Ident,
        form: Form,
        tokens: TokenStream,
    },
    Nameless(TokenStream),
}

impl<'a> Args<'a> {
    pub(crate) fn read(spec: &'static Spec, tokens: TokenStream, cx: &'a Ctx<'a>) -> Self {
        let mut args = Self {
            spec,
            cx,
            values: Vec::new(),
            meant: Vec::new(),
        };
        for tokens in pieces(tokens, spec, cx) {
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

    /// The value of that option, if it stands there.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Value<'a>> {
        debug_assert!(self.spec.options.iter().any(|o| o.name == name), "{name}");
        let at = self.values.iter().position(|value| value.name == name)?;
        Some(self.values.remove(at))
    }

    /// The flags that name a strategy, in the order in which they stand.
    pub(crate) fn take_strategies(&mut self) -> Vec<Value<'a>> {
        let is_strategy = |value: &mut Value<'_>| value.kind() == Some(Kind::Strategy);
        self.values.extract_if(.., is_strategy).collect()
    }

    /// Where the user meant to give that option, rightly or not.
    pub(crate) fn meant(&self, name: &str) -> Option<Span> {
        self.meant
            .iter()
            .find(|(meant, _)| *meant == name)
            .map(|(_, span)| *span)
    }

    /// Every value must have been asked for: a table and its parser can't drift apart.
    pub(crate) fn done(self) {
        let left: Vec<_> = self.values.iter().map(|value| value.name).collect();
        debug_assert!(left.is_empty(), "read, but never taken: {left:?}");
    }

    pub(super) fn mean(&mut self, name: &'static str, at: Span) {
        self.meant.push((name, at));
    }

    pub(super) fn option(&self, name: &str) -> Option<&'static Opt> {
        self.spec.option(name)
    }

    /// Both values of an option that is written twice, where one may say as much.
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
        if self.meant(option.name).is_some() {
            let message = wording::twice_or_joined(option, self.joined(option, &tokens));
            self.cx.diag.error(&ident, message);
            return;
        }
        self.mean(option.name, ident.span());
        if option.kind == Kind::Strategy {
            if form != Form::Flag {
                let beside = self.beside(&tokens);
                self.cx
                    .diag
                    .error(&ident, wording::takes_no_value(option, &beside));
            }
        } else if form == Form::Flag && option.kind != Kind::Jitter
            || form != Form::Flag && open(tokens.clone()).is_empty()
        {
            self.cx.diag.error(&ident, wording::needs_value(option));
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

pub(super) fn item(tokens: TokenStream) -> Item {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(ident)] => Item::Named {
            ident: ident.clone(),
            form: Form::Flag,
            tokens: TokenStream::new(),
        },
        [TokenTree::Ident(ident), TokenTree::Group(group)]
            if group.delimiter() == Delimiter::Parenthesis =>
        {
            let tokens = group.stream();
            Item::Named {
                ident: ident.clone(),
                form: Form::Parens,
                tokens,
            }
        }
        [TokenTree::Ident(ident), _, value @ ..] if is_equals(&trees, 1) => Item::Named {
            ident: ident.clone(),
            form: Form::Equals,
            tokens: collect(value),
        },
        _ => Item::Nameless(tokens),
    }
}
