use resil::bulkhead;

const OTHER: resil::CircuitPolicy = resil::CircuitPolicy::new();

#[bulkhead(policy = OTHER)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(policy = MISSING)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
