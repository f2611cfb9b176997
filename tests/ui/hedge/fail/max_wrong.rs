use resil::hedge;

#[hedge(after = 50ms, max = 1)]
async fn one() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, max = 0)]
async fn none() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, max = 17)]
async fn many() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, max = unlimited)]
async fn no_end() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, max = 2.5)]
async fn half() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, max = 2s)]
async fn time() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
