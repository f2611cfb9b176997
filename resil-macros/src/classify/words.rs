//! What the attributes of the derive say, and all that can be wrong with them.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Data, DeriveInput, Field, Meta};

use crate::diag::{Diag, help};
use crate::krate;
use crate::parse::messages;
use crate::tokens::{flat, is_equals, shown, split_at_commas};

/// What a variant, or a struct, is.
#[derive(Clone)]
pub(super) enum Verdict {
    Transient,
    Permanent,
    Neutral,
    Throttled {
        retry_after: Option<TokenStream>,
    },
    /// What its only field is; the span of the word.
    Forward(Span),
}

/// What attributes stand on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Enum,
    Struct,
    Variant,
}

/// What the attributes of one place say.
#[derive(Default)]
pub(super) struct Said {
    pub(super) verdict: Option<Verdict>,
    pub(super) default: Option<Verdict>,
    pub(super) krate: Option<TokenStream>,
}

const DEFAULTS: &str = "write `default = transient`, `permanent`, `throttled` or `neutral`";
const ON_A_VARIANT: &str = "write it on each variant, or `#[classify(default = transient)]` here";

/// Reads the attributes of one place.
pub(super) fn read(attrs: &[Attribute], place: Place, diag: &Diag) -> Said {
    let mut said = Said::default();
    for attr in attrs {
        if attr.path().is_ident("classify") {
            read_classify(attr, place, &mut said, diag);
        } else if let Some(verdict) = verdict(attr, diag) {
            set(attr, attr, verdict, place, &mut said, diag);
        }
    }
    said
}

/// Whatever stands on a field is read by nobody: that is to be said.
pub(super) fn refuse_on_fields(input: &DeriveInput, diag: &Diag) {
    let on = |fields: &syn::Fields, owner: &str| {
        for Field { attrs, .. } in fields {
            for attr in attrs.iter().filter(|a| is_ours(a)) {
                diag.error(
                    attr,
                    help(
                        format!("`{}` stands on a field", written(attr)),
                        format!("write it above the {owner}"),
                    ),
                );
            }
        }
    };
    match &input.data {
        Data::Enum(data) => data.variants.iter().for_each(|v| on(&v.fields, "variant")),
        Data::Struct(data) => on(&data.fields, "struct"),
        Data::Union(_) => {}
    }
}

fn is_ours(attr: &Attribute) -> bool {
    let ours = ["classify", "transient", "permanent", "neutral", "throttled"];
    ours.iter().any(|word| attr.path().is_ident(word))
}

fn written(attr: &Attribute) -> String {
    format!("#[{}]", shown(&attr.meta.to_token_stream()))
}

/// `#[transient]` and its like.
fn verdict(attr: &Attribute, diag: &Diag) -> Option<Verdict> {
    let verdict = match attr.path().get_ident()?.to_string().as_str() {
        "transient" => Verdict::Transient,
        "permanent" => Verdict::Permanent,
        "neutral" => Verdict::Neutral,
        "throttled" => {
            return Some(Verdict::Throttled {
                retry_after: retry_after(attr, diag),
            });
        }
        _ => return None,
    };
    if !matches!(attr.meta, Meta::Path(_)) {
        let word = attr.path().to_token_stream();
        diag.error(
            &attr.meta,
            help(
                format!("`{word}` takes nothing"),
                format!("write `#[{word}]`"),
            ),
        );
    }
    Some(verdict)
}

/// A verdict, where one may stand, and only one.
fn set(
    attr: &Attribute,
    at: impl ToTokens,
    verdict: Verdict,
    place: Place,
    said: &mut Said,
    diag: &Diag,
) {
    let second = said.verdict.replace(verdict).is_some();
    if place == Place::Enum {
        diag.error(
            attr,
            help(
                "this says what a variant is, and stands on the enum",
                ON_A_VARIANT,
            ),
        );
    } else if second {
        let what = match place {
            Place::Variant => "a variant is one thing: remove one of the two",
            _ => "a struct is one thing: remove one of the two",
        };
        diag.error(at, help("a second verdict", what));
    }
}

