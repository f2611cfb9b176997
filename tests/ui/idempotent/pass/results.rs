#![deny(warnings)]
use std::borrow::Cow;
use std::collections::HashMap;

use resil::idempotent;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Receipt<T>(T);

#[idempotent(key = order)]
async fn generic<T: Serialize + DeserializeOwned>(order: u32, t: T) -> Result<Receipt<T>, resil::Error> {
    let _ = order;
    Ok(Receipt(t))
}

#[idempotent(key = order)]
async fn map(order: u32) -> anyhow::Result<HashMap<String, u32>> {
    Ok(HashMap::from([(String::new(), order)]))
}

#[idempotent(key = text)]
async fn cow(text: &str) -> Result<Cow<'_, str>, resil::Error> {
    Ok(Cow::Borrowed(text))
}

#[test]
fn main() {
    drop((generic(1, 2), map(1), cow("a")));
}
