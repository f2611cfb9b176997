use resil::bulkhead;

#[bulkhead(max = unlimited)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 1, queue = unlimited)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
