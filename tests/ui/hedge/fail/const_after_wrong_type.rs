use resil::hedge;

const WAIT: u64 = 50;

#[hedge(after = WAIT)]
async fn call() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
