use resil::{hedge, retry, timeout};

#[timeout(1s)]
#[hedge(after = 2s)]
async fn after_the_limit_around() -> Result<u32, resil::Error> {
    Ok(1)
}

#[hedge(after = 1s)]
#[retry(max = 2)]
#[timeout(100ms)]
async fn after_the_limit_inside() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(1s)]
#[hedge(after = p95(default = 2s))]
async fn by_the_default_of_a_percentile() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
