use resil::hedge;

#[hedge(after = 50)]
async fn no_unit() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = "50ms")]
async fn text() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = -5ms)]
async fn negative() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = true)]
async fn yes() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after)]
async fn nothing() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 5 ms)]
async fn pieces() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = never)]
async fn never() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50msec)]
async fn unknown_unit() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
