use resil::bulkhead;

#[bulkhead(maxx = 5)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 5, queu = 7)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
