use resil::bulkhead;

#[bulkhead(max = 5s)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = "16")]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 1.5)]
async fn f2() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = -1)]
async fn f3() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
