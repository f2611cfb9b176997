use resil::bulkhead;

const MANY: usize = 5;
const LONG: std::time::Duration = std::time::Duration::from_secs(1);

#[bulkhead(max = MANY)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 1, queue = LONG)]
async fn f1() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
