#[resil::retry]
#[resil::timeout(1s)]
async fn down(n: u32) -> Result<u32, resil::Error> {
    if n == 0 { Ok(0) } else { down(n - 1).await }
}

fn main() {}
