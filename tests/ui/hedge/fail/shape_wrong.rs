use resil::hedge;

#[hedge(after = 50ms)]
fn not_async() -> Result<u32, String> {
    Ok(1)
}

#[hedge(after = 50ms)]
async fn no_result() -> u32 {
    1
}

#[hedge(after = 50ms)]
async fn nothing() {}

#[hedge(after = 50ms)]
struct NoFunction;

fn main() {}
