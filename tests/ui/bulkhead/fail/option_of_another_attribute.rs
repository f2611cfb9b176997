use resil::bulkhead;

#[bulkhead(max = 5, jitter)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 5, failure_rate = 50%)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
