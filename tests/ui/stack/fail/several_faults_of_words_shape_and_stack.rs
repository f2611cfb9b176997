use resil::{idempotent, retry, timeout};

#[idempotent(key = order, ttl = 60)]
#[retry(max = unlimited, colour = 1)]
#[timeout(1s)]
#[retry]
async fn pay(mut order: u32) -> u32 {
    order += 1;
    order
}

async fn caller() -> u32 {
    pay(1).await
}

fn main() {
    drop(caller());
}
