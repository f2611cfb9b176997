use resil::hedge;

const SHARE: f64 = 1.5;

#[hedge(after = 50ms, budget = SHARE)]
async fn call() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
