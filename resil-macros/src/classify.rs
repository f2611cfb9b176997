//! `#[derive(Classify)]`: each variant's verdict as a match.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Data, DeriveInput, Fields, Meta, WherePredicate};

use crate::diag::{Diag, help};
use crate::expand::mixed;

/// What is written of a variant.
#[derive(Clone)]
enum Verdict {
    Transient,
    Permanent,
    Neutral,
    Throttled { retry_after: Option<TokenStream> },
    Forward(Span),
}

const WORDS: [&str; 3] = ["transient", "permanent", "neutral"];

/// The `impl`, or all faults.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(e) => return e.to_compile_error(),
    };
    let diag = Diag::new();
    let expanded = expand(&input, &diag);
    match diag.finish() {
        Some(errors) => errors,
        None => expanded.unwrap_or_default(),
    }
}

fn expand(input: &DeriveInput, diag: &Diag) -> Option<TokenStream> {
    let Shared { krate, default } = shared(&input.attrs, diag);
    let own = verdict(&input.attrs, diag);
    let mut forwarded = Vec::new();
    let arms: Vec<TokenStream> = match &input.data {
        Data::Enum(data) => {
            if let (Some(_), Some(attr)) = (&own, input.attrs.iter().find(|a| is_verdict(a))) {
                diag.error(
                    attr,
                    help(
                        "this says what a variant is, and stands on the enum",
                        "write it on each variant, or `#[classify(default = transient)]` here",
                    ),
                );
            }
            data.variants
                .iter()
                .filter_map(|variant| {
                    let said = verdict(&variant.attrs, diag).or_else(|| default.clone().or(own.clone()));
                    let Some(said) = said else {
                        diag.error(
                            &variant.ident,
                            help(
                                format!("`{}` has no verdict", variant.ident),
                                "write `#[transient]`, `#[permanent]`, `#[throttled]`, `#[neutral]` or \
                                 `#[classify(forward)]` above it, or `#[classify(default = transient)]` \
                                 above the enum",
                            ),
                        );
                        return None;
                    };
                    let name = &variant.ident;
                    arm(&quote!(Self::#name), name, &variant.fields, &said, &krate, &mut forwarded, diag)
                })
                .collect()
        }
        Data::Struct(data) => {
            let Some(said) = own.or(default) else {
                diag.error(
                    &input.ident,
                    help(
                        format!("`{}` has no verdict", input.ident),
                        "write `#[transient]`, `#[permanent]`, `#[throttled]`, `#[neutral]` or \
                         `#[classify(forward)]` above it",
                    ),
                );
                return None;
            };
            arm(
                &quote!(Self),
                &input.ident,
                &data.fields,
                &said,
                &krate,
                &mut forwarded,
                diag,
            )
            .into_iter()
            .collect()
        }
        Data::Union(data) => {
            diag.error(
                data.union_token,
                help(
                    "`Classify` can't be derived for a union",
                    "write `impl resil::Classify for ..`",
                ),
            );
            return None;
        }
    };

    let name = &input.ident;
    let mut generics = input.generics.clone();
    let params: Vec<Ident> = generics.type_params().map(|p| p.ident.clone()).collect();
    for ty in forwarded {
        if mentions(&ty, &params) {
            let predicate: WherePredicate = syn::parse_quote!(#ty: #krate::__private::Classify);
            generics.make_where_clause().predicates.push(predicate);
        }
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let scrutinee = if arms.is_empty() {
        quote!(*self)
    } else {
        quote!(self)
    };
    Some(quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Classify for #name #ty_generics #where_clause {
            fn classify(&self) -> #krate::__private::Class {
                match #scrutinee {
                    #(#arms)*
                }
            }
        }
    })
}

