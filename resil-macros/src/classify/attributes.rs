//! Reads the attributes of `#[derive(Classify)]`, and reports their faults.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Data, DeriveInput, Field, Meta};

use crate::diag::{Diag, help};
use crate::krate;
use crate::parse::messages;
use crate::tokens::{flat, is_equals, shown, split_at_commas};

/// The class that a variant or a struct is given.
#[derive(Clone)]
pub(super) enum Verdict {
    Transient,
    Permanent,
    Neutral,
    Throttled {
        retry_after: Option<TokenStream>,
    },
    /// The class of its only field, with the span of the word `forward`.
    Forward(Span),
}

/// The kind of item that attributes stand on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Enum,
    Struct,
    Variant,
}

/// The content of the attributes of one item.
#[derive(Default)]
pub(super) struct Attributes {
    pub(super) verdict: Option<Verdict>,
    pub(super) default: Option<Verdict>,
    pub(super) krate: Option<TokenStream>,
}

const DEFAULTS: &str = "write `default = transient`, `permanent`, `throttled` or `neutral`";
const ON_A_VARIANT: &str = "write it on each variant, or `#[classify(default = transient)]` here";

/// Reads the attributes of one item.
pub(super) fn read(attrs: &[Attribute], place: Place, diag: &Diag) -> Attributes {
    let mut found = Attributes::default();
    for attr in attrs {
        if attr.path().is_ident("classify") {
            read_classify(attr, place, &mut found, diag);
        } else if let Some(verdict) = verdict(attr, diag) {
            set(attr, attr, verdict, place, &mut found, diag);
        }
    }
    found
}

/// Reports attributes on fields, where none has a meaning.
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

/// Reads `#[transient]` or the attribute of another class.
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

/// Sets the class of an item. Reports a class on an enum, and a second class on any other item.
fn set(
    attr: &Attribute,
    at: impl ToTokens,
    verdict: Verdict,
    place: Place,
    found: &mut Attributes,
    diag: &Diag,
) {
    let second = found.verdict.replace(verdict).is_some();
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

/// Reads `#[classify(..)]` with `forward`, `default = class` or `crate = path`. A value may also
/// stand in brackets: `default(transient)`.
fn read_classify(attr: &Attribute, place: Place, found: &mut Attributes, diag: &Diag) {
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
                set(attr, word, forward, place, found, diag);
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
                    if found.default.replace(default).is_some() {
                        diag.error(&part, messages::twice("default"));
                    }
                } else {
                    if found.krate.is_some() {
                        diag.error(&part, messages::twice("crate"));
                    }
                    found.krate = crate_path(&part, value, diag).or(found.krate.take());
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
            // A stand-in, so that the variants are not reported as well.
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

/// Reads `retry_after = field`.
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

/// Whether the value can name a field: by its name, or by its number if it has none.
fn is_field(value: &TokenStream) -> bool {
    let mut trees = value.clone().into_iter();
    matches!(
        (trees.next(), trees.next()),
        (Some(TokenTree::Ident(_) | TokenTree::Literal(_)), None)
    )
}

/// Splits the arguments at commas, and opens the groups that a `macro_rules!` leaves.
fn parts(tokens: &TokenStream) -> Vec<TokenStream> {
    let tokens: TokenStream = flat(tokens).into_iter().collect();
    split_at_commas(tokens)
        .into_iter()
        .map(|p| p.tokens)
        .collect()
}

/// Splits `word`, `word = value` and `word(value)`.
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
