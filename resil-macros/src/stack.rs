//! Gathers all layers of a function, in the order in which they are written.
//!
//! rustc expands the topmost attribute first. An attribute that wrapped the function at once would
//! end up innermost, though it is written outermost. So a public attribute only moves `name(args)`
//! into one private attribute behind all others, `#[resil::__private::stack(..)]`, and returns.
//! When rustc expands that one, it has resolved every name (aliases, `cfg_attr`, attributes of
//! others that are called `timeout` too), and has expanded all other attributes.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::diag::Diag;
use crate::parse::{ParseContext, messages};
use crate::policy::Parsed;
use crate::tokens::{Segment, split_at_commas};
use crate::{krate, policy};

/// The pending layers: the content of the private attribute.
pub(crate) struct Stack {
    /// The path in each `crate = ..`.
    pub(crate) krates: Vec<TokenStream>,
    /// Outermost first.
    pub(crate) entries: Vec<StackEntry>,
    /// Whether the function was async when the first of resil's attributes was expanded.
    pub(crate) was_async: bool,
    /// Attributes of other crates that stood below one of resil's, and are expanded by now.
    pub(crate) strangers: Vec<Ident>,
    /// The hygiene of the attribute under which the function may run more than once, if there is
    /// one.
    pub(crate) site: Option<Span>,
}

/// One entry of the stack.
pub(crate) enum StackEntry {
    /// One of resil's attributes.
    Layer(LayerTokens),
    /// An `#[instrument]` was written here, which its expansion does not show.
    Instrument,
}

/// An attribute as written.
pub(crate) struct LayerTokens {
    /// The name of the policy, spanned at the attribute.
    pub(crate) name: Ident,
    pub(crate) args: TokenStream,
}

impl LayerTokens {
    /// Reads the attribute; faults go to the sink. `None` if no policy has the name: such a layer
    /// is never deferred.
    pub(crate) fn parse(&self, cx: &ParseContext<'_>) -> Option<Parsed> {
        let policy = policy::find(&self.name.to_string())?;
        Some((policy.parse)(self.args.clone(), self.span(), cx))
    }

    /// Returns the span for messages about the whole attribute. It is the first argument's, as the
    /// attribute's own span would underline the whole line.
    pub(crate) fn span(&self) -> Span {
        self.args
            .clone()
            .into_iter()
            .next()
            .map_or(self.name.span(), |t| t.span())
    }
}

const INSTRUMENT: &str = "instrument";
const CRATE: &str = "crate";
const ASYNC: &str = "async";
const STRANGER: &str = "stranger";
const SITE: &str = "site";

/// The names of the private attribute.
const STACK: &str = "stack";
/// Behind it stands the name of the policy that runs the function again.
const STACK_THAT_RUNS_AGAIN: &str = "write_clone_of_the_moved_argument_in_";

/// Attributes of other crates and of rustc that leave a function as it is.
const HARMLESS: [&str; 19] = [
    "allow",
    "automatically_derived",
    "cfg",
    "cfg_attr",
    "cold",
    "deny",
    "deprecated",
    "diagnostic",
    "doc",
    "expect",
    "forbid",
    "inline",
    "instrument",
    "main",
    "must_use",
    "on_unimplemented",
    "test",
    "track_caller",
    "warn",
];

