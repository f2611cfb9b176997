use resil::bulkhead;

#[derive(Debug)]
struct Declined;

#[bulkhead(max = 1)]
async fn of() -> Result<u32, Declined> {
    Ok(1)
}

fn main() {}
