use resil::hedge;

const OURS: resil::RetryPolicy = resil::RetryPolicy::new();

#[hedge(policy = OURS)]
async fn call() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