/// Moves `#[name(args)]` into the pending attribute of `item`; the name is spanned at the attribute.
pub(crate) fn defer(name: Ident, args: TokenStream, item: TokenStream) -> TokenStream {
    let (mut attrs, rest) = split_attributes(item);
    let mut stack = match attrs.iter().position(Stack::is_pending) {
        Some(at) => Stack::read_attribute(&attrs.remove(at)),
        None => Stack {
            was_async: is_async(&rest),
            ..Stack::new()
        },
    };
    let args = take_crates(args, &mut stack.krates);
    for attr in &attrs {
        if let Some(name) = last_segment(attr)
            && !is_harmless(&name.to_string())
            && !stack.strangers.contains(&name)
        {
            stack.strangers.push(name);
        }
    }

    // The `#[instrument]`s that are still there were written below this attribute. The others that
    // the attribute before it has seen were written between the two.
    let below = attrs
        .iter()
        .filter(|a| last_segment(a).is_some_and(|s| s == INSTRUMENT))
        .count();
    let seen = stack.entries.iter().rev();
    let seen = seen
        .take_while(|e| matches!(e, StackEntry::Instrument))
        .count();
    let kept = stack.entries.len() - seen.min(below);
    stack.entries.truncate(kept);
    if policy::find(&name.to_string()).is_some_and(|policy| policy.may_repeat) {
        stack.site = Some(Span::mixed_site());
    }
    stack
        .entries
        .push(StackEntry::Layer(LayerTokens { name, args }));
    stack
        .entries
        .extend((0..below).map(|_| StackEntry::Instrument));

    // `#[tokio::main]` and `#[tokio::test]` take `async` away. Where they stand below a policy,
    // they have to be expanded after it.
    let (takers, mut attrs): (Vec<_>, Vec<_>) = attrs
        .into_iter()
        .partition(|a| last_segment(a).is_some_and(|s| s == "main" || s == "test"));
    attrs.push(stack.to_attribute());
    attrs.extend(takers);
    quote!(#(#attrs)* #rest)
}

/// Whether an attribute of that name leaves a function as it is: rustc's own and resil's do.
fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name) || policy::find(name).is_some()
}

impl Stack {
    fn new() -> Self {
        Self {
            krates: Vec::new(),
            entries: Vec::new(),
            was_async: false,
            strangers: Vec::new(),
            site: None,
        }
    }

    fn is_pending(attr: &TokenStream) -> bool {
        let path = path_of(attr);
        matches!(path.as_slice(), [.., private, name] if private == "__private"
            && (name == STACK || name.to_string().starts_with(STACK_THAT_RUNS_AGAIN)))
    }

    /// Reads the content of the private attribute.
    pub(crate) fn read(content: TokenStream) -> Self {
        let mut stack = Self::new();
        let mut tokens = content.into_iter();
        while let Some(TokenTree::Ident(name)) = tokens.next() {
            let args = match tokens.next() {
                Some(TokenTree::Group(g)) => g.stream(),
                _ => TokenStream::new(),
            };
            if name == CRATE {
                stack.krates.push(args);
            } else if name == STRANGER {
                stack
                    .strangers
                    .extend(args.into_iter().filter_map(|t| match t {
                        TokenTree::Ident(name) => Some(name),
                        _ => None,
                    }));
            } else if name == ASYNC {
                stack.was_async = true;
            } else if name == SITE {
                stack.site = Some(name.span());
            } else if name == INSTRUMENT {
                stack.entries.push(StackEntry::Instrument);
            } else {
                stack
                    .entries
                    .push(StackEntry::Layer(LayerTokens { name, args }));
            }
        }
        stack
    }

    /// Returns the path of the crate `resil` in the user's crate.
    pub(crate) fn krate(&self) -> TokenStream {
        let path = self.krates.iter().find(|path| krate::is_crate_path(path));
        path.cloned().unwrap_or_else(krate::path)
    }

    /// Reports each `crate = ..` that is no path, or differs from one before it.
    pub(crate) fn check_crate_paths(&self, diag: &Diag) {
        for (i, path) in self.krates.iter().enumerate() {
            let differs = |p: &TokenStream| p.to_string() != path.to_string();
            if !krate::is_crate_path(path) {
                diag.error(path, messages::no_crate_path(path));
            } else if self.krates[..i].iter().any(differs) {
                diag.error(path, messages::twice("crate"));
            }
        }
    }

    /// Counts the `#[instrument]`s that stand below layers.
    pub(crate) fn instruments(&self) -> usize {
        let entries = self.entries.iter();
        entries
            .filter(|e| matches!(e, StackEntry::Instrument))
            .count()
    }

    /// Returns the name of the outermost attribute.
    pub(crate) fn first(&self) -> Option<&Ident> {
        self.entries.iter().find_map(|e| match e {
            StackEntry::Layer(layer) => Some(&layer.name),
            StackEntry::Instrument => None,
        })
    }

    fn read_attribute(attr: &TokenStream) -> Self {
        let content = bracketed(attr)
            .and_then(|content| {
                content.into_iter().find_map(|t| match t {
                    TokenTree::Group(g) if g.delimiter() == Delimiter::Parenthesis => Some(g),
                    _ => None,
                })
            })
            .map(|g| g.stream())
            .unwrap_or_default();
        Self::read(content)
    }

