use resil::bulkhead;

#[bulkhead(max_concurrent_calls = 25, max_queuing_actions = 20)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 5, timeout = 1s)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 5, fair = true)]
async fn f2() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(min_limit = 5)]
async fn f3() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
