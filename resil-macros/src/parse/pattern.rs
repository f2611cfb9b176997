//! PATTERN: a Rust pattern with alternatives and a guard, matched against a reference.
//!
//! Rust's default binding modes look through the reference if a pattern has parts, but not if it is
//! a constant: a constant is compared with the reference itself. So an alternative that is a
//! literal, a range or a path gets the `&` that rustc would ask for.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Pat;
use syn::parse::Parser;

use super::messages;
use super::spelling::is_constant_name;
use super::suggest::{
    foreign_pattern, is_closure, pattern_of_arms, with_single_bars, without_result_variant,
};
use super::table::{Kind, PatternSubject};
use super::value::Value;
use crate::diag::help;
use crate::tokens::{Segment, collect, first_span, is_punct, open, shown, split_at_commas};

/// `A | B if guard`, ready for a match arm over a reference.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) tokens: TokenStream,
    /// As the user wrote it: without the `&` that constants get.
    pub(crate) written: TokenStream,
    pub(crate) span: Span,
    /// Whether the guard may name an argument of the function. It is evaluated after the body.
    pub(crate) guard_names_arguments: bool,
}

/// Whether a guard of these patterns may name an argument of the function.
pub(crate) fn any_guard_names_arguments<const N: usize>(patterns: [&Option<Pattern>; N]) -> bool {
    let mut patterns = patterns.into_iter().flatten();
    patterns.any(|pattern| pattern.guard_names_arguments)
}

impl Value<'_> {
    pub(crate) fn pattern(&self) -> Option<Pattern> {
        let tokens = open(self.tokens.clone());
        let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let trees = match trees.split_last() {
            Some((last, rest)) if is_punct(last, ',') => rest,
            _ => trees.as_slice(),
        };
        let guard_at = trees.iter().position(|tree| is_word(tree, "if"));
        let (pattern, guard) = trees.split_at(guard_at.unwrap_or(trees.len()));
        let pattern = collect(pattern);
        // A leading `|` may begin a pattern or a closure.
        if is_closure(&tokens) {
            self.no_pattern(&tokens);
            return None;
        }

        let parsed = Pat::parse_multi_with_leading_vert.parse2(pattern.clone());
        let guard_reads =
            guard.is_empty() || syn::parse2::<syn::Expr>(collect(&guard[1..])).is_ok();
        let Ok(parsed) = parsed else {
            self.no_pattern(&tokens);
            return None;
        };
        if !guard_reads {
            if let Some(foreign) = pattern_of_arms(&tokens) {
                self.refuse_with(&foreign.what, &foreign.write);
                return None;
            }
            let what = format!("the guard of `{}` is no condition", shown(&tokens));
            self.refuse_with(&what, &["e if e.is_connect()".to_owned()]);
            return None;
        }
        if guard.is_empty() && self.matches_all_by_mistake(&parsed)
            || self.is_misnamed(&parsed, !guard.is_empty())
            || self.is_list_by_mistake(&parsed)
        {
            return None;
        }
        let guard = collect(guard);
        if self.has_variant_by_mistake(&parsed, &guard) {
            return None;
        }

        let out = alternatives(pattern);
        let first = first_span(&tokens);
        let last = trees.last().map_or(first, TokenTree::span);
        Some(Pattern {
            tokens: quote!(#out #guard),
            written: collect(trees),
            span: first.join(last).unwrap_or(first),
            guard_names_arguments: self.cx.names_arguments(&guard),
        })
    }

    /// Reports `on(is_transient)`, where a predicate was meant: the word binds a new name and
    /// matches everything.
    fn matches_all_by_mistake(&self, pattern: &Pat) -> bool {
        let Pat::Ident(bound) = pattern else {
            return false;
        };
        let name = bound.ident.to_string();
        let meant_so =
            bound.subpat.is_some() || name.starts_with(|c: char| c.is_uppercase() || c == '_');
        if !meant_so {
            // `on(e)` was meant as a binding, `on(is_transient)` as a predicate.
            let is_error = matches!(name.as_str(), "e" | "err" | "error" | "x" | "v" | "value");
            let guarded = if is_error {
                format!("{name} if {name}.is_connect()")
            } else {
                format!("e if {name}(e)")
            };
            self.refuse_with(
                &format!("`{name}` is a new name, which matches everything"),
                &[guarded, "_".to_owned()],
            );
        }
        !meant_so
    }

    fn no_pattern(&self, tokens: &TokenStream) {
        let subject = self.subject();
        let tokens_of = |piece: Segment| piece.tokens;
        let pieces: Vec<TokenStream> = match with_single_bars(tokens) {
            Some(either) => vec![either],
            None => split_at_commas(tokens.clone())
                .into_iter()
                .map(tokens_of)
                .collect(),
        };
        let misnamed = pieces.into_iter().filter(|piece| {
            let pattern = Pat::parse_multi_with_leading_vert.parse2(piece.clone());
            pattern.is_ok_and(|pattern| self.is_misnamed(&pattern, false))
        });
        if misnamed.count() > 0 {
            return;
        }
        if let Some(foreign) = foreign_pattern(tokens, subject) {
            let mut texts = self.write_all(&foreign.write);
            if let (Some(opposite), Some(not)) = (subject.opposite, &foreign.not) {
                texts.insert(0, format!("{opposite}({not})"));
            }
            self.refuse_for(&foreign.what, &texts);
            return;
        }
        if self.is_type(tokens) {
            return;
        }
        self.fault(help(
            format!(
                "`{}` takes a pattern, but `{}` is none",
                self.name,
                shown(tokens)
            ),
            format!(
                "write `{}`, or a condition as `{}`",
                self.write(self.example),
                self.write("e if e.is_connect()")
            ),
        ));
    }

    /// Returns the part of the `Result` that the pattern is matched against. A pattern inside
    /// another value, as in `errors = store(PATTERN)`, is about the error.
    pub(super) fn subject(&self) -> PatternSubject {
        match self.kind() {
            Some(Kind::Pattern(subject)) => subject,
            _ => PatternSubject::ERROR,
        }
    }

    /// Reports `on(Err(X))`: the pattern is matched against the error itself. An `Ok` in a pattern
    /// on a success may be legal, if the success is a `Result` too.
    fn has_variant_by_mistake(&self, pattern: &Pat, guard: &TokenStream) -> bool {
        let subject = self.subject();
        if subject == PatternSubject::OK && self.cx.ok_is_result {
            return false;
        }
        let guarded = !guard.is_empty();
        let Some(mut text) = without_result_variant(pattern, subject, guarded) else {
            return false;
        };
        if guarded {
            text = format!("{text} {}", shown(guard));
        }
        let texts = self.write_all(&[text]);
        self.fault(messages::already_asked(self.name, subject.variant, &texts));
        true
    }
}

