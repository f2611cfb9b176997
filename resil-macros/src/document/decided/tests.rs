//! The sentence for error types of every kind, as they are written.

use quote::quote;

use super::super::tests::section_on;

/// Returns the sentence for `signature` under `stack`, or an empty string.
fn said(stack: &[&str], signature: &str) -> String {
    let signature: proc_macro2::TokenStream = signature.parse().expect("tokens");
    let text = section_on(stack, quote!(#[doc = "Documented."] #signature {}));
    let line = text
        .lines()
        .find(|l| l.starts_with("Whether ") || l.starts_with("Every "));
    line.unwrap_or_default().to_owned()
}

#[track_caller]
fn check(signature: &str, expected: &str) {
    assert_eq!(said(&["retry"], signature), expected, "{signature}");
}

fn decided(by: &str) -> String {
    format!("Whether an error is retried is decided by {by}.")
}

fn perhaps(ty: &str) -> String {
    decided(&format!(
        "`Classify` of `{ty}` where it has one; else every error is retried"
    ))
}

fn perhaps_chain(ty: &str) -> String {
    decided(&format!(
        "`Classify` of {ty} where it has one (for `anyhow::Error`, `eyre::Report` and boxed errors: \
         by the first error in the chain that has one); else every error is retried"
    ))
}

fn chain(ty: &str) -> String {
    decided(&format!(
        "the first error in the chain of `{ty}` that has a `Classify` known to resil; where there is \
         none, every error is retried"
    ))
}

#[test]
fn ones_own_type_has_one_or_not() {
    for (ret, ty) in [
        ("Result<(), PayError>", "PayError"),
        ("std::result::Result<u8, pay::Error>", "pay::Error"),
        ("Result<(), Self::Error>", "Self::Error"),
        ("Result<(), S::Error>", "S::Error"),
        ("Result<(), sqlx::Error>", "sqlx::Error"),
        ("axum::response::Result<(), Failed<'a>>", "Failed<'a>"),
        ("Result<(), &'static str>", "&'static str"),
        ("Result<(), Box<dyn Error + Send>>", "Box<dyn Error + Send>"),
        ("Result<(), Arc<PayError>>", "PayError"),
    ] {
        check(&format!("async fn f() -> {ret}"), &perhaps(ty));
    }
}

#[test]
fn a_name_that_may_be_anyhows() {
    for (ret, ty) in [
        ("Result<(), Error>", "`Error`"),
        ("Result<(), crate::Error>", "`crate::Error`"),
        ("Result<(), BoxError>", "`BoxError`"),
        ("Result<()>", "the error type of `Result<()>`"),
        (
            "axum::response::Result<()>",
            "the error type of `axum::response::Result<()>`",
        ),
        ("Answer", "the error type of `Answer`"),
    ] {
        check(&format!("async fn f() -> {ret}"), &perhaps_chain(ty));
    }
}

#[test]
fn what_wraps_any_error() {
    for (ret, ty) in [
        ("Result<(), anyhow::Error>", "anyhow::Error"),
        ("anyhow::Result<()>", "anyhow::Error"),
        ("eyre::Result<()>", "eyre::Report"),
        ("color_eyre::eyre::Result<()>", "eyre::Report"),
        ("Result<(), color_eyre::Report>", "color_eyre::Report"),
        ("Result<(), Box<dyn Error>>", "Box<dyn Error>"),
        (
            "Result<(), Box<dyn std::error::Error + Send + Sync>>",
            "Box<dyn std::error::Error + Send + Sync>",
        ),
    ] {
        check(&format!("async fn f() -> {ret}"), &chain(ty));
    }
}

#[test]
fn types_that_are_known() {
    for (ret, ty) in [
        ("Result<(), resil::Error>", "resil::Error"),
        ("Result<(), std::io::Error>", "std::io::Error"),
        ("Result<(), io::Error>", "io::Error"),
        ("io::Result<()>", "std::io::Error"),
    ] {
        check(
            &format!("async fn f() -> {ret}"),
            &decided(&format!("`Classify` of `{ty}`")),
        );
    }
    for (ret, ty, feature, on) in [
        (
            "Result<(), tonic::Status>",
            "tonic::Status",
            "tonic",
            cfg!(feature = "tonic"),
        ),
        (
            "Result<(), Box<tonic::Status>>",
            "tonic::Status",
            "tonic",
            cfg!(feature = "tonic"),
        ),
        (
            "tonic::Result<()>",
            "tonic::Status",
            "tonic",
            cfg!(feature = "tonic"),
        ),
        (
            "Result<(), reqwest::Error>",
            "reqwest::Error",
            "reqwest",
            cfg!(feature = "reqwest"),
        ),
        (
            "reqwest::Result<()>",
            "reqwest::Error",
            "reqwest",
            cfg!(feature = "reqwest"),
        ),
        (
            "Result<(), redis::RedisError>",
            "redis::RedisError",
            "redis",
            cfg!(feature = "redis"),
        ),
        (
            "redis::RedisResult<()>",
            "redis::RedisError",
            "redis",
            cfg!(feature = "redis"),
        ),
        (
            "Result<(), http::StatusCode>",
            "http::StatusCode",
            "http",
            cfg!(feature = "http"),
        ),
        (
            "Result<(), tokio_postgres::Error>",
            "tokio_postgres::Error",
            "tokio-postgres",
            cfg!(feature = "tokio-postgres"),
        ),
    ] {
        let expected = if on {
            decided(&format!(
                "`Classify` of `{ty}` (resil's feature `{feature}`)"
            ))
        } else {
            format!(
                "Every error is retried: `Classify` of `{ty}` comes with resil's feature \
                 `{feature}`, which is off."
            )
        };
        check(&format!("async fn f() -> {ret}"), &expected);
    }
}

#[test]
fn a_type_parameter_goes_by_its_bounds() {
    let bound = decided("`Classify` of `E`");
    let free = "Every error is retried: `E` has no `Classify` among its bounds.";
    for (signature, expected) in [
        ("async fn f<E>() -> Result<(), E>", free),
        (
            "async fn f<E: From<resil::Error> + Send>() -> Result<(), E>",
            free,
        ),
        (
            "async fn f<E: resil::Classify>() -> Result<(), E>",
            bound.as_str(),
        ),
        (
            "async fn f<E>() -> Result<(), E> where E: Send + Classify",
            bound.as_str(),
        ),
        ("async fn f<E, F: Classify>() -> Result<F, E>", free),
        // A parameter of the `impl`, whose bounds the macro does not see.
        ("async fn f() -> Result<(), E>", perhaps("E").as_str()),
    ] {
        check(signature, expected);
    }
    check(
        "async fn f() -> Result<(), impl Classify + Debug>",
        &decided("`Classify` of `impl Classify + Debug`"),
    );
    check(
        "async fn f() -> Result<(), impl Debug>",
        "Every error is retried: `impl Debug` has no `Classify` among its bounds.",
    );
}

#[test]
fn a_future_by_hand_answers_its_output() {
    for signature in [
        "fn f() -> Pin<Box<dyn Future<Output = Result<(), PayError>> + Send>>",
        "fn f() -> impl Future<Output = Result<(), PayError>> + Send",
        "fn f<'a>() -> BoxFuture<'a, Result<(), PayError>>",
    ] {
        check(signature, &perhaps("PayError"));
    }
}

#[test]
fn which_layers_ask() {
    const G: &str = "async fn f<E>() -> Result<(), E>";
    const WHY: &str = "`E` has no `Classify` among its bounds.";
    const F: &str = "async fn f() -> Result<(), io::Error>";
    const BY: &str = "is decided by `Classify` of `io::Error`.";
    for (stack, expected) in [
        (&["timeout(1s)"][..], String::new()),
        (&["retry(max = 1)"], String::new()),
        (&["retry(on(Lost))"], String::new()),
        (&["circuit(on(Lost))", "retry(on(Lost))"], String::new()),
        (
            &["retry(unless(Lost))"],
            format!("Whether an error is retried {BY}"),
        ),
        (
            &["circuit(on(Lost))", "retry"],
            format!("Whether an error is retried {BY}"),
        ),
        (
            &["circuit", "retry(on(Lost))"],
            format!("Whether an error is a failure of the circuit {BY}"),
        ),
        (
            &["circuit", "retry"],
            format!(
                "Whether an error is retried, and whether it is a failure of the circuit, {BY}"
            ),
        ),
    ] {
        assert_eq!(said(stack, F), expected, "{stack:?}");
    }
    for (stack, expected) in [
        (&["retry(unless(Lost))"][..], "Every other error is retried"),
        (
            &["circuit(ignore(Lost))"],
            "Every other error is a failure of the circuit",
        ),
        (
            &["circuit", "retry"],
            "Every error is retried, and is a failure of the circuit",
        ),
    ] {
        assert_eq!(said(stack, G), format!("{expected}: {WHY}"), "{stack:?}");
    }
}
