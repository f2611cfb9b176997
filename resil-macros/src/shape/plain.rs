//! Functions that are not async, and were not made so by another attribute.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};

use crate::diag::{Diag, help};
use crate::facts::Facts;
use crate::input::Input;
use crate::return_type::returns_future;
use crate::stack::Stack;

/// Whether the function was written without `async`, and returns no future.
///
/// An attribute that takes `async` away keeps the body in something async. If it was expanded before
/// all of resil's, nobody has seen the `async fn`; then the `async` in the body was not written by the
/// user, though the `fn` was.
pub(crate) fn is_plain(stack: &Stack, input: &Input, body: &Group) -> bool {
    let is_future = input.output().is_some_and(returns_future);
    let has_lost_async = stack.was_async || made_async(input, body.stream());
    !is_future && !has_lost_async
}

fn made_async(input: &Input, body: TokenStream) -> bool {
    let of_the_user = input.sig.fn_token.span.source_text();
    of_the_user.is_some_and(|text| text == "fn")
        && any_ident(body, &|word| {
            word == "async" && word.span().source_text().is_none_or(|text| text != "async")
        })
}

fn any_ident(tokens: TokenStream, is: &dyn Fn(&Ident) -> bool) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => any_ident(group.stream(), is),
        TokenTree::Ident(word) => is(&word),
        _ => false,
    })
}

/// Checks that each layer can block the thread in place of an `.await`.
pub(super) fn check_blocking(input: &Input, facts: &[Facts], diag: &Diag) {
    let name = &input.sig.ident;
    for layer in facts {
        if let Some(only) = &layer.only_async {
            let what = format!(
                "`#[{}]` stands on an `async fn` only: `{name}` is not async",
                layer.policy
            );
            let what = match only.why {
                "" => what,
                why => format!("{what}, and {why}"),
            };
            let instead = format!("write `async fn {name}`{}", only.instead);
            diag.error_at(only.span, help(what, instead));
        }
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Span, TokenStream};

    use super::*;

    fn is_lost(source: &str) -> bool {
        let tokens: TokenStream = source.parse().expect("tokens");
        // What an attribute makes has no place in the text.
        let made = tokens.into_iter().map(made_by_an_attribute).collect();
        let input: Input = syn::parse2(made).expect("a function");
        let body = input.body.as_ref().expect("a body").stream();
        made_async(&input, body)
    }

    /// Takes the place in the text from each `made` before an `async`.
    fn made_by_an_attribute(tree: TokenTree) -> TokenTree {
        let TokenTree::Group(group) = &tree else {
            return tree;
        };
        let mut out = Vec::new();
        let mut made = false;
        for tree in group.stream() {
            match tree {
                TokenTree::Ident(word) if word == "made" => made = true,
                TokenTree::Ident(word) if made => {
                    made = false;
                    out.push(Ident::new(&word.to_string(), Span::call_site()).into());
                }
                tree => out.push(made_by_an_attribute(tree)),
            }
        }
        crate::tokens::group_like(group, out.into_iter().collect()).into()
    }

    #[test]
    fn async_is_lost_where_the_user_wrote_none_of_it() {
        assert!(is_lost("fn f() -> R { block_on(made async { g() }) }"));
        assert!(!is_lost("fn f() -> R { block_on(async { g() }) }"));
        assert!(!is_lost("fn f() -> R { g() }"));
        assert!(is_lost(
            "fn f() -> R { async { g() }; { made async move { g() } } }"
        ));
    }
}