/// Writes the alternatives with their `|` between them, each with the `&` that it needs.
fn alternatives(pattern: TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut alternative = Vec::new();
    for tree in pattern {
        if is_punct(&tree, '|') {
            out.extend(one(&alternative));
            out.extend([tree]);
            alternative.clear();
        } else {
            alternative.push(tree);
        }
    }
    out.extend(one(&alternative));
    out
}

fn one(alternative: &[TokenTree]) -> TokenStream {
    let first = match alternative {
        [] => return TokenStream::new(),
        // `$p:pat` of a `macro_rules!`: it has alternatives of its own.
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => {
            return alternatives(group.stream());
        }
        [first, ..] => first.span(),
    };
    let tokens = collect(alternative);
    let Ok(pattern) = Pat::parse_single.parse2(tokens.clone()) else {
        return tokens;
    };
    let in_parentheses = |tokens| {
        let mut group = Group::new(Delimiter::Parenthesis, tokens);
        group.set_span(first);
        group
    };
    match (pattern, alternative) {
        (Pat::Paren(_), [TokenTree::Group(group)]) => {
            in_parentheses(alternatives(group.stream())).to_token_stream()
        }
        (Pat::Lit(_) | Pat::Path(_), _) => quote_spanned!(first=> & #tokens),
        // Written as a path: a mistyped plain name would bind a variable and match everything.
        (Pat::Ident(name), _) if is_constant_name(&name) => {
            quote_spanned!(first=> & #tokens::<>)
        }
        (Pat::Range(_), _) => {
            // `&1..=5` is ambiguous to rustc.
            let range = in_parentheses(tokens);
            quote_spanned!(first=> & #range)
        }
        _ => tokens,
    }
}

fn is_word(tree: &TokenTree, word: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == word)
}
