use resil::hedge;

const MANY: u32 = 17;

#[hedge(after = 50ms, max = MANY)]
async fn call() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
