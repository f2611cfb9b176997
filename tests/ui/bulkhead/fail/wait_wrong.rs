use resil::bulkhead;

#[bulkhead(max = 1, queue = 1, wait = 5)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 1, queue = 1, wait = 0s)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 1, queue = 1, wait = unlimited)]
async fn f2() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
