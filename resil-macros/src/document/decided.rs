//! The sentence that says what decides whether an error is retried, and whether it is a failure of
//! the circuit. Where `on(..)` decides alone, there is none.
//!
//! The macro sees the error type as it is written, and no impls. So the sentence is true whether
//! the type has a `Classify` or not. It says more where the name alone tells: for a type parameter,
//! whose bounds are written, and for the types that resil knows, by the features that it was built
//! with.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{
    GenericArgument, GenericParam, Generics, PathArguments, PathSegment, Token, Type,
    TypeParamBound, WherePredicate,
};

use crate::facts::{Classifies, Facts};
use crate::input::Input;
use crate::policy::{POLICIES, code};
use crate::return_type::{future_output, returns_future};
use crate::tokens::shown_whole;

#[cfg(test)]
mod tests;

/// Returns the sentence, if a layer leaves a decision to the class of an error.
pub(super) fn sentence(input: &Input, facts: &[Facts]) -> Option<String> {
    // In the order of the table, whatever the order of the stack.
    let decisions: Vec<&Classifies> = POLICIES
        .iter()
        .flat_map(|policy| facts.iter().filter(|layer| layer.policy == policy.name))
        .filter_map(|layer| layer.classifies.as_ref())
        .collect();
    let (first, others) = decisions.split_first()?;
    let mut whether = format!("an error {}", first.consequence);
    let mut is = first.consequence.to_owned();
    for other in others {
        whether = format!("{whether}, and whether it {},", other.consequence);
        is = format!("{is}, and {}", other.consequence);
    }
    let other = decisions.iter().any(|decision| decision.has_exceptions);
    let every = if other {
        "every other error"
    } else {
        "every error"
    };
    let decides = |by: String| format!("Whether {whether} is decided by {by}.");
    let all = |why: String| format!("E{} {is}: {why}.", every.trim_start_matches('e'));
    Some(match decided(input) {
        By::Classify(ty) => decides(format!("`Classify` of {ty}")),
        By::Feature(ty, feature) => {
            decides(format!("`Classify` of {ty} (resil's feature `{feature}`)"))
        }
        By::NoFeature(ty, feature) => all(format!(
            "`Classify` of {ty} comes with resil's feature `{feature}`, which is off"
        )),
        By::NoBound(ty) => all(format!("{ty} has no `Classify` among its bounds")),
        By::Chain(ty) => decides(format!(
            "the first error in the chain of {ty} that has a `Classify` known to resil; where there \
             is none, {every} {is}"
        )),
        By::Perhaps(ty) => decides(format!(
            "`Classify` of {ty} where it has one; else {every} {is}"
        )),
        By::PerhapsChain(ty) => decides(format!(
            "`Classify` of {ty} where it has one (for `anyhow::Error`, `eyre::Report` and boxed \
             errors: by the first error in the chain that has one); else {every} {is}"
        )),
    })
}

