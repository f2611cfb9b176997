use resil::bulkhead;

#[bulkhead(max = limit, queue = 1, wait = time)]
async fn of(limit: u32, time: std::time::Duration) -> Result<u32, resil::Error> {
    drop(time);
    Ok(limit)
}

fn main() {}
