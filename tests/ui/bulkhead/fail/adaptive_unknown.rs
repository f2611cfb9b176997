use resil::bulkhead;

#[bulkhead(adaptive(initial_limit = 4, maximum = 9))]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(adaptive(mix = 4))]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
