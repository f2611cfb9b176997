use resil::bulkhead;

#[bulkhead(16)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead("pay")]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
