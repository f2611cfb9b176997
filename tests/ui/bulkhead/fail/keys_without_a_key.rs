use resil::bulkhead;

#[bulkhead(max = 1, max_keys = 5)]
async fn f0() -> Result<u32, resil::Error> {
    Ok(1)
}

#[bulkhead(max = 1, key = host, max_keys = 0)]
async fn of_a_host(host: &str) -> Result<usize, resil::Error> {
    Ok(host.len())
}

fn main() {}
