//! Reads the definitions in `stack! { .. }`.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Visibility};

use crate::diag::{Diag, help};
use crate::parse::nearest;
use crate::policy::{self, POLICIES};
use crate::stack::{APPLY, LayerTokens};
use crate::tokens::{bracketed, collect, flat, is_equals, is_punct, last_span, path_of, shown};

/// A definition as it is written.
pub(super) struct Definition {
    /// Its docs and its `#[cfg]`s.
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) name: Ident,
    /// Outermost first.
    pub(super) layers: Vec<LayerTokens>,
}

/// Cuts the input behind each `;`. The last one has none: it is empty, or a `;` is missing.
pub(super) fn pieces(input: &TokenStream) -> Vec<TokenStream> {
    let trees = flat(input);
    let pieces = trees.split(|tree| is_punct(tree, ';'));
    pieces.map(collect).collect()
}

/// Reports input without a definition.
pub(super) fn report_nothing(diag: &Diag) {
    let message = "`stack!` defines nothing";
    let instead = "write `pub PAY = #[retry(max = 3)] #[timeout(1s)];` inside its braces";
    diag.error_at(proc_macro2::Span::call_site(), help(message, instead));
}

impl Definition {
    /// Reads one piece; `is_last` if no `;` follows. Faults go to the sink. `None` if it has no name.
    pub(super) fn read(piece: &TokenStream, is_last: bool, diag: &Diag) -> Option<Self> {
        let head = |input: ParseStream<'_>| {
            let attrs = input.call(Attribute::parse_outer)?;
            let vis: Visibility = input.parse()?;
            let rest: TokenStream = input.parse()?;
            Ok((attrs, vis, rest))
        };
        let Ok((attrs, vis, rest)) = head.parse2(piece.clone()) else {
            report_no_name(piece, piece, diag);
            return None;
        };
        let rest = flat(&rest);
        let (name, behind) = match rest.as_slice() {
            [TokenTree::Ident(name), behind @ ..] if is_name(name) => (name.clone(), behind),
            rest => {
                // A keyword, as in `const PAY = ..`, or something else.
                let at = rest.first().cloned().map(TokenStream::from);
                report_no_name(piece, &at.unwrap_or_else(|| piece.clone()), diag);
                return None;
            }
        };
        let attributes = match behind {
            [_, attributes @ ..] if is_equals(behind, 0) => attributes,
            _ => {
                let text = format!("write `{name} = #[retry(max = 3)] #[timeout(1s)];`");
                let message = format!("no `=` follows the name of the stack `{name}`");
                let at = behind
                    .first()
                    .cloned()
                    .unwrap_or_else(|| name.clone().into());
                diag.error(at, help(message, text));
                behind
            }
        };
        let layers = if diag.is_empty() {
            read_layers(attributes, &name, diag)
        } else {
            Vec::new()
        };
        if is_last && diag.is_empty() {
            let message = format!("no `;` follows the stack `{name}`");
            diag.error_at(
                last_span(piece),
                help(message, "write `;` behind its last attribute"),
            );
        }
        Some(Self {
            attrs,
            vis,
            name,
            layers,
        })
    }
}

/// Whether the word is no keyword of Rust's.
fn is_name(word: &Ident) -> bool {
    syn::parse2::<Ident>(TokenTree::from(word.clone()).into()).is_ok()
}

/// Reports a piece without a name, at `at`.
fn report_no_name(piece: &TokenStream, at: &TokenStream, diag: &Diag) {
    let message = format!("`{}` is no stack", shown(piece));
    let instead = "write a name, `=` and attributes: `pub PAY = #[retry(max = 3)] #[timeout(1s)];`";
    if at.is_empty() {
        report_nothing(diag);
    } else {
        diag.error(at, help(message, instead));
    }
}

