use resil::hedge;

#[hedge(50ms)]
async fn time() -> Result<u32, String> {
    Ok(1)
}

#[hedge(p95)]
async fn percentile() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, 3)]
async fn number() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, 10%)]
async fn share() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
