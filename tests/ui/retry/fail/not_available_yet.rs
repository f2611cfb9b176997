use resil::retry;

#[retry(policy = POLICY)]
async fn policy() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
