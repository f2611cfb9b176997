use resil::hedge;

#[hedge(after = wait)]
async fn after(wait: std::time::Duration) -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, max = n)]
async fn max(n: u32) -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, budget = share)]
async fn budget(share: f64) -> Result<u32, String> {
    Ok(1)
}

fn main() {}
