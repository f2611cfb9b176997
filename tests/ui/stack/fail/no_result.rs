use resil::{circuit, retry, timeout};

#[circuit]
#[retry]
async fn number() -> u32 {
    1
}

#[retry]
async fn nothing() {}

#[timeout(1s)]
async fn option() -> Option<u32> {
    None
}

#[timeout(1s)]
async fn tuple() -> (u32, u32) {
    (1, 2)
}

async fn caller() -> u32 {
    nothing().await;
    number().await + option().await.unwrap_or(1) + tuple().await.0
}

fn main() {
    drop(caller());
}
