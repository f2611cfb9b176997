use resil::hedge;

#[hedge(after = p95())]
async fn empty() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p95(50ms))]
async fn nameless() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p95(default = 50))]
async fn no_unit() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p95(defualt = 50ms))]
async fn misspelt() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p95(default = 50ms, default = 60ms))]
async fn twice() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p95, default = 50ms)]
async fn outside() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = p99.9(initial = 50ms))]
async fn another_name() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
