use resil::timeout;

#[timeout(5)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

// The function is still there as it was written: no second error.
async fn caller() -> Result<u32, resil::Error> {
    Ok(fetch().await? + 1)
}

fn main() {
    drop(caller());
}
