//! What to say to a name that is not in the table, or to a value without a name: it is
//! another library's word, a value's, another policy's, or a slip. Each answer carries the
//! user's own value over into the text to write.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use super::args::Args;
use super::duration::{self, with_units};
use super::habits;
use super::look::{Look, Number, is_endless, look};
use super::split::{flat, inside, shown};
use super::table::{Guess, Here, Kind, Opt, Spec};
use super::value::Form;
use super::wording;
use crate::diag::nearest;
use crate::policy::{Ctx, SPECS};

/// A name as others spell it, without the unit that some put behind: `delay_ms`.
const UNIT_ENDINGS: [(&str, &str); 6] = [
    ("_ms", "ms"),
    ("_millis", "ms"),
    ("_milliseconds", "ms"),
    ("_secs", "s"),
    ("_seconds", "s"),
    ("_us", "us"),
];

impl Args<'_> {
    pub(super) fn unknown(&mut self, ident: &Ident, form: Form, tokens: &TokenStream) {
        let name = ident.to_string();
        let is_argument = form == Form::Flag && self.cx.params.contains(ident);
        if is_argument && self.named_by(Guess::Expr).is_some() {
            // `idempotent(user)`: a value, though it reads like a name.
            self.nameless(&TokenTree::from(ident.clone()).into());
            return;
        }
        let mut options = self.spec.options.iter();
        let message = if let Some(here) = self.known_elsewhere(&name) {
            self.answer(ident, here, tokens)
        } else if form == Form::Flag
            && let Some(option) = options.find(|option| option.words().contains(&name.as_str()))
        {
            self.mean(option.name, ident.span());
            wording::word_of(self.spec, &name, option)
        } else if let Some(other) = other_policy_with(&name, self.spec) {
            wording::elsewhere(self.spec, &name, other)
        } else {
            self.slip(ident, form, tokens)
        };
        self.cx.diag.error(ident, message);
    }

    pub(super) fn nameless(&mut self, tokens: &TokenStream) {
        if let Some((option, value)) = self.badly_attached(tokens) {
            self.mean(option.name, super::first_span(tokens));
            let texts = if option.kind == Kind::Strategy {
                let beside = self.beside(&value);
                vec![wording::with_beside(option, &beside)]
            } else {
                carried_over(self.cx, option, option.name, &value, 0)
            };
            self.cx
                .diag
                .error(tokens, wording::malformed(&shown(tokens), &texts));
            return;
        }
        // `ExponentialBuilder::default()` is another library's.
        let word = match flat(tokens).first() {
            Some(TokenTree::Ident(word)) => Some(word.to_string()),
            _ => None,
        };
        let word = match look(tokens) {
            Look::Text(text) => Some(text.value()),
            _ => word,
        };
        if let Some(strategy) = word.and_then(|word| self.strategy(&word)) {
            self.mean(strategy.name, super::first_span(tokens));
            let what = wording::no_name(self.spec, &shown(tokens));
            let message = wording::strategy_alone(&what, strategy, &[]);
            self.cx.diag.error(tokens, message);
            return;
        }
        let texts = self.named_by(guess(tokens)).map(|option| {
            self.mean(option.name, super::first_span(tokens));
            vec![option.write(&shown(tokens))]
        });
        let message = wording::nameless(self.spec, &shown(tokens), texts.as_deref());
        self.cx.diag.error(tokens, message);
    }

    /// The option that a nameless value of such looks belongs to, and that is not given yet.
    pub(super) fn named_by(&self, guess: Guess) -> Option<&'static Opt> {
        let (_, name) = self
            .spec
            .nameless
            .iter()
            .find(|(looks, name)| *looks == guess && self.meant(name).is_none())?;
        self.option(name)
    }

    pub(super) fn known_elsewhere(&self, name: &str) -> Option<Here> {
        let (whole, stem) = (folded(name), folded(stem(&snake(name))));
        let same = |known: &str| [&whole, &stem].contains(&&folded(known));
        let row = self
            .spec
            .elsewhere
            .iter()
            .find(|other| other.names.iter().any(|known| same(known)))?;
        Some(row.here)
    }

    /// What the user called `name` is called this here.
    fn answer(&mut self, ident: &Ident, here: Here, tokens: &TokenStream) -> String {
        let name = ident.to_string();
        let (to, note, more) = match here {
            Here::Say(say) => return wording::say_instead(self.spec, &name, say),
            Here::Named(to, note) => (to, note, 0),
            Here::OneMore(to) => (to, ", which counts all runs, the first one included", 1),
            Here::CountOrRatio(count, ratio, note) => {
                (if is_ratio(tokens) { ratio } else { count }, note, 0)
            }
        };
        self.mean(to, ident.span());
        let Some(option) = self.option(to) else {
            unreachable!("`{to}` is in the table: a test looks at every row");
        };
        // What tenacity gives to its `wait_..` is called alike here, and is something else.
        let beside = if option.kind == Kind::Strategy && !name.starts_with("wait_") {
            self.beside(tokens)
        } else {
            Vec::new()
        };
        if !beside.is_empty() {
            let what = wording::no_option(self.spec, &name);
            return wording::strategy_alone(&what, option, &beside);
        }
        let texts = carried_over(self.cx, option, &name, tokens, more);
        let counts = texts.iter().all(|text| !text.ends_with("unlimited"));
        wording::called_here(self.spec, &name, &texts, if counts { note } else { "" })
    }

    fn slip(&mut self, ident: &Ident, form: Form, tokens: &TokenStream) -> String {
        let name = ident.to_string();
        let own = self.spec.options.iter().map(|option| option.name);
        let others = self
            .spec
            .elsewhere
            .iter()
            .flat_map(|other| other.names.iter().copied());
        let without_unit = snake(&name);
        let near = nearest(stem(&without_unit), own.chain(others));
        if let Some(on) = self.asked_by_closure(near, tokens) {
            return self.answer(ident, on, tokens);
        }
        if let Some(option) = near.and_then(|near| self.option(near)) {
            self.mean(option.name, ident.span());
            let texts = carried_over(self.cx, option, &name, tokens, 0);
            return wording::did_you_mean(self.spec, &name, option, &texts);
        }
        match near.and_then(|near| self.known_elsewhere(near)) {
            Some(here) => self.answer(ident, here, tokens),
            None => match self.unquoted_name(&name).filter(|_| form == Form::Flag) {
                Some(option) => {
                    self.mean(option.name, ident.span());
                    let texts = [option.write(&format!("{name:?}"))];
                    wording::called_here(self.spec, &name, &texts, "")
                }
                None => wording::unknown(self.spec, &name),
            },
        }
    }

    /// `circuit(is_bad = |e| ..)`: whatever it is called, it is `on` that looks at an error, unless it
    /// is nearly the name of another option that takes a pattern.
    fn asked_by_closure(&self, near: Option<&str>, tokens: &TokenStream) -> Option<Here> {
        let pattern = |name: &str| {
            let option = self.option(name)?;
            matches!(option.kind, Kind::Pattern(_))
                .then_some(Here::Named(option.name, ", which takes a pattern"))
        };
        let closure: syn::ExprClosure = syn::parse2(tokens.clone()).ok()?;
        let is_near = near.and_then(|near| match self.known_elsewhere(near) {
            Some(Here::Named(to, _)) => pattern(to),
            _ => pattern(near),
        });
        (closure.inputs.len() == 1 && is_near.is_none())
            .then(|| pattern("on"))
            .flatten()
    }

    /// `circuit(pay)`: what a text would be, where a word can be nothing else.
    fn unquoted_name(&self, name: &str) -> Option<&'static Opt> {
        let takes_words = self.named_by(Guess::Expr).is_some();
        let option = self.named_by(Guess::Text)?;
        (!takes_words && name.is_ascii() && !name.starts_with("r#")).then_some(option)
    }
}

