use resil::bulkhead;

#[bulkhead(name = pay, max = 1)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(name = "a b", max = 1)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(name = "", max = 1)]
async fn f2() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
