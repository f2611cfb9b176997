//! Gathers all layers of a function, in the order in which they are written.
//!
//! rustc expands the topmost attribute first. An attribute that wrapped the function at once would
//! end up innermost, though it is written outermost. So a public attribute only moves `name(args)`
//! into one private attribute behind all others, `#[resil::__private::stack(..)]`, and returns.
//! When rustc expands that one, it has resolved every name (aliases, `cfg_attr`, attributes of
//! others that are called `timeout` too), and has expanded all other attributes.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::diag::{Diag, Origin};
use crate::parse::{ParseContext, messages};
use crate::policy::Parsed;
use crate::tokens::{bracketed, collect, last_segment, path_of, split_attributes};
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
    /// An `#[apply(..)]`: the layers of a shared stack belong here.
    Apply(LayerTokens),
    /// The layers of that stack have come, and stand behind.
    Applied(Applied),
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

/// A shared stack whose layers have come.
pub(crate) struct Applied {
    /// The name of the attribute, spanned at it.
    pub(crate) attribute: Ident,
    /// The name of the stack, where the user wrote it. All tokens of the stack are at that place.
    pub(crate) name: Ident,
    /// The options beside the name that went into layers of the stack.
    pub(crate) beside: TokenStream,
}

/// The name of the attribute that asks for a shared stack.
pub(crate) const APPLY: &str = "apply";
const APPLIED: &str = "applied";
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
    let args = krate::take_crates(args, &mut stack.krates);
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
    // Whether the layers of a shared stack repeat the function is known when they have come.
    let is_apply = name == APPLY;
    let may_repeat = policy::find(&name.to_string()).is_some_and(|policy| policy.may_repeat);
    if may_repeat || (is_apply && stack.site.is_none()) {
        stack.site = Some(Span::mixed_site());
    }
    let layer = LayerTokens { name, args };
    stack.entries.push(if is_apply {
        StackEntry::Apply(layer)
    } else {
        StackEntry::Layer(layer)
    });
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
    HARMLESS.contains(&name) || name == APPLY || policy::find(name).is_some()
}

impl Stack {
    pub(crate) fn new() -> Self {
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
            // Once: each comparison with a name would make a text of it.
            let word = name.to_string();
            if word == CRATE {
                stack.krates.push(args);
            } else if word == STRANGER {
                stack
                    .strangers
                    .extend(args.into_iter().filter_map(|t| match t {
                        TokenTree::Ident(name) => Some(name),
                        _ => None,
                    }));
            } else if word == ASYNC {
                stack.was_async = true;
            } else if word == SITE {
                stack.site = Some(name.span());
            } else if word == INSTRUMENT {
                stack.entries.push(StackEntry::Instrument);
            } else if word == APPLY {
                let entry = StackEntry::Apply(LayerTokens { name, args });
                stack.entries.push(entry);
            } else if word == APPLIED {
                stack.entries.extend(Applied::read(args));
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
            StackEntry::Layer(layer) | StackEntry::Apply(layer) => Some(&layer.name),
            StackEntry::Applied(applied) => Some(&applied.attribute),
            StackEntry::Instrument => None,
        })
    }

    /// Returns the origin of the layers that a shared stack has brought.
    pub(crate) fn origin(&self) -> Option<Origin> {
        self.entries.iter().find_map(|e| match e {
            StackEntry::Applied(Applied { name, beside, .. }) => {
                Some(Origin::new(name, beside.clone()))
            }
            _ => None,
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
    pub(crate) fn runs_again(&self) -> Option<&'static str> {
        self.entries.iter().rev().find_map(|entry| match entry {
            StackEntry::Layer(layer) => {
                let policy = policy::find(&layer.name.to_string())?;
                policy.may_repeat.then_some(policy.name)
            }
            _ => None,
        })
    }

    /// Writes the private attribute.
    pub(crate) fn to_attribute(&self) -> TokenStream {
        let krate = self.krate();
        let name = match self.runs_again() {
            Some(policy) => format!("{STACK_THAT_RUNS_AGAIN}{policy}"),
            None => STACK.to_owned(),
        };
        let name = Ident::new(&name, Span::call_site());
        let content = self.content();
        quote!(#[#krate::__private::#name(#content)])
    }

    /// Writes what [`read`](Self::read) reads.
    pub(crate) fn content(&self) -> TokenStream {
        let word = |word: &str| Ident::new(word, Span::call_site());
        let entries = self.entries.iter().map(|e| match e {
            StackEntry::Layer(layer) | StackEntry::Apply(layer) => quote!(#layer),
            StackEntry::Applied(Applied {
                attribute,
                name,
                beside,
            }) => {
                let applied = word(APPLIED);
                quote!(#applied(#attribute #name #beside))
            }
            StackEntry::Instrument => {
                let name = word(INSTRUMENT);
                quote!(#name())
            }
        });
        let (crate_word, stranger, strangers) = (word(CRATE), word(STRANGER), &self.strangers);
        let krates = self.krates.iter().map(|path| quote!(#crate_word(#path)));
        let was_async = self.was_async.then(|| {
            let word = word(ASYNC);
            quote!(#word())
        });
        let site = self.site.map(|span| {
            let word = Ident::new(SITE, span);
            quote!(#word())
        });
        quote!(#(#krates)* #site #was_async #stranger(#(#strangers)*) #(#entries)*)
    }
}

impl Applied {
    fn read(args: TokenStream) -> Option<StackEntry> {
        let trees: Vec<TokenTree> = args.into_iter().collect();
        let [
            TokenTree::Ident(attribute),
            TokenTree::Ident(name),
            beside @ ..,
        ] = trees.as_slice()
        else {
            return None;
        };
        Some(StackEntry::Applied(Self {
            attribute: attribute.clone(),
            name: name.clone(),
            beside: collect(beside),
        }))
    }
}

/// Whether the tokens behind an item's attributes are those of an `async fn`.
fn is_async(rest: &TokenStream) -> bool {
    rest.clone()
        .into_iter()
        .take_while(|t| !matches!(t, TokenTree::Ident(i) if *i == "fn"))
        .any(|t| matches!(t, TokenTree::Ident(i) if i == ASYNC))
}

impl ToTokens for LayerTokens {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { name, args } = self;
        tokens.extend(quote!(#name(#args)));
    }
}
