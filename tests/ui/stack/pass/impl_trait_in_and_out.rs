//! `impl Trait` as argument and in the answer; with an owned argument that is neither `Clone` nor
//! `Copy` and is only borrowed.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::fmt::Display;

use resil::{retry, timeout};

struct Token(String);

#[timeout(9s)]
#[retry(base = 1ms)]
#[timeout(1s)]
async fn search<'q>(
    token: Token,
    terms: impl IntoIterator<Item = &'q str> + Clone,
    url: impl AsRef<str>,
    runs: &Cell<u32>,
) -> Result<impl Iterator<Item = (usize, String)> + Clone + 'static, resil::Error> {
    runs.set(runs.get() + 1);
    if runs.get() < 3 {
        std::future::pending::<()>().await;
    }
    let hits: Vec<String> = terms
        .clone()
        .into_iter()
        .map(|t| format!("{}/{t}#{}", url.as_ref(), token.0))
        .collect();
    Ok(hits.into_iter().enumerate())
}

#[retry(base = 1ms)]
async fn describe(
    what: &(impl Display + ?Sized),
) -> Result<Box<dyn Display + '_>, impl std::error::Error> {
    if what.to_string().is_empty() {
        Err(std::fmt::Error)
    } else {
        Ok(Box::new(what))
    }
}

#[tokio::test(start_paused = true)]
async fn main() -> Result<(), resil::Error> {
    let runs = Cell::new(0);
    let hits = search(Token("t".to_owned()), ["a", "b"], String::from("x"), &runs).await?;
    assert_eq!(hits.clone().count(), 2);
    assert_eq!(hits.last(), Some((1, "x/b#t".to_owned())));
    assert_eq!(runs.get(), 3);
    let what: &dyn Display = &7;
    assert_eq!(
        describe(what).await.map(|d| d.to_string()).ok(),
        Some("7".to_owned())
    );
    Ok(())
}
