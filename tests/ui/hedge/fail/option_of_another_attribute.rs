use resil::hedge;

#[hedge(after = 50ms, jitter)]
async fn jitter() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, name = "pay")]
async fn name() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, within = 1s)]
async fn within() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, key = 1)]
async fn key() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
