//! Reading a layer's arguments against its table: every piece becomes the value of one
//! option, or a fault that says what it should have been.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

use super::duration;
use super::look::{Look, look};
use super::split::{Piece, at_commas, collect, flat, inside, is_equals, is_punct, open, shown};
use super::table::{Guess, Here, Kind, Opt, Spec};
use super::value::{Form, Place, Value};
use super::wording;
use crate::diag::nearest;
use crate::policy::{Ctx, SPECS};

/// The values of one attribute, each to be taken once.
pub(crate) struct Args<'a> {
    spec: &'static Spec,
    cx: &'a Ctx<'a>,
    values: Vec<Value<'a>>,
    /// Options that stand there in some form, faulty ones and other names for them too:
    /// nothing is said to be missing that the user meant to give.
    meant: Vec<&'static str>,
}

/// `name`, `name = value`, `name(value)`, or what is none of them.
enum Item {
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
        let mut first = true;
        for piece in pieces(tokens, cx) {
            for tokens in args.split_at_missing_commas(piece) {
                match item(tokens) {
                    Item::Named {
                        ident,
                        form,
                        tokens,
                    } => args.named(ident, form, tokens, first),
                    Item::Nameless(tokens) => args.nameless(&tokens),
                }
                first = false;
            }
        }
        args
    }

    /// The value of that option, if it stands there and is built.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Value<'a>> {
        debug_assert!(
            self.spec.options.iter().any(|o| o.name == name && o.built),
            "{name}"
        );
        let at = self.values.iter().position(|value| value.name == name)?;
        Some(self.values.remove(at))
    }

    /// Whether the user meant to give that option, rightly or not.
    pub(crate) fn meant(&self, name: &str) -> bool {
        self.meant.contains(&name)
    }

    /// Every value must have been asked for: a table and its parser can't drift apart.
    pub(crate) fn done(self) {
        let left: Vec<_> = self.values.iter().map(|value| value.name).collect();
        debug_assert!(left.is_empty(), "read, but never taken: {left:?}");
    }

    fn option(&self, name: &str) -> Option<&'static Opt> {
        self.spec.options.iter().find(|option| option.name == name)
    }

    fn named(&mut self, ident: Ident, form: Form, tokens: TokenStream, first: bool) {
        let name = ident.to_string();
        let Some(option) = self.option(&name) else {
            self.unknown(&ident, form, &tokens);
            return;
        };
        if self.meant.contains(&option.name) {
            self.cx.diag.error(&ident, wording::twice(option.name));
            return;
        }
        self.meant.push(option.name);
        if !option.built {
            self.not_built(option, &ident, &tokens);
            return;
        }
        if option.kind == Kind::Strategy {
            if form != Form::Flag {
                self.cx.diag.error(&ident, wording::takes_no_value(option));
            } else if !first {
                self.cx
                    .diag
                    .error(&ident, wording::comes_first(self.spec, option));
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

    fn not_built(&self, option: &Opt, ident: &Ident, tokens: &TokenStream) {
        // `backoff = exponential`, as several peers write it, is built: by another name.
        if let Look::Word(word) = look(tokens)
            && let Some(strategy) = self.option(&word.to_string())
            && strategy.kind == Kind::Strategy
        {
            let message = wording::called_here(
                self.spec,
                &format!("{} = {word}", option.name),
                strategy.name,
                "first and by itself",
            );
            self.cx.diag.error(ident, message);
        } else {
            self.cx.diag.error(ident, wording::not_yet(option.name));
        }
    }

    /// A name that the table does not have: another library's, a value's, another
    /// policy's, or a slip.
    fn unknown(&mut self, ident: &Ident, form: Form, tokens: &TokenStream) {
        let name = ident.to_string();
        let message = if let Some(here) = self.known_elsewhere(&name) {
            self.answer(&name, here, tokens)
        } else if let Some(option) = self
            .spec
            .options
            .iter()
            .find(|option| form == Form::Flag && option.words().contains(&name.as_str()))
        {
            self.meant.push(option.name);
            wording::word_of(self.spec, &name, option)
        } else if let Some(other) = other_policy_with(&name, self.spec) {
            wording::elsewhere(self.spec, &name, other)
        } else {
            self.slip(&name, tokens)
        };
        self.cx.diag.error(ident, message);
    }

    fn known_elsewhere(&self, name: &str) -> Option<Here> {
        let same = |known: &&str| folded(known) == folded(name);
        self.spec
            .elsewhere
            .iter()
            .find(|other| other.names.iter().any(|n| same(&n)))
            .map(|other| other.here)
    }

    /// What the user called `name` is called this here.
    fn answer(&mut self, name: &str, here: Here, tokens: &TokenStream) -> String {
        let (to, note, more) = match here {
            Here::Say(say) => return wording::say_instead(self.spec, name, say),
            Here::Named(to, note) => (to, note, 0),
            Here::OneMore(to) => (to, "which counts all runs, the first one included", 1),
        };
        self.meant.push(to);
        let Some(option) = self.option(to) else {
            return wording::called_here(self.spec, name, to, note);
        };
        let value = match look(tokens) {
            Look::Number(number) if more > 0 => match number.digits.parse::<u64>() {
                Ok(count) => (count.saturating_add(more)).to_string(),
                Err(_) => option.example.to_owned(),
            },
            Look::Number(number) if option.kind == Kind::Duration && number.suffix.is_empty() => {
                // Most that count in bare numbers mean milliseconds; `_secs` says otherwise.
                let unit = if name.contains("sec") && !name.contains("milli") {
                    "s"
                } else {
                    "ms"
                };
                format!("{}{unit}", number.text)
            }
            Look::Nothing | Look::Other if !tokens_fit(option, tokens) => option.example.to_owned(),
            _ => shown(tokens),
        };
        wording::called_here(self.spec, name, &option.write(&value), note)
    }

    fn slip(&mut self, name: &str, tokens: &TokenStream) -> String {
        let own = self.spec.options.iter().map(|option| option.name);
        let foreign = self
            .spec
            .elsewhere
            .iter()
            .flat_map(|other| other.names.iter().copied());
        match nearest(name, own.chain(foreign)) {
            Some(near) => match self.option(near) {
                Some(option) => {
                    self.meant.push(option.name);
                    wording::unknown(self.spec, name, Some(option))
                }
                None => match self.known_elsewhere(near) {
                    Some(here) => self.answer(name, here, tokens),
                    None => wording::unknown(self.spec, name, None),
                },
            },
            None => wording::unknown(self.spec, name, None),
        }
    }

    fn nameless(&mut self, tokens: &TokenStream) {
        let trees = flat(tokens);
        if let Some(TokenTree::Ident(word)) = trees.first()
            && let Some(option) = self.option(&word.to_string())
        {
            // `max: 5`, `max == 5`, `max[5]`: a name we know, badly attached.
            self.meant.push(option.name);
            let message = wording::malformed(&shown(tokens), &option.sample());
            self.cx.diag.error(tokens, message);
            return;
        }
        let guess = guess(tokens);
        let option = self.spec.nameless.iter().find(|(looks, _)| *looks == guess);
        let option = option.and_then(|(_, name)| self.option(name));
        let text = option.map(|option| {
            self.meant.push(option.name);
            option.write(&shown(tokens))
        });
        let message = wording::nameless(self.spec, &shown(tokens), text.as_deref());
        self.cx.diag.error(tokens, message);
    }

    /// `max = 5 base = 1s`: a fault once, and then read as if the comma were there.
    fn split_at_missing_commas(&self, tokens: TokenStream) -> Vec<TokenStream> {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut pieces = Vec::new();
        let mut start = 0;
        for at in 1..trees.len() {
            let TokenTree::Ident(ident) = &trees[at] else {
                continue;
            };
            let ends_value = match &trees[at - 1] {
                TokenTree::Ident(word) => !["let", "mut", "ref"].iter().any(|w| word == w),
                TokenTree::Punct(punct) => punct.as_char() == '%',
                TokenTree::Group(_) | TokenTree::Literal(_) => true,
            };
            if ends_value && is_equals(&trees, at + 1) && self.option(&ident.to_string()).is_some()
            {
                self.cx
                    .diag
                    .error(ident, wording::comma_missing(&ident.to_string()));
                pieces.push(collect(&trees[start..at]));
                start = at;
            }
        }
        pieces.push(collect(&trees[start..]));
        pieces
    }
}

/// The pieces between commas, without `crate = path`, which is the stack's own.
pub(crate) fn pieces(tokens: TokenStream, cx: &Ctx<'_>) -> Vec<TokenStream> {
    let mut pieces = Vec::new();
    for Piece { tokens, comma } in at_commas(tokens) {
        if tokens.is_empty() {
            let span = comma.unwrap_or_else(Span::call_site);
            cx.diag.error_at(span, wording::comma_too_many());
        } else if !is_crate(&tokens) {
            pieces.push(tokens);
        }
    }
    pieces
}

fn is_crate(tokens: &TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().take(3).collect();
    matches!(trees.first(), Some(TokenTree::Ident(word)) if word == "crate") && is_equals(&trees, 1)
}

fn item(tokens: TokenStream) -> Item {
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

fn guess(tokens: &TokenStream) -> Guess {
    match look(tokens) {
        Look::Number(number) if duration::looks_like_one(&number.text) => Guess::Duration,
        Look::Number(_) => Guess::Number,
        Look::Percent(_) => Guess::Percent,
        Look::Text(_) => Guess::Text,
        Look::Nothing | Look::Word(_) | Look::Other => Guess::Expr,
    }
}

/// Names without case and underscores: `maxAttempts` is `max_attempts`.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| *c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

fn other_policy_with(name: &str, not: &Spec) -> Option<&'static Spec> {
    SPECS.iter().copied().find(|spec| {
        spec.policy != not.policy && spec.options.iter().any(|option| option.name == name)
    })
}

/// Whether an expression can be shown as that option's value.
fn tokens_fit(option: &Opt, tokens: &TokenStream) -> bool {
    let is_list = inside(tokens, Delimiter::Bracket).is_some();
    let is_closure = flat(tokens)
        .first()
        .is_some_and(|first| is_punct(first, '|'));
    !tokens.is_empty()
        && !is_closure
        && is_list == (option.kind == Kind::Durations)
        && option.kind != Kind::Pattern
}
