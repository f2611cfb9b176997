//! The limit is evaluated before the body: what it moves is gone for the body too.
struct Limits(std::time::Duration);

fn limit(limits: Limits) -> std::time::Duration {
    limits.0
}

#[resil::timeout(limit(limits))]
async fn fetch(limits: Limits) -> Result<u128, resil::Error> {
    Ok(limits.0.as_millis())
}

fn main() {}
