use resil::{bulkhead, timeout};

#[bulkhead(max = 5)]
#[timeout(1s)]
#[bulkhead(max = 6)]
async fn f() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