/// `Pattern { field: value, .. } => class,`
fn arm(
    path: &TokenStream,
    name: &Ident,
    fields: &Fields,
    said: &Verdict,
    krate: &TokenStream,
    forwarded: &mut Vec<TokenStream>,
    diag: &Diag,
) -> Option<TokenStream> {
    let class = quote!(#krate::__private::Class);
    Some(match said {
        Verdict::Transient => quote!(#path { .. } => #class::Transient,),
        Verdict::Permanent => quote!(#path { .. } => #class::Permanent,),
        Verdict::Neutral => quote!(#path { .. } => #class::Neutral,),
        Verdict::Throttled { retry_after: None } => {
            quote!(#path { .. } => #class::Throttled { retry_after: ::core::option::Option::None },)
        }
        Verdict::Throttled {
            retry_after: Some(field),
        } => {
            if !has_field(fields, &field.to_string()) {
                diag.error(
                    field,
                    help(
                        format!("`{name}` has no field `{field}`"),
                        field_to_write(&name.to_string(), fields),
                    ),
                );
                return None;
            }
            let span = mixed(first(field));
            let value = format_ident!("__retry_after", span = span);
            quote_spanned!(span=> #path { #field: #value, .. } => #class::Throttled {
                // A `Duration` or an `Option` of one.
                retry_after: #krate::__private::RetryAfter::retry_after(#value),
            },)
        }
        Verdict::Forward(at) => {
            let mut all = fields.iter().enumerate();
            let (Some((_, field)), None) = (all.next(), all.next()) else {
                diag.error_at(
                    *at,
                    help(
                        format!("`forward` needs one field to ask, and `{name}` has {}", fields.len()),
                        "say what it is: `#[transient]`, `#[permanent]`, `#[throttled]` or `#[neutral]`",
                    ),
                );
                return None;
            };
            let member = field
                .ident
                .as_ref()
                .map_or_else(|| quote!(0), ToTokens::to_token_stream);
            let ty = field.ty.to_token_stream();
            let span = mixed(first(&ty));
            forwarded.push(ty);
            let value = format_ident!("__inner", span = span);
            quote_spanned!(span=> #path { #member: #value } => {
                #krate::__private::Forward::new(#value).class()
            })
        }
    })
}

/// What `#[classify(..)]` says of the whole type.
struct Shared {
    krate: TokenStream,
    default: Option<Verdict>,
}

fn shared(attrs: &[Attribute], diag: &Diag) -> Shared {
    let mut shared = Shared {
        krate: quote!(::resil),
        default: None,
    };
    for attr in attrs.iter().filter(|a| a.path().is_ident("classify")) {
        for part in parts(attr) {
            let tokens: Vec<TokenTree> = part.clone().into_iter().collect();
            match tokens.as_slice() {
                [TokenTree::Ident(word), TokenTree::Punct(eq), rest @ ..]
                    if eq.as_char() == '=' =>
                {
                    let value: TokenStream = rest.iter().cloned().collect();
                    match (word.to_string().as_str(), value.to_string().as_str()) {
                        ("crate", _) => shared.krate = value,
                        ("default", "transient") => shared.default = Some(Verdict::Transient),
                        ("default", "permanent") => shared.default = Some(Verdict::Permanent),
                        ("default", "neutral") => shared.default = Some(Verdict::Neutral),
                        ("default", "throttled") => {
                            shared.default = Some(Verdict::Throttled { retry_after: None });
                        }
                        ("default", _) => {
                            // Taken as one, so that each variant is not reported too.
                            shared.default = Some(Verdict::Transient);
                            diag.error(
                            &value,
                            help(
                                format!("`{value}` is no verdict"),
                                "write `default = transient`, `permanent`, `throttled` or `neutral`",
                            ),
                        );
                        }
                        _ => unknown(&part, diag),
                    }
                }
                [TokenTree::Ident(word)] if word == "forward" => {}
                _ => unknown(&part, diag),
            }
        }
    }
    shared
}

fn unknown(part: &TokenStream, diag: &Diag) {
    diag.error(
        part,
        help(
            format!("`classify({part})` means nothing"),
            "write `#[classify(forward)]` on a variant, or `#[classify(default = transient)]` on the type",
        ),
    );
}

fn is_verdict(attr: &Attribute) -> bool {
    let path = attr.path();
    path.is_ident("throttled") || WORDS.iter().any(|w| path.is_ident(w)) || is_forward(attr)
}

fn is_forward(attr: &Attribute) -> bool {
    attr.path().is_ident("classify") && parts(attr).iter().any(|p| p.to_string() == "forward")
}

/// What the attributes of a variant say; a second verdict is a fault.
fn verdict(attrs: &[Attribute], diag: &Diag) -> Option<Verdict> {
    let mut found = None;
    for attr in attrs.iter().filter(|a| is_verdict(a)) {
        let said = if attr.path().is_ident("transient") {
            Verdict::Transient
        } else if attr.path().is_ident("permanent") {
            Verdict::Permanent
        } else if attr.path().is_ident("neutral") {
            Verdict::Neutral
        } else if attr.path().is_ident("throttled") {
            Verdict::Throttled {
                retry_after: retry_after(attr, diag),
            }
        } else {
            Verdict::Forward(parts(attr).first().map_or_else(Span::call_site, first))
        };
        if WORDS.iter().any(|w| attr.path().is_ident(w)) && !matches!(attr.meta, Meta::Path(_)) {
            let word = attr.path().to_token_stream();
            diag.error(
                &attr.meta,
                help(
                    format!("`{word}` takes nothing"),
                    format!("write `#[{word}]`"),
                ),
            );
        }
        if found.replace(said).is_some() {
            diag.error(
                attr,
                help(
                    "a second verdict",
                    "a variant is one thing: remove one of the two",
                ),
            );
        }
    }
    found
}

/// `retry_after = field`.
fn retry_after(attr: &Attribute, diag: &Diag) -> Option<TokenStream> {
    let mut field = None;
    for part in parts(attr) {
        let tokens: Vec<TokenTree> = part.clone().into_iter().collect();
        match tokens.as_slice() {
            [TokenTree::Ident(word), TokenTree::Punct(eq), value]
                if word == "retry_after" && eq.as_char() == '=' =>
            {
                field = Some(value.to_token_stream());
            }
            _ => diag.error(
                &part,
                help(
                    format!("`throttled({part})` means nothing"),
                    "write `#[throttled(retry_after = field)]`, with a field that is a `Duration` or an \
                     `Option<Duration>`",
                ),
            ),
        }
    }
    field
}

/// What stands between the commas of `#[name(..)]`.
fn parts(attr: &Attribute) -> Vec<TokenStream> {
    match &attr.meta {
        Meta::List(list) => crate::parse::at_commas(list.tokens.clone())
            .into_iter()
            .map(|p| p.tokens)
            .collect(),
        _ => Vec::new(),
    }
}

fn has_field(fields: &Fields, name: &str) -> bool {
    fields.iter().enumerate().any(|(i, f)| match &f.ident {
        Some(ident) => ident == name,
        None => i.to_string() == name,
    })
}

/// What to write where a field of another name was meant.
fn field_to_write(variant: &str, fields: &Fields) -> String {
    let names: Vec<String> = fields
        .iter()
        .enumerate()
        .map(|(i, f)| {
            f.ident
                .as_ref()
                .map_or_else(|| format!("`{i}`"), |ident| format!("`{ident}`"))
        })
        .collect();
    if names.is_empty() {
        format!("write `#[throttled]`, or give `{variant}` a field of type `Duration`")
    } else {
        format!("write one of its fields: {}", names.join(", "))
    }
}

/// Whether a type names one of these generics.
fn mentions(tokens: &TokenStream, params: &[Ident]) -> bool {
    tokens.clone().into_iter().any(|t| match t {
        TokenTree::Ident(i) => params.contains(&i),
        TokenTree::Group(g) => mentions(&g.stream(), params),
        _ => false,
    })
}

fn first(tokens: &TokenStream) -> Span {
    crate::input::first_span(tokens)
}