/// The option with the value that stood beside the other name, as far as it fits.
pub(super) fn carried_over(
    cx: &Ctx<'_>,
    option: &Opt,
    name: &str,
    tokens: &TokenStream,
    more: u32,
) -> Vec<String> {
    let number = |number: &Number| match option.kind {
        Kind::Duration if number.value() == Some(0.0) => vec![option.example.to_owned()],
        Kind::Duration if number.suffix.is_empty() => match unit(&snake(name)) {
            Some(unit) => vec![format!("{}{unit}", number.text)],
            None => with_units(&number.text, option.example),
        },
        Kind::Ratio if number.suffix.is_empty() && !number.fractional => {
            vec![format!("{}%", number.text)]
        }
        Kind::Max | Kind::Count => match number.digits.parse::<u32>() {
            Ok(count) if number.suffix.is_empty() => vec![count.saturating_add(more).to_string()],
            _ => vec![option.example.to_owned()],
        },
        _ => vec![number.text.clone()],
    };
    let values = match look(tokens) {
        Look::Nothing => vec![option.example.to_owned()],
        Look::Text(text) if option.kind == Kind::Duration => {
            unquoted_duration(&text.value(), option)
        }
        Look::Text(text) if is_unquoted(option.kind) => vec![text.value()],
        Look::Number(found) if !found.negative => number(&found),
        // Others say so that there is no end.
        Look::Number(_) if option.kind == Kind::Max => vec!["unlimited".to_owned()],
        Look::Word(word) if option.kind == Kind::Max && is_endless(&word) => {
            vec!["unlimited".to_owned()]
        }
        Look::Number(found) | Look::Percent(found)
            if found.negative && is_unquoted(option.kind) =>
        {
            vec![option.example.to_owned()]
        }
        _ if let Kind::Pattern(asked) = option.kind => {
            vec![habits::meant(tokens, asked, cx).unwrap_or_else(|| option.example.to_owned())]
        }
        Look::Other if !fits(option, tokens) => vec![option.example.to_owned()],
        _ => vec![shown(tokens)],
    };
    values.iter().map(|value| option.write(value)).collect()
}

