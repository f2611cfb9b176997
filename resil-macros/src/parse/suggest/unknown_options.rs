//! Answers a name that is not in the table, or a value without a name: it may be another library's
//! name, one of a value's words, another attribute's option, or a slip of the finger. Each answer
//! carries the user's own value over into the text to write.

use proc_macro2::{Ident, TokenStream, TokenTree};

use super::carry_over::{carry_over, guess};
use crate::parse::args::Args;
use crate::parse::context::ParseContext;
use crate::parse::item::Form;
use crate::parse::messages;
use crate::parse::syntax::{Syntax, syntax_of};
use crate::parse::table::{AliasTarget, Guess, Kind, Opt, PatternSubject, Spec};
use crate::tokens::{first_span, flat, shown};

impl Args<'_> {
    /// Reports a name that the attribute has no option of.
    pub(crate) fn unknown(&mut self, ident: &Ident, form: Form, tokens: &TokenStream) {
        let name = ident.to_string();
        let is_argument = form == Form::Flag && self.cx.params.contains(ident);
        if is_argument && self.named_by(Guess::Expr).is_some() {
            // `idempotent(user)`: a value, though it looks like a flag.
            self.nameless(&TokenTree::from(ident.clone()).into());
            return;
        }
        let mut options = self.spec.options.iter();
        let message = if let Some(target) = self.alias(&name) {
            self.answer(ident, target, tokens)
        } else if form == Form::Flag
            && let Some(option) = options.find(|option| option.words().contains(&name.as_str()))
        {
            self.mention(option.name, ident.span());
            messages::word_of(self.spec, &name, option)
        } else if let Some(other) = other_attribute_with(&name, self.spec, self.cx) {
            messages::elsewhere(self.spec, &name, other)
        } else {
            self.slip(ident, form, tokens)
        };
        self.cx.diag.error(ident, message);
    }

    /// Reports a value without a name.
    pub(crate) fn nameless(&mut self, tokens: &TokenStream) {
        if let Some((option, value)) = self.badly_attached(tokens) {
            self.mention(option.name, first_span(tokens));
            let texts = if option.kind == Kind::Strategy {
                let beside = self.beside(&value);
                vec![messages::with_beside(option, &beside)]
            } else {
                carry_over(self.cx, option, option.name, &value, 0)
            };
            self.cx
                .diag
                .error(tokens, messages::malformed(&shown(tokens), &texts));
            return;
        }
        // `ExponentialBuilder::default()` is a strategy of another library.
        let word = match flat(tokens).first() {
            Some(TokenTree::Ident(word)) => Some(word.to_string()),
            _ => None,
        };
        let word = match syntax_of(tokens) {
            Syntax::Text(text) => Some(text.value()),
            _ => word,
        };
        if let Some(strategy) = word.and_then(|word| self.strategy(&word)) {
            self.mention(strategy.name, first_span(tokens));
            let what = messages::no_name(self.spec, &shown(tokens));
            let message = messages::strategy_alone(&what, strategy, &[]);
            self.cx.diag.error(tokens, message);
            return;
        }
        let texts = self.named_by(guess(tokens)).map(|option| {
            self.mention(option.name, first_span(tokens));
            vec![option.write(&shown(tokens))]
        });
        let message = messages::nameless(self.spec, &shown(tokens), texts.as_deref());
        self.cx.diag.error(tokens, message);
    }

    /// Formats the answer that says what another library's `name` is called here.
    fn answer(&mut self, ident: &Ident, target: AliasTarget, tokens: &TokenStream) -> String {
        let name = ident.to_string();
        let (to, note, added) = match target {
            AliasTarget::Advice(say) => {
                // A number without a unit, a ratio, a text and a switch are no limits.
                let is_limit = matches!(guess(tokens), Guess::Duration | Guess::Expr);
                let is_no_limit = |value: &String| ["", "true", "false", "off"].contains(&&**value);
                let value = is_limit
                    .then(|| shown(tokens))
                    .filter(|value| !is_no_limit(value));
                return messages::say_instead(self.spec, &name, say, value.as_deref());
            }
            AliasTarget::Option(to, note) => (to, note, 0),
            AliasTarget::OneMore(to) => (to, ", which counts all runs, the first one included", 1),
            AliasTarget::CountOrRatio(count, ratio, note) => {
                (if is_ratio(tokens) { ratio } else { count }, note, 0)
            }
        };
        self.mention(to, ident.span());
        let Some(option) = self.option(to) else {
            unreachable!("`{to}` is in the table: a test looks at every row");
        };
        // The arguments of tenacity's `wait_..` have other meanings than options of the same names
        // here.
        let beside = if option.kind == Kind::Strategy && !name.starts_with("wait_") {
            self.beside(tokens)
        } else {
            Vec::new()
        };
        if !beside.is_empty() {
            let what = messages::no_option(self.spec, &name);
            return messages::strategy_alone(&what, option, &beside);
        }
        let texts = carry_over(self.cx, option, &name, tokens, added);
        let counts = texts.iter().all(|text| !text.ends_with("unlimited"));
        messages::called_here(self.spec, &name, &texts, if counts { note } else { "" })
    }

    fn slip(&mut self, ident: &Ident, form: Form, tokens: &TokenStream) -> String {
        let name = ident.to_string();
        let near = self.spec.near(&name);
        if let Some(on) = self.closure_for_pattern(near, tokens) {
            return self.answer(ident, on, tokens);
        }
        if let Some(option) = near.and_then(|near| self.option(near)) {
            self.mention(option.name, ident.span());
            let texts = carry_over(self.cx, option, &name, tokens, 0);
            return messages::did_you_mean(self.spec, &name, option, &texts);
        }
        match near.and_then(|near| self.alias(near)) {
            Some(target) => self.answer(ident, target, tokens),
            None => match self.unquoted_name(&name).filter(|_| form == Form::Flag) {
                Some(option) => {
                    self.mention(option.name, ident.span());
                    let texts = [option.write(&format!("{name:?}"))];
                    messages::called_here(self.spec, &name, &texts, "")
                }
                None => messages::unknown(self.spec, &name),
            },
        }
    }

    /// Finds the option that a closure was meant for, as in `circuit(is_bad = |e| ..)`: the first
    /// with a pattern on the error. `None` if the name is nearly that of another option that takes
    /// a pattern.
    fn closure_for_pattern(&self, near: Option<&str>, tokens: &TokenStream) -> Option<AliasTarget> {
        let takes_pattern = |option: &&Opt| matches!(option.kind, Kind::Pattern(_));
        let closure: syn::ExprClosure = syn::parse2(tokens.clone()).ok()?;
        let near = near.and_then(|near| match self.alias(near) {
            Some(AliasTarget::Option(to, _)) => self.option(to),
            _ => self.option(near),
        });
        if closure.inputs.len() != 1 || near.is_some_and(|near| takes_pattern(&near)) {
            return None;
        }
        let on_error = |option: &&Opt| {
            let subject = PatternSubject::ERROR.variant;
            matches!(option.kind, Kind::Pattern(of) if of.variant == subject)
        };
        let option = self.spec.options.iter().find(on_error)?;
        Some(AliasTarget::Option(option.name, ", which takes a pattern"))
    }

    /// Finds the option that takes a string, for `circuit(pay)`, if no option takes a bare word.
    fn unquoted_name(&self, name: &str) -> Option<&'static Opt> {
        let takes_words = self.named_by(Guess::Expr).is_some();
        let option = self.named_by(Guess::Text)?;
        (!takes_words && name.is_ascii() && !name.starts_with("r#")).then_some(option)
    }
}

/// Finds another attribute that has an option of that name.
fn other_attribute_with(name: &str, not: &Spec, cx: &ParseContext<'_>) -> Option<&'static Spec> {
    let mut others = cx.attributes.iter().copied();
    others.find(|spec| spec.owner != not.owner && spec.option(name).is_some())
}

fn is_ratio(tokens: &TokenStream) -> bool {
    match syntax_of(tokens) {
        Syntax::Percent(_) => true,
        Syntax::Number(number) => number.fractional,
        _ => false,
    }
}
