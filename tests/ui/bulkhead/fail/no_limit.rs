use resil::bulkhead;

#[bulkhead]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead()]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(queue = 5)]
async fn f2() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(name = "pay", queue = 5)]
async fn f3() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
