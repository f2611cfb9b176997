//! The option `after`: a duration, or a percentile of the latest latencies.

use std::time::Duration;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use resil_language::tables::hedge::{PERCENTILE, PERCENTILES, nearest_percentile as near};

use super::options::After;
use crate::parse::{Args, Syntax, Value, describe, syntax_of};
use crate::tokens::{collect, flat, is_punct, shown};

/// Reads a DURATION or a percentile.
pub(super) fn after(value: &Value<'_>) -> Option<After> {
    let trees = flat(&value.tokens);
    if let Some(percentile) = Percentile::of(&trees) {
        return percentile.read(value);
    }
    let meant = match syntax_of(&value.tokens) {
        Syntax::Percent(number) => number.value().and_then(near),
        Syntax::Number(number) if number.fractional && number.suffix.is_empty() => {
            let share = number.value().filter(|share| (0.0..1.0).contains(share));
            share.and_then(|share| near(share * 100.0))
        }
        Syntax::Text(text) => {
            let tokens: TokenStream = text.value().parse().unwrap_or_default();
            let percentile = Percentile::of(&flat(&tokens)).and_then(|p| p.percent());
            percentile.map(|(name, _)| name)
        }
        _ => None,
    };
    if let Some(meant) = meant {
        value.refuse_with(&describe(&value.tokens), &[meant]);
        return None;
    }
    // A delay of zero starts all copies at once.
    value.duration_from(Duration::ZERO).map(After::Delay)
}

/// `p95`, `p99.9`, `p95(default = 50ms)`, in parts.
struct Percentile {
    word: Ident,
    /// The digits behind a point, if there is one.
    fraction: Option<String>,
    options: Option<Group>,
    /// What stands behind, and belongs to no percentile.
    rest: Vec<TokenTree>,
}

impl Percentile {
    /// Returns the parts, if the tokens begin with a `p` and digits.
    fn of(trees: &[TokenTree]) -> Option<Self> {
        let [TokenTree::Ident(word), rest @ ..] = trees else {
            return None;
        };
        let text = word.to_string();
        let digits = text.strip_prefix('p')?;
        if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let (fraction, rest) = match rest {
            [point, TokenTree::Literal(digits), rest @ ..] if is_punct(point, '.') => {
                (Some(digits.to_string()), rest)
            }
            rest => (None, rest),
        };
        let (options, rest) = match rest {
            [TokenTree::Group(group), rest @ ..] if group.delimiter() == Delimiter::Parenthesis => {
                (Some(group.clone()), rest)
            }
            rest => (None, rest),
        };
        Some(Self {
            word: word.clone(),
            fraction,
            options,
            rest: rest.to_vec(),
        })
    }

    /// Returns the percentile with its name, if there is one of that name.
    fn percent(&self) -> Option<(String, f64)> {
        let digits = self.word.to_string().get(1..)?.to_owned();
        match &self.fraction {
            None => {
                let percent: u32 = digits.parse().ok()?;
                let known = PERCENTILES.contains(&percent) && digits.len() == 2;
                known.then(|| (format!("p{percent}"), f64::from(percent)))
            }
            Some(fraction) => {
                (digits == "99" && fraction == "9").then(|| ("p99.9".to_owned(), 99.9))
            }
        }
    }

    fn read(&self, value: &Value<'_>) -> Option<After> {
        let mut name = self.word.to_string();
        if let Some(fraction) = &self.fraction {
            name = format!("{name}.{fraction}");
        }
        let Some((name, percent)) = self.percent() else {
            let digits: String = name.chars().skip(1).collect();
            let near = digits.parse().ok().and_then(near);
            let texts: Vec<String> = near.into_iter().collect();
            let what = format!("`{name}` is none: they are `p50` to `p99`, and `p99.9`");
            let texts = if texts.is_empty() {
                vec!["p95".to_owned()]
            } else {
                texts
            };
            value.refuse_with(&what, &texts);
            return None;
        };
        if !self.rest.is_empty() {
            let what = format!("behind `{name}` stands `{}`", shown(&collect(&self.rest)));
            value.refuse_with(&what, &[name]);
            return None;
        }
        let default = match &self.options {
            None => None,
            Some(options) if options.stream().is_empty() => {
                value.refuse_with("the parentheses are empty", &[name]);
                return None;
            }
            Some(options) => {
                let mut args = Args::read(&PERCENTILE, options.stream(), value.cx);
                let default = args.get("default", |value| value.duration_from(Duration::ZERO));
                args.done();
                // A fault: it is no percentile without a default.
                default.as_ref()?;
                default
            }
        };
        Some(After::Percentile {
            percent,
            name,
            default,
            tokens: value.tokens.clone(),
        })
    }
}
