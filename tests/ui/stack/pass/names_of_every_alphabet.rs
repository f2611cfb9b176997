//! Raw identifiers (those that edition 2024 took too) and names beyond ASCII: of functions, types,
//! arguments, fields, constants, in patterns, keys and limits.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{circuit, idempotent, retry, timeout};

const ÉCHÉANCE: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
enum Störung {
    #[error("Netz weg")]
    NetzWeg { r#type: u8 },
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

struct Größe {
    r#match: Duration,
}

#[idempotent(key = (r#type, größe.r#match))]
#[circuit(key = r#type)]
#[timeout(ÉCHÉANCE)]
#[retry(base = 1ms, clone(r#try), on(Störung::NetzWeg { r#type: 1..=2 }))]
#[timeout(größe.r#match)]
async fn r#gen(
    r#type: u8,
    größe: &Größe,
    次数: &Cell<u8>,
    mut r#try: String,
) -> Result<String, Störung> {
    次数.set(次数.get() + 1);
    r#try.push('é');
    if 次数.get() < 3 {
        return Err(Störung::NetzWeg { r#type });
    }
    Ok(r#try)
}

#[retry(base = 1ms, on(r#type if *r#type > 4))]
async fn запрос<'жизнь>(r#type: &'жизнь u8) -> Result<&'жизнь str, u8> {
    Err(*r#type)
}

#[tokio::test(start_paused = true)]
async fn main() {
    let (größe, 次数) = (
        Größe {
            r#match: Duration::from_secs(1),
        },
        Cell::new(0),
    );
    assert_eq!(
        r#gen(1, &größe, &次数, "caf".to_owned())
            .await
            .ok()
            .as_deref(),
        Some("café")
    );
    assert_eq!(次数.take(), 3);
    assert!(r#gen(3, &größe, &次数, String::new()).await.is_err());
    assert_eq!(次数.take(), 1);
    assert_eq!(запрос(&5).await, Err(5));
}
