use resil::hedge;

#[hedge(aftr = 50ms)]
async fn near() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, colour = 3)]
async fn far() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, maxx = 3)]
async fn nearly() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