/// Reads the attributes behind the `=`, outermost first.
fn read_layers(attributes: &[TokenTree], stack: &Ident, diag: &Diag) -> Vec<LayerTokens> {
    let mut layers = Vec::new();
    let mut rest = attributes;
    if rest.is_empty() {
        let message = format!("the stack `{stack}` has no layers");
        let instead = format!("write `{stack} = #[retry(max = 3)] #[timeout(1s)];`");
        diag.error(stack, help(message, instead));
    }
    while let Some((first, behind)) = rest.split_first() {
        match (first, behind) {
            (hash, [TokenTree::Group(group), behind @ ..])
                if is_punct(hash, '#') && group.delimiter() == Delimiter::Bracket =>
            {
                rest = behind;
                let attribute = collect(&[hash.clone(), group.clone().into()]);
                layers.extend(read_layer(&attribute, stack, diag));
            }
            _ => {
                report_no_attribute(first, behind, stack, diag);
                // Whatever follows has the same fault.
                return layers;
            }
        }
    }
    layers
}

/// Reads `#[retry(max = 3)]`.
fn read_layer(attribute: &TokenStream, stack: &Ident, diag: &Diag) -> Option<LayerTokens> {
    let content = bracketed(attribute).unwrap_or_default();
    let name = path_of(attribute).pop();
    let Some(name) = name.filter(|name| policy::find(&name.to_string()).is_some()) else {
        report_no_policy(attribute, stack, diag);
        return None;
    };
    let trees = flat(&content);
    let is_path = |tree: &&TokenTree| matches!(tree, TokenTree::Ident(_)) || is_punct(tree, ':');
    let behind = &trees[trees.iter().take_while(is_path).count()..];
    let args = match behind {
        [] => TokenStream::new(),
        [TokenTree::Group(args)] => args.stream(),
        other => {
            let value = collect(if is_equals(other, 0) {
                &other[1..]
            } else {
                other
            });
            let message = format!("`{}` is not of the form `{name}(..)`", shown(&content));
            let instead = format!("write `#[{name}({})]`", shown(&value));
            diag.error(&content, help(message, instead));
            return None;
        }
    };
    Some(LayerTokens { name, args })
}

/// Reports an attribute that no policy has.
fn report_no_policy(attribute: &TokenStream, stack: &Ident, diag: &Diag) {
    let content = bracketed(attribute).unwrap_or_default();
    let name = path_of(attribute).pop().map(|name| name.to_string());
    let name = name.unwrap_or_default();
    if name == APPLY {
        let message = format!("the stack `{stack}` can't stand on another one");
        diag.error(
            &content,
            help(message, "write the attributes of the other one here"),
        );
        return;
    }
    let names = POLICIES.iter().map(|policy| policy.name);
    let instead = match nearest(&name, names.clone()).filter(|_| !name.is_empty()) {
        Some(near) => format!("did you mean `#[{near}(..)]`?"),
        None => format!(
            "a stack has `{}`, by their own names; other attributes stand on the function",
            names.collect::<Vec<_>>().join("`, `")
        ),
    };
    let message = format!(
        "`#[{}]` in the stack `{stack}` is none of resil's attributes",
        shown(&content)
    );
    diag.error(&content, help(message, instead));
}

/// Reports what is no attribute.
fn report_no_attribute(first: &TokenTree, behind: &[TokenTree], stack: &Ident, diag: &Diag) {
    let policy = match first {
        TokenTree::Ident(word) => policy::find(&word.to_string()),
        _ => None,
    };
    let instead = match (policy, behind) {
        (Some(policy), [TokenTree::Group(args), ..]) => {
            format!("write `#[{}({})]`", policy.name, shown(&args.stream()))
        }
        (Some(policy), _) => format!("write `#[{}]`", policy.name),
        _ if is_punct(first, ',') => "remove it: attributes stand one behind the other".to_owned(),
        _ => format!("write attributes alone, and `;` behind the last one of `{stack}`"),
    };
    let at: TokenStream = first.clone().into();
    let message = format!("`{}` in the stack `{stack}` is no attribute", shown(&at));
    diag.error(at, help(message, instead));
}
