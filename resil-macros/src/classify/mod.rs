//! `#[derive(Classify)]`: writes the classes of the variants as a `match`.

mod attributes;

use self::attributes::{Attributes, Place, Verdict};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Data, DeriveInput, Fields, GenericParam, WherePredicate};

use crate::diag::{Diag, help};
use crate::tokens::{first_span, mixed};

/// Writes the `impl` of `Classify`. On any fault, writes all messages and a stand-in for the
/// `impl`.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(e) => return e.to_compile_error(),
    };
    let diag = Diag::new();
    let (krate, expanded) = expand(&input, &diag);
    match diag.finish() {
        None => expanded,
        // Without an impl, rustc would also report each use of it elsewhere.
        Some(errors) => {
            let class = quote!(_ => #krate::__private::Class::Permanent,);
            let stand_in = implementation(&input, &krate, &[class], Vec::new());
            quote!(#errors #stand_in)
        }
    }
}

/// Returns the path of resil and the `impl`.
fn expand(input: &DeriveInput, diag: &Diag) -> (TokenStream, TokenStream) {
    let place = match &input.data {
        Data::Struct(_) => Place::Struct,
        _ => Place::Enum,
    };
    attributes::refuse_on_fields(input, diag);
    let Attributes {
        verdict: own,
        default,
        krate,
    } = attributes::read(&input.attrs, place, diag);
    let krate = krate.unwrap_or_else(crate::krate::path);
    let mut forwarded = Vec::new();
    let mut arm = |path: TokenStream, name: &Ident, fields: &Fields, verdict: Option<Verdict>| {
        if verdict.is_none() {
            diag.error(name, no_verdict(name, place));
        }
        arm(&path, name, fields, &verdict?, &krate, &mut forwarded, diag)
    };
    let arms: Vec<TokenStream> = match &input.data {
        Data::Enum(data) => data
            .variants
            .iter()
            .filter_map(|variant| {
                let name = &variant.ident;
                let verdict = attributes::read(&variant.attrs, Place::Variant, diag).verdict;
                // A class on the enum itself was reported: variants without one are not reported as
                // well.
                let refused = own.is_some().then_some(Verdict::Transient);
                let verdict = verdict.or_else(|| default.clone()).or(refused);
                arm(quote!(Self::#name), name, &variant.fields, verdict)
            })
            .collect(),
        Data::Struct(data) => {
            let verdict = own.or(default);
            let arm = arm(quote!(Self), &input.ident, &data.fields, verdict);
            arm.into_iter().collect()
        }
        Data::Union(data) => {
            diag.error(
                data.union_token,
                help(
                    "`Classify` can't be derived for a union",
                    "write `impl resil::Classify for ..`",
                ),
            );
            Vec::new()
        }
    };
    let implementation = implementation(input, &krate, &arms, forwarded);
    (krate, implementation)
}

fn no_verdict(name: &Ident, place: Place) -> String {
    help(
        format!("`{name}` has no verdict"),
        match place {
            Place::Struct => {
                "write `#[transient]`, `#[permanent]`, `#[throttled]`, `#[neutral]` or \
                 `#[classify(forward)]` above it"
            }
            _ => {
                "write `#[transient]`, `#[permanent]`, `#[throttled]`, `#[neutral]` or \
                 `#[classify(forward)]` above it, or `#[classify(default = transient)]` \
                 above the enum"
            }
        },
    )
}

fn implementation(
    input: &DeriveInput,
    krate: &TokenStream,
    arms: &[TokenStream],
    forwarded: Vec<TokenStream>,
) -> TokenStream {
    let name = &input.ident;
    let mut generics = input.generics.clone();
    let params: Vec<Ident> = generics.type_params().map(|p| p.ident.clone()).collect();
    let own = [name.clone(), Ident::new("Self", name.span())];
    for ty in forwarded {
        // A bound on a type that holds the enum itself would be circular.
        if mentions(&ty, &params) && !mentions(&ty, &own) {
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
    let registration = registration(input, krate);
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Classify for #name #ty_generics #where_clause {
            fn classify(&self) -> #krate::__private::Class {
                match #scrutinee {
                    #(#arms)*
                }
            }
        }
        #registration
    }
}

/// Registers the type, so that its class is found where another error wraps it: an `anyhow::Error`
/// can be asked only for types that are named. A generic type can't be registered. One with
/// lifetimes is registered as `'static`, so a value that borrows is not found.
fn registration(input: &DeriveInput, krate: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let mut arguments = TokenStream::new();
    for param in &input.generics.params {
        match param {
            GenericParam::Lifetime(_) => arguments.extend(quote!('static,)),
            GenericParam::Type(_) | GenericParam::Const(_) => return TokenStream::new(),
        }
    }
    quote! {
        const _: () = {
            fn __resil_class(
                error: &(dyn ::core::error::Error + 'static),
            ) -> ::core::option::Option<#krate::__private::Class> {
                #krate::__private::Link::<#name<#arguments>>::new().__resil_class(error)
            }
            #krate::__private::submit! {
                #krate::__private::Derived::new::<#name<#arguments>>(__resil_class)
            }
        };
    }
}

/// Writes one arm of the `match`: `Pattern { field: value, .. } => class,`.
fn arm(
    path: &TokenStream,
    name: &Ident,
    fields: &Fields,
    verdict: &Verdict,
    krate: &TokenStream,
    forwarded: &mut Vec<TokenStream>,
    diag: &Diag,
) -> Option<TokenStream> {
    let class = quote!(#krate::__private::Class);
    Some(match verdict {
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
            let span = mixed(first_span(field));
            let value = format_ident!("__resil_retry_after", span = span);
            quote_spanned!(span=> #path { #field: #value, .. } => #class::Throttled {
                // The field is a `Duration` or an `Option` of one.
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
            let span = mixed(first_span(&ty));
            forwarded.push(ty);
            let value = format_ident!("__resil_inner", span = span);
            quote_spanned!(span=> #path { #member: #value } => {
                #krate::__private::Forward::new(#value).__resil_class()
            })
        }
    })
}

fn has_field(fields: &Fields, name: &str) -> bool {
    fields.iter().enumerate().any(|(i, f)| match &f.ident {
        Some(ident) => ident == name,
        None => i.to_string() == name,
    })
}

/// Formats the help that proposes the fields that there are.
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

/// Whether the tokens name one of `params`.
fn mentions(tokens: &TokenStream, params: &[Ident]) -> bool {
    tokens.clone().into_iter().any(|t| match t {
        TokenTree::Ident(i) => params.contains(&i),
        TokenTree::Group(g) => mentions(&g.stream(), params),
        _ => false,
    })
}
