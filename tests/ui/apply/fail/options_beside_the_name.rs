//! Each at the user's own token.
resil::stack! {
    PAY = #[circuit(name = "pay")] #[timeout(5s)] #[retry(max = 4, cap = 1s)];
}

#[resil::apply(PAY, retry(base = 2s))]
async fn above_the_cap() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, retry(maxx = 2), circuit(failures = 0))]
async fn words() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, retry(max = 2, max = 3))]
async fn twice_in_one() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, retry(max = 2), retry(base = 1s))]
async fn twice() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, retry, circuit())]
async fn nothing() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, timeout(100ms))]
async fn shorter() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(PAY, timeout(100ms), retry(constant, base = 60ms, jitter = none))]
async fn never_starts() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
