use resil::hedge;

#[hedge(after = 50ms, after = 60ms)]
async fn after() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms, on("a"), on("b"))]
async fn pattern() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms)]
#[hedge(after = 60ms)]
async fn attribute() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
