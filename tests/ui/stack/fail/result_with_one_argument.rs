use resil::{retry, timeout};

#[timeout(9s)]
#[retry]
#[timeout(1s)]
async fn fetch() -> Result<u32> {
    Ok(1)
}

fn main() {}
