use resil::bulkhead;

#[bulkhead(max = 5, max = 6)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
