use resil::{circuit, retry, timeout};

#[circuit(failures = 0, openfor = 5s)]
#[timeout(5)]
#[retry(max_attempts = 5, base = 1)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

async fn caller() -> Result<u32, resil::Error> {
    Ok(fetch().await? + 1)
}

fn main() {
    drop(caller());
}
