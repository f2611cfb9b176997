//! Reads what `#[apply(NAME, retry(max = 2), ..)]` says.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::parse::Parser;

use crate::diag::{Diag, help};
use crate::parse::{Syntax, messages, nearest, syntax_of};
use crate::policy::{self, POLICIES};
use crate::stack::{APPLY, LayerTokens};
use crate::tokens::{Segment, collect, flat, inside, is_equals, is_punct, shown, split_at_commas};

/// The name of a shared stack, with what stands beside it.
pub(super) struct Reference {
    /// The path to the stack, as it is written.
    pub(super) path: TokenStream,
    /// Its last segment.
    pub(super) name: Ident,
    /// The layers beside it, in written order.
    pub(super) layers: Vec<LayerTokens>,
}

impl Reference {
    /// Reads the arguments of `#[apply]`; faults go to the sink. `None` if no stack is named.
    pub(super) fn read(apply: &LayerTokens, diag: &Diag) -> Option<Self> {
        let mut segments = split_at_commas(apply.args.clone()).into_iter();
        let Some(Segment { tokens: path, .. }) = segments.next() else {
            let message = format!("`#[{APPLY}]` takes the name of a stack, but none is given");
            let instead =
                format!("write `#[{APPLY}(PAY)]`, with a `PAY` of `resil::stack! {{ .. }}`");
            diag.error_at(apply.span(), help(message, instead));
            return None;
        };
        let Some(name) = read_name(&path) else {
            let later = segments.find_map(|segment| read_name(&segment.tokens));
            report_no_name(apply, &path, later, diag);
            return None;
        };
        let layers = segments.filter_map(|segment| read_layer(&segment, &name, diag));
        Some(Self {
            path: collect(&flat(&path)),
            layers: layers.collect(),
            name,
        })
    }
}

/// Returns the last segment of the path to a stack; `None` if it is no path, or the name of a policy.
fn read_name(path: &TokenStream) -> Option<Ident> {
    let trees = collect(&flat(path));
    let path = syn::Path::parse_mod_style.parse2(trees).ok()?;
    let last = &path.segments.last()?.ident;
    let is_keyword = ["crate", "self", "super", "Self"]
        .iter()
        .any(|word| last == word);
    let is_policy = path.segments.len() == 1 && policy::find(&last.to_string()).is_some();
    (!is_keyword && !is_policy).then(|| last.clone())
}

/// Reports something else in the place of the name, which may stand later.
fn report_no_name(apply: &LayerTokens, given: &TokenStream, later: Option<Ident>, diag: &Diag) {
    let trees = flat(given);
    let whole = shown(given);
    let later = later.map_or_else(|| "PAY".to_owned(), |name| name.to_string());
    let name = match trees.as_slice() {
        [_, _, value @ ..] if is_equals(&trees, 1) && !value.is_empty() => shown(&collect(value)),
        [path @ .., bang] if is_punct(bang, '!') => shown(&collect(path)),
        trees if trees.iter().any(|tree| is_punct(tree, ';')) => whole.replace("; ", ", "),
        _ => match syntax_of(given) {
            Syntax::Text(text) if syn::parse_str::<Ident>(&text.value()).is_ok() => text.value(),
            _ if read_policy(given).is_some() => format!("{later}, {whole}"),
            _ => later,
        },
    };
    let message = help(
        format!("`#[{APPLY}]` takes the name of a stack first, but here is `{whole}`"),
        format!("write `#[{APPLY}({name})]`"),
    );
    if trees.is_empty() {
        diag.error_at(apply.span(), message);
    } else {
        diag.error(given, message);
    }
}

/// Reads a layer beside the name of the stack `of`.
fn read_layer(segment: &Segment, of: &Ident, diag: &Diag) -> Option<LayerTokens> {
    let Segment { tokens, comma } = segment;
    let trees = flat(tokens);
    if trees.is_empty() {
        if let Some(comma) = comma {
            diag.error_at(*comma, messages::comma_too_many());
        }
        return None;
    }
    let layer = read_policy(tokens);
    if layer.is_none() {
        report_no_layer(tokens, &trees, of, diag);
    }
    layer
}

/// Reads `retry(max = 2)`, `retry` and `resil::retry(max = 2)`; `None` if no policy has the name.
fn read_policy(tokens: &TokenStream) -> Option<LayerTokens> {
    let trees = flat(tokens);
    let (path, args) = match trees.as_slice() {
        [path @ .., TokenTree::Group(args)] if args.delimiter() == Delimiter::Parenthesis => {
            (path, args.stream())
        }
        path => (path, TokenStream::new()),
    };
    let path = syn::Path::parse_mod_style.parse2(collect(path)).ok()?;
    let name = path.segments.last()?.ident.clone();
    policy::find(&name.to_string())?;
    Some(LayerTokens { name, args })
}

/// Reports something that is no layer beside the stack `of`.
fn report_no_layer(tokens: &TokenStream, trees: &[TokenTree], of: &Ident, diag: &Diag) {
    let whole = shown(tokens);
    let text = match trees {
        [hash, TokenTree::Group(inner)] if is_punct(hash, '#') => {
            let message = format!("`{whole}` stands beside the stack `{of}` as an attribute");
            let inner = shown(&inner.stream());
            diag.error(
                tokens,
                help(message, format!("write `{inner}`, without `#[..]`")),
            );
            return;
        }
        [TokenTree::Ident(word), ..] => word.to_string(),
        _ => String::new(),
    };
    let owner = POLICIES
        .iter()
        .find(|policy| policy.options.option(&text).is_some());
    if let Some(owner) = owner {
        let message =
            format!("`{whole}` beside the stack `{of}` does not say of which layer it is");
        let instead = format!("write `{}({whole})`", owner.name);
        diag.error(tokens, help(message, instead));
        return;
    }
    let is_constant = |name: &Ident| *name == name.to_string().to_uppercase();
    if read_name(tokens).as_ref().is_some_and(is_constant) {
        let message =
            format!("`#[{APPLY}]` takes one stack, but `{whole}` is a second one beside `{of}`");
        let instead = "define one stack that has the layers of both, in the order that is meant";
        diag.error(tokens, help(message, instead));
        return;
    }
    let message = format!("`{whole}` beside the stack `{of}` is none of resil's attributes");
    diag.error(tokens, help(message, instead_of(&text, trees)));
}

/// Says what to write in place of an attribute `name` that resil has not.
fn instead_of(name: &str, trees: &[TokenTree]) -> String {
    let names = POLICIES.iter().map(|policy| policy.name);
    if let Some(near) = nearest(name, names.clone()).filter(|_| !name.is_empty()) {
        let args = trees
            .iter()
            .find_map(|tree| inside(&tree.clone().into(), Delimiter::Parenthesis));
        let args = args.map_or_else(String::new, |args| format!("({})", shown(&args)));
        return format!("did you mean `{near}`? write `{near}{args}`");
    }
    format!(
        "write a layer with its options, such as `retry(max = 2)`; there are `{}`",
        names.collect::<Vec<_>>().join("`, `")
    )
}
