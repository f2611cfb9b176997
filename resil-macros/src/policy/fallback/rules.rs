//! The rules between the options of one `#[fallback]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::Type;

use super::options::{Fallback, LAST_OK, Source};
use crate::diag::help;
use crate::parse::{ParseContext, Pattern, messages};
use crate::tokens::{collect, flat, is_ident, is_punct, shown, shown_whole};

impl Fallback {
    /// Checks the options against all rules.
    pub(super) fn check_options(&self, cx: &ParseContext<'_>) {
        self.check_one_source(cx);
        self.check_options_of_last_ok(cx);
        self.check_an_error_is_left(cx);
        self.check_there_are_errors(cx);
        self.check_value_can_be_kept(cx);
    }

    /// Checks that the value comes from one place.
    fn check_one_source(&self, cx: &ParseContext<'_>) {
        if let (Some(expression), Some(at)) = (&self.written.expression, self.written.last_ok) {
            let why = "the last good value is what comes instead of an error";
            let expression = shown(expression);
            cx.diag
                .error_at(at, messages::excludes(LAST_OK, &expression, why));
        }
    }

    /// Checks that the options of `last_ok` stand beside it.
    fn check_options_of_last_ok(&self, cx: &ParseContext<'_>) {
        let written = &self.written;
        if written.last_ok.is_none() {
            for (name, at) in [
                ("max_age", written.max_age),
                ("key", written.key),
                ("max_keys", written.max_keys),
            ] {
                if let Some(at) = at {
                    let why = "no value is kept";
                    let instead = "remove it; it belongs beside `last_ok`, which stands in place of an expression";
                    cx.diag
                        .error_at(at, messages::no_effect(name, why, instead));
                }
            }
        } else if let (None, Some(at)) = (written.key, written.max_keys) {
            let why = "there is one value for all calls";
            let instead = "write `key = id` beside it, or remove it";
            cx.diag
                .error_at(at, messages::no_effect("max_keys", why, instead));
        }
    }

    /// Checks that `unless` leaves an error for which the fallback runs.
    fn check_an_error_is_left(&self, cx: &ParseContext<'_>) {
        let Some(unless) = &self.unless else { return };
        let exempt = alternatives(unless);
        if exempt.iter().any(|pattern| pattern == "_") {
            cx.diag.error(
                &unless.written,
                help(
                    "`unless(_)` names every error, so the fallback never runs",
                    "write `unless(Invalid(_))` with the errors that are to pass, or remove it",
                ),
            );
        } else if let Some(on) = &self.on
            && alternatives(on).iter().all(|named| exempt.contains(named))
        {
            cx.diag.error(
                &unless.written,
                help(
                    format!(
                        "`unless({})` takes away every error that `on({})` names, so the fallback never runs",
                        shown(&unless.written),
                        shown(&on.written),
                    ),
                    "remove one of them",
                ),
            );
        }
    }

    /// Checks that the function can fail at all: the type of its error has values.
    fn check_there_are_errors(&self, cx: &ParseContext<'_>) {
        let Some(error) = cx.error.as_ref().filter(|error| is_empty(error)) else {
            return;
        };
        cx.diag.error_at(
            self.span,
            help(
                format!(
                    "`#[fallback]` never runs: the error of the function is `{}`, which has no values",
                    shown(error)
                ),
                "remove it",
            ),
        );
    }

    /// Checks that the last good value does not borrow: it outlives the call. Behind an alias the
    /// compiler says so.
    fn check_value_can_be_kept(&self, cx: &ParseContext<'_>) {
        let (Source::LastOk, Some(success)) = (&self.source, &cx.success) else {
            return;
        };
        let Ok(Type::Reference(reference)) = syn::parse2::<Type>(success.clone()) else {
            return;
        };
        let is_static = |lifetime: &syn::Lifetime| lifetime.ident == "static";
        if reference.lifetime.as_ref().is_some_and(is_static) {
            return;
        }
        let owned = match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
            Type::Slice(slice) => format!("Vec<{}>", shown_whole(&slice.elem.to_token_stream())),
            other => shown_whole(&other.to_token_stream()),
        };
        cx.diag.error(
            success,
            help(
                "`last_ok` keeps the last good value for later calls, and a borrowed one cannot be kept",
                format!("return an owned value: `{owned}`"),
            ),
        );
    }
}

/// Returns the alternatives of a pattern as text; none if it has a guard, which may hold or not.
fn alternatives(pattern: &Pattern) -> Vec<String> {
    let trees = flat(&pattern.written);
    if trees.iter().any(|tree| is_ident(tree, "if")) {
        return Vec::new();
    }
    trees
        .split(|tree| is_punct(tree, '|'))
        .filter(|alternative| !alternative.is_empty())
        .map(|alternative| collect(alternative).to_string())
        .collect()
}

/// Whether a type has no values, by its name: `!`, `Infallible`.
fn is_empty(ty: &TokenStream) -> bool {
    match flat(ty).as_slice() {
        [never] => is_punct(never, '!') || is_ident(never, "Infallible"),
        [.., colon, last @ TokenTree::Ident(_)] => {
            is_punct(colon, ':') && is_ident(last, "Infallible")
        }
        _ => false,
    }
}
