use resil::bulkhead;

#[bulkhead(max = 1, key = host)]
async fn of(host: Vec<u8>) -> Result<usize, resil::Error> {
    Ok(host.len())
}

fn main() {}