/// The thing that decides, with the error type as it is shown.
enum By {
    /// A type that has a `Classify` for certain.
    Classify(String),
    /// A type of another crate, and the feature of resil for it, which is on.
    Feature(String, &'static str),
    /// A type of another crate, and the feature of resil for it, which is off.
    NoFeature(String, &'static str),
    /// A type parameter without `Classify` among its bounds.
    NoBound(String),
    /// A type that wraps any error.
    Chain(String),
    /// A type that may have a `Classify` or not.
    Perhaps(String),
    /// A type that may have a `Classify`, or wrap any error, or neither.
    PerhapsChain(String),
}

fn decided(input: &Input) -> By {
    let Some(Type::Path(ret)) = returned(input) else {
        return By::PerhapsChain("its error type".to_owned());
    };
    let segments = &ret.path.segments;
    if let Some(error) = arguments(segments).get(1) {
        return of_type(error, &input.sig.generics);
    }
    // `io::Result<T>` and similar aliases tell their error type by their names.
    let error = match names(segments).as_slice() {
        [.., module, result] if result == "Result" => match module.as_str() {
            "io" => "std::io::Error",
            "reqwest" => "reqwest::Error",
            "tonic" => "tonic::Status",
            "anyhow" => "anyhow::Error",
            "eyre" | "color_eyre" => "eyre::Report",
            _ => "",
        },
        [.., result] if result == "RedisResult" => "redis::RedisError",
        _ => "",
    };
    match syn::parse_str::<Type>(error) {
        Ok(error) => of_type(&error, &input.sig.generics),
        Err(_) => By::PerhapsChain(format!("the error type of {}", shown(&ret))),
    }
}

/// Returns the type of the function's outcome.
fn returned(input: &Input) -> Option<Type> {
    let ty = input.output()?;
    let ty = if input.sig.asyncness.is_none() && returns_future(ty) {
        syn::parse2(future_output(ty)?).ok()?
    } else {
        ty.clone()
    };
    Some(peeled(&ty).clone())
}

fn of_type(ty: &Type, generics: &Generics) -> By {
    let ty = peeled(ty);
    let shown = shown(ty);
    let by_bounds = |bounds: bool| {
        if bounds {
            By::Classify(shown.clone())
        } else {
            By::NoBound(shown.clone())
        }
    };
    let path = match ty {
        Type::Path(path) if path.qself.is_none() => &path.path,
        Type::ImplTrait(opaque) => return by_bounds(classifies(&opaque.bounds)),
        _ => return By::Perhaps(shown),
    };
    if let Some(bounds) = path
        .get_ident()
        .and_then(|name| of_parameter(name, generics))
    {
        return by_bounds(bounds);
    }
    let names = names(&path.segments);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // A box and an `Arc` are classified by what they hold.
    if let ([.., "Box" | "Arc"], [held]) = (names.as_slice(), arguments(&path.segments).as_slice())
    {
        return match peeled(held) {
            Type::TraitObject(object) if boxed(&object.bounds) => By::Chain(shown),
            Type::TraitObject(_) => By::Perhaps(shown),
            held => of_type(held, generics),
        };
    }
    let foreign = |feature: &'static str, on: bool| {
        if on {
            By::Feature(shown.clone(), feature)
        } else {
            By::NoFeature(shown.clone(), feature)
        }
    };
    match names.as_slice() {
        ["resil" | "io", "Error"] | ["std", "io", "Error"] => By::Classify(shown),
        ["http", "StatusCode"] | ["reqwest" | "axum", .., "StatusCode"] => {
            foreign("http", cfg!(feature = "http"))
        }
        ["reqwest", "Error"] => foreign("reqwest", cfg!(feature = "reqwest")),
        ["redis", "RedisError"] => foreign("redis", cfg!(feature = "redis")),
        ["tokio_postgres", "Error"] => foreign("tokio-postgres", cfg!(feature = "tokio-postgres")),
        ["tonic", "Status"] => foreign("tonic", cfg!(feature = "tonic")),
        ["anyhow", "Error"] | ["eyre", "Report" | "Error"] | ["color_eyre", .., "Report"] => {
            By::Chain(shown)
        }
        ["Error" | "Report" | "BoxError"]
        | ["crate" | "self" | "super", .., "Error" | "BoxError"] => By::PerhapsChain(shown),
        _ => By::Perhaps(shown),
    }
}

/// Formats a type as people write it: the spaces that comparisons have around `<` and `>` are
/// removed.
fn shown(ty: &impl ToTokens) -> String {
    const TIGHT: [(&str, &str); 4] = [(" <", "<"), ("< ", "<"), (" >", ">"), ("& ", "&")];
    let text = shown_whole(&ty.to_token_stream());
    code(
        &TIGHT
            .iter()
            .fold(text, |text, (from, to)| text.replace(from, to)),
    )
}

/// Whether a type parameter of the function has a `Classify` among its bounds; `None` for any other
/// type.
fn of_parameter(name: &Ident, generics: &Generics) -> Option<bool> {
    let parameter = generics.params.iter().find_map(|p| match p {
        GenericParam::Type(p) if p.ident == *name => Some(p),
        _ => None,
    })?;
    let clauses = generics.where_clause.iter().flat_map(|w| &w.predicates);
    let bound_there = clauses.into_iter().any(|clause| match clause {
        WherePredicate::Type(clause) => {
            let bounded = clause.bounded_ty.to_token_stream().to_string();
            *name == bounded && classifies(&clause.bounds)
        }
        _ => false,
    });
    Some(classifies(&parameter.bounds) || bound_there)
}

type Bounds = Punctuated<TypeParamBound, Token![+]>;

fn classifies(bounds: &Bounds) -> bool {
    traits(bounds).any(|name| name == "Classify")
}

/// Whether the box is one that resil looks into: with `Send` and `Sync`, or with neither.
fn boxed(bounds: &Bounds) -> bool {
    let has = |word: &str| traits(bounds).any(|name| name == word);
    has("Error") && has("Send") == has("Sync")
}

/// Returns the last name in the path of each trait.
fn traits(bounds: &Bounds) -> impl Iterator<Item = &Ident> {
    bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().map(|s| &s.ident),
        _ => None,
    })
}

fn names(segments: &Punctuated<PathSegment, Token![::]>) -> Vec<String> {
    segments.iter().map(|s| s.ident.to_string()).collect()
}

/// Returns the types in the last segment's angle brackets.
fn arguments(segments: &Punctuated<PathSegment, Token![::]>) -> Vec<Type> {
    match segments.last().map(|s| &s.arguments) {
        Some(PathArguments::AngleBracketed(list)) => {
            let types = list.args.iter().filter_map(|arg| match arg {
                GenericArgument::Type(ty) => Some(ty.clone()),
                _ => None,
            });
            types.collect()
        }
        _ => Vec::new(),
    }
}

/// Removes parentheses, and the groups that a `macro_rules!` leaves.
fn peeled(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peeled(&group.elem),
        Type::Paren(paren) => peeled(&paren.elem),
        ty => ty,
    }
}