/// `#[classify(..)]`: `forward`, `default = verdict`, `crate = path`; a value may stand in brackets.
fn read_classify(attr: &Attribute, place: Place, said: &mut Said, diag: &Diag) {
    let parts = match &attr.meta {
        Meta::List(list) => parts(&list.tokens),
        _ => Vec::new(),
    };
    if parts.is_empty() {
        diag.error(
            attr,
            help(
                format!("`{}` says nothing", written(attr)),
                "write `#[classify(forward)]` on a variant, or `#[classify(default = transient)]` on the type",
            ),
        );
    }
    for part in parts {
        match named(&part) {
            Some((word, None)) if word == "forward" => {
                let forward = Verdict::Forward(word.span());
                set(attr, word, forward, place, said, diag);
            }
            Some((word, Some(value))) if word == "default" || word == "crate" => {
                if place == Place::Variant {
                    diag.error(
                        &part,
                        help(
                            format!("`{word}` speaks of the whole type, and stands on a variant"),
                            format!("write `#[classify({})]` above the enum", shown(&part)),
                        ),
                    );
                } else if word == "default" {
                    let default = default(&part, &value, diag);
                    if said.default.replace(default).is_some() {
                        diag.error(&part, messages::twice("default"));
                    }
                } else {
                    if said.krate.is_some() {
                        diag.error(&part, messages::twice("crate"));
                    }
                    said.krate = crate_path(&part, value, diag).or(said.krate.take());
                }
            }
            _ => diag.error(
                &part,
                help(
                    format!("`classify({})` means nothing", shown(&part)),
                    "write `#[classify(forward)]` on a variant, or `#[classify(default = transient)]` on the type",
                ),
            ),
        }
    }
}

fn default(part: &TokenStream, value: &TokenStream, diag: &Diag) -> Verdict {
    match value.to_string().as_str() {
        "transient" => Verdict::Transient,
        "permanent" => Verdict::Permanent,
        "neutral" => Verdict::Neutral,
        "throttled" => Verdict::Throttled { retry_after: None },
        "" => {
            diag.error(part, help("`default` names no verdict", DEFAULTS));
            Verdict::Transient
        }
        other => {
            diag.error(value, help(format!("`{other}` is no verdict"), DEFAULTS));
            // Taken as one, so that each variant is not reported too.
            Verdict::Transient
        }
    }
}

fn crate_path(part: &TokenStream, value: TokenStream, diag: &Diag) -> Option<TokenStream> {
    if krate::is_crate_path(&value) {
        return Some(value);
    }
    let at = if value.is_empty() { part } else { &value };
    diag.error(at, messages::no_crate_path(at));
    None
}

/// `retry_after = field`.
fn retry_after(attr: &Attribute, diag: &Diag) -> Option<TokenStream> {
    let means_nothing = |at: &TokenStream, what: String| {
        diag.error(
            at,
            help(
                format!("`{what}` means nothing"),
                "write `#[throttled(retry_after = field)]`, with a field that is a `Duration` or an \
                 `Option<Duration>`",
            ),
        );
    };
    let list = match &attr.meta {
        Meta::Path(_) => return None,
        Meta::List(list) => list,
        Meta::NameValue(meta) => {
            let meta = meta.to_token_stream();
            means_nothing(&meta, shown(&meta));
            return None;
        }
    };
    let mut field = None;
    for part in parts(&list.tokens) {
        match named(&part) {
            Some((word, Some(value))) if word == "retry_after" && is_field(&value) => {
                if field.replace(value).is_some() {
                    diag.error(&part, messages::twice("retry_after"));
                }
            }
            _ => means_nothing(&part, format!("throttled({})", shown(&part))),
        }
    }
    field
}

/// A name, or the number of a field without one.
fn is_field(value: &TokenStream) -> bool {
    let mut trees = value.clone().into_iter();
    matches!(
        (trees.next(), trees.next()),
        (Some(TokenTree::Ident(_) | TokenTree::Literal(_)), None)
    )
}

/// What stands between commas, without the groups that a `macro_rules!` leaves.
fn parts(tokens: &TokenStream) -> Vec<TokenStream> {
    let tokens: TokenStream = flat(tokens).into_iter().collect();
    split_at_commas(tokens)
        .into_iter()
        .map(|p| p.tokens)
        .collect()
}

/// `word`, `word = value` or `word(value)`.
fn named(part: &TokenStream) -> Option<(Ident, Option<TokenStream>)> {
    let trees: Vec<TokenTree> = part.clone().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(word)] => Some((word.clone(), None)),
        [TokenTree::Ident(word), _, value @ ..] if is_equals(&trees, 1) => {
            Some((word.clone(), Some(value.iter().cloned().collect())))
        }
        [TokenTree::Ident(word), TokenTree::Group(value)]
            if value.delimiter() == Delimiter::Parenthesis =>
        {
            Some((word.clone(), Some(value.stream())))
        }
        _ => None,
    }
}
