use resil::hedge;

#[hedge(after = 50ms, on(|e| e.is_empty()))]
async fn closure() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, on(Err("x")))]
async fn error() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, on())]
async fn nothing() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, on = )]
async fn everything() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
