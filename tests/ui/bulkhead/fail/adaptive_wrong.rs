use resil::bulkhead;

#[bulkhead(adaptive = true)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive = 16)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive())]
async fn f2() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(16))]
async fn f3() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
