use resil::bulkhead;

#[bulkhead(adaptive(min = 9, max = 5))]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(start = 2000))]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(min = 9, start = 5))]
async fn f2() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(min = 0))]
async fn f3() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