    /// Returns the name of the innermost policy under which the function may run more than once.
    fn runs_again(&self) -> Option<&'static str> {
        self.entries.iter().rev().find_map(|entry| match entry {
            StackEntry::Layer(layer) => {
                let policy = policy::find(&layer.name.to_string())?;
                policy.may_repeat.then_some(policy.name)
            }
            StackEntry::Instrument => None,
        })
    }

    fn to_attribute(&self) -> TokenStream {
        let krate = self.krate();
        let entries = self.entries.iter().map(|e| match e {
            StackEntry::Layer(LayerTokens { name, args }) => quote!(#name(#args)),
            StackEntry::Instrument => {
                let name = Ident::new(INSTRUMENT, Span::call_site());
                quote!(#name())
            }
        });
        let word = |word: &str| Ident::new(word, Span::call_site());
        let (crate_word, stranger, strangers) = (word(CRATE), word(STRANGER), &self.strangers);
        let krates = self.krates.iter().map(|path| quote!(#crate_word(#path)));
        let was_async = self.was_async.then(|| {
            let word = word(ASYNC);
            quote!(#word())
        });
        let name = match self.runs_again() {
            Some(policy) => word(&format!("{STACK_THAT_RUNS_AGAIN}{policy}")),
            None => word(STACK),
        };
        let site = self.site.map(|span| {
            let word = Ident::new(SITE, span);
            quote!(#word())
        });
        quote!(#[#krate::__private::#name(
            #(#krates)* #site #was_async #stranger(#(#strangers)*) #(#entries)*
        )])
    }
}

/// Takes each `crate = path` and `crate(path)` out of the arguments of a layer, with its comma.
fn take_crates(args: TokenStream, krates: &mut Vec<TokenStream>) -> TokenStream {
    let (before, mut others) = (krates.len(), TokenStream::new());
    for Segment { tokens, comma } in split_at_commas(args.clone()) {
        if let Some(path) = krate::in_option(&tokens) {
            krates.push(path);
        } else {
            others.extend(tokens);
            // The comma keeps its span, as a message may be about it.
            others.extend(comma.map(|span| {
                let mut comma = Punct::new(',', Spacing::Alone);
                comma.set_span(span);
                TokenTree::from(comma)
            }));
        }
    }
    // Without a `crate` the tokens stay as they are written.
    if krates.len() == before { args } else { others }
}

/// Splits an item into its outer attributes and the tokens after them.
fn split_attributes(item: TokenStream) -> (Vec<TokenStream>, TokenStream) {
    let mut attrs = Vec::new();
    let mut rest = TokenStream::new();
    let mut tokens = item.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match (&token, tokens.peek()) {
            (TokenTree::Punct(p), Some(TokenTree::Group(g)))
                if p.as_char() == '#' && g.delimiter() == Delimiter::Bracket =>
            {
                let group = TokenTree::Group(Group::clone(g));
                tokens.next();
                attrs.push([token, group].into_iter().collect());
            }
            _ => {
                rest.extend([token]);
                break;
            }
        }
    }
    rest.extend(tokens);
    (attrs, rest)
}

fn bracketed(attr: &TokenStream) -> Option<TokenStream> {
    attr.clone().into_iter().find_map(|t| match t {
        TokenTree::Group(g) => Some(g.stream()),
        _ => None,
    })
}

/// Whether the tokens behind an item's attributes are those of an `async fn`.
fn is_async(rest: &TokenStream) -> bool {
    rest.clone()
        .into_iter()
        .take_while(|t| !matches!(t, TokenTree::Ident(i) if *i == "fn"))
        .any(|t| matches!(t, TokenTree::Ident(i) if i == ASYNC))
}

/// Returns the names in an attribute's path.
fn path_of(attr: &TokenStream) -> Vec<Ident> {
    bracketed(attr)
        .into_iter()
        .flatten()
        .take_while(|t| match t {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(p) => p.as_char() == ':',
            _ => false,
        })
        .filter_map(|t| match t {
            TokenTree::Ident(i) => Some(i),
            _ => None,
        })
        .collect()
}

fn last_segment(attr: &TokenStream) -> Option<Ident> {
    path_of(attr).pop()
}

impl ToTokens for LayerTokens {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { name, args } = self;
        tokens.extend(quote!(#name(#args)));
    }
}
