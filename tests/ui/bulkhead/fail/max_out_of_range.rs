use resil::bulkhead;

#[bulkhead(max = 0)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 65536)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 1_000_000)]
async fn f2() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
