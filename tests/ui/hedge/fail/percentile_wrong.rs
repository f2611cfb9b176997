use resil::hedge;

#[hedge(after = p100)]
async fn all() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p10)]
async fn too_low() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p95.5)]
async fn between() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p999)]
async fn without_a_point() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 95%)]
async fn share() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 0.95)]
async fn fraction() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = "p95")]
async fn text() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p95 + p99)]
async fn two() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
