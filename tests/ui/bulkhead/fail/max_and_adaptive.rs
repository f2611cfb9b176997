use resil::bulkhead;

#[bulkhead(max = 16, adaptive)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(max = 9), max = 9)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