/// `"100ms"` → `100ms`.
fn unquoted_duration(text: &str, option: &Opt) -> Vec<String> {
    let text: String = text.split_whitespace().collect();
    match duration::read_like(&text, option.example) {
        Ok(_) => vec![text],
        Err(fault) if text.starts_with(|c: char| c.is_ascii_digit()) && !fault.write.is_empty() => {
            fault.write
        }
        Err(_) => vec![option.example.to_owned()],
    }
}

/// Whether others write in quotes what is none here.
fn is_unquoted(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Count
            | Kind::Duration
            | Kind::Max
            | Kind::Ratio
            | Kind::Number
            | Kind::Window
            | Kind::Words(_)
            | Kind::Jitter
    )
}

/// Whether an expression can be shown as that option's value.
fn fits(option: &Opt, tokens: &TokenStream) -> bool {
    let is_list = inside(tokens, Delimiter::Bracket).is_some();
    is_list == (option.kind == Kind::Durations)
}

fn is_ratio(tokens: &TokenStream) -> bool {
    match look(tokens) {
        Look::Percent(_) => true,
        Look::Number(number) => number.fractional,
        _ => false,
    }
}

pub(super) fn guess(tokens: &TokenStream) -> Guess {
    match look(tokens) {
        Look::Number(number) if duration::looks_like_one(&number.text) => Guess::Duration,
        Look::Number(_) => Guess::Number,
        Look::Percent(_) => Guess::Percent,
        Look::Text(_) => Guess::Text,
        Look::Nothing | Look::Word(_) | Look::Other => Guess::Expr,
    }
}

/// `delaySecs` → `delay_secs`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

fn stem(name: &str) -> &str {
    UNIT_ENDINGS
        .iter()
        .find_map(|(ending, _)| name.strip_suffix(ending))
        .unwrap_or(name)
}

fn unit(name: &str) -> Option<&'static str> {
    UNIT_ENDINGS
        .iter()
        .find(|(ending, _)| name.ends_with(ending))
        .map(|(_, unit)| *unit)
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
