use resil::bulkhead;

#[bulkhead(max = 16, wait = 100ms)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 16, queue = 0, wait = 100ms)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive, wait = 1s)]
async fn f2() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
