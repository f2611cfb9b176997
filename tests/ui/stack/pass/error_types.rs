#![deny(warnings)]
use resil::timeout;

#[derive(Debug, thiserror::Error)]
enum PayError {
    #[error("refused")]
    Refused,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

type Answer<T> = Result<T, PayError>;
type Boxed = Box<dyn std::error::Error + Send + Sync>;

#[timeout(1s)]
async fn own(ok: bool) -> Answer<u32> {
    if ok { Ok(1) } else { Err(PayError::Refused) }
}

#[timeout(1s)]
async fn any() -> anyhow::Result<u32> {
    Ok(1)
}

#[timeout(1s)]
async fn report() -> eyre::Result<u32> {
    Ok(1)
}

#[timeout(1s)]
async fn boxed() -> Result<u32, Boxed> {
    Ok(1)
}

#[timeout(1s)]
async fn io() -> std::io::Result<u32> {
    Ok(1)
}

#[timeout(1s)]
async fn generic<E: From<resil::Error>>(answer: Result<u32, E>) -> Result<u32, E> {
    answer
}

#[test]
fn main() {
    drop((own(true), any(), report(), boxed(), io(), generic::<PayError>(Ok(1))));
}
