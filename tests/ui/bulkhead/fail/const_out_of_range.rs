use resil::bulkhead;

const NONE: u32 = 0;
const NOTHING: std::time::Duration = std::time::Duration::ZERO;

#[bulkhead(max = NONE)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 1, queue = 1, wait = NOTHING)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(min = NONE))]
async fn f2() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
